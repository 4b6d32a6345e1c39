"""`bvt diff`: what changed from one gate to another."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.compared import gate_at
from harness.cli.ending import ends
from harness.cli.output import Output
from harness.gate.differences import difference
from harness.model.difference import Difference, Side
from harness.model.inventory import novelty_words
from harness.model.plural import plural
from harness.reports.news import TURNS, difference_line, news, slower
from harness.reports.words import one_line, seconds

WORSE = 1
NAMED = 6
"""Cells that a line names."""

Place = Annotated[
    Path, typer.Argument(help="Run directory, gate.json, or gate.intoto.jsonl.", show_default=False)
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("diff")(ends(diff))


def diff(
    old: Place,
    new: Place,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> int:
    """Compare two gates, OLD and NEW. Exit code 0: nothing became worse; 1: something did.

    Worse is a check that fails now, one that passed and is no longer proven, and a cell that has lost its result.
    """
    found = difference(gate_at(old), gate_at(new))
    if as_json:
        typer.echo(found.model_dump_json(indent=1))
    else:
        output = Output(soft_wrap=True)
        for line in difference_lines(found):
            output.print(one_line(line), markup=False, highlight=False)
    return WORSE if found.is_worse else 0


def difference_lines(found: Difference) -> Iterator[str]:
    """For people: both sides, the counts, then each change, worst first."""
    yield f"old: {_side(found.old)}"
    yield f"new: {_side(found.new)}"
    yield f"{difference_line(found)}."
    if words := novelty_words(found.novelty):
        yield f"  {words}"
    for each in news(found.checks):
        turn = each.first
        reason = f": {turn.reason}" if turn.reason and turn.turn.is_worse else ""
        was = turn.before.value if turn.before else "no result"
        is_now = turn.after.value if turn.after else "no result"
        yield f"  {TURNS[turn.turn]}: {turn.check} ({was} -> {is_now}) in {_cells(each.cells)}{reason}"
    for cell in found.cells:
        before = cell.before.value if cell.before else "not planned"
        after = cell.after.value if cell.after else "not planned"
        yield f"  cell {cell.cell}: {before} -> {after}{f': {cell.reason}' if cell.reason else ''}"
    for exchange in found.exchanges:
        where = f" in {_cells(exchange.cells)}" if exchange.cells else ""
        yield f"  not the same {exchange.what}{where}: {exchange.before} before, {exchange.after} now"
    for time in slower(found.times):
        took = f"{seconds(time.before_s)} -> {seconds(time.after_s)}"
        yield f"  slower: {time.phase} {took}, median of {plural(time.cells, 'cell')}"


def _side(side: Side) -> str:
    return (
        f"{side.product_name} {side.version} {side.verdict.value}, run {side.run_id},"
        f" {side.created:%Y-%m-%d %H:%M} UTC, sha256 {side.sha256[:12]}"
    )


def _cells(cells: tuple[str, ...]) -> str:
    more = f" and {len(cells) - NAMED} more" if len(cells) > NAMED else ""
    return f"{', '.join(cells[:NAMED])}{more}"

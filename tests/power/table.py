"""The catch table: on the screen, as JSON, as Markdown."""

import json
from collections.abc import Iterable
from dataclasses import asdict

from rich.table import Table

from examples.reference_agent.defects import DEFECTS
from tests.integration.known_bad.elsewhere import ELSEWHERE
from tests.integration.known_bad.profile import wine_cannot
from tests.power.judgement import FINE, Caught, Row, candidates_of

HEAD = """\
# Catch table

`./dev power --markdown FILE` writes this file. Each line is one defect of the reference agent, or one good twin.
A defect counts as caught only by the check that is meant to name it, in the words that name it. A good twin comes close
to a defect and must pass; one that can show nothing on Wine must say so and never fail.
Several defects may share one candidate and one machine, so many lines have the same time:
seconds from the start of the run to its verdict. With several runs the worst result and the longest time count.
Times depend on what else the machine does; what was not run since is not measured.
"""


def on_screen(rows: Iterable[Row]) -> Table:
    """For people at a terminal."""
    made = Table("kind", "what", "candidate", "check", "result", "seconds", box=None)
    for row in rows:
        words = row.result.value + ("" if row.result in FINE else f": {row.found[:120]}")
        made.add_row(row.kind, row.what, row.candidate, row.check or "(none may fail)", words, _seconds(row))
    return made


def as_json(rows: Iterable[Row]) -> str:
    """For programs."""
    return json.dumps([asdict(row) for row in rows], indent=1) + "\n"


def as_markdown(rows: Iterable[Row]) -> str:
    """For the documentation."""
    defects, good = candidates_of(rows)
    lines = [HEAD, f"{summary([*defects, *good])}.", "", "## Defects", ""]
    lines += [
        "| kind | defect | candidate | check that names it | result | seconds | runs |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.kind} | {_cell(row.what)} | {row.candidate} | `{row.check}` | {_result(row)} | {_seconds(row)} | "
        f"{row.runs} |"
        for row in defects
    ]
    lines += [
        "",
        "## Good twins",
        "",
        "| good twin | candidate | result | seconds | runs |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {_cell(row.what)} | {row.candidate} | {_result(row)} | {_seconds(row)} | {row.runs} |"
        for row in good
    ]
    lines += [
        "",
        "## Not in the table",
        "",
        *(f"- {DEFECTS[name]}: {why}." for name, why in ELSEWHERE.items()),
    ]
    lines += ["", "Checks that no candidate can trip on Wine, with the reason:", ""]
    lines += [f"- `{check}`: {why}." for check, why in wine_cannot().items()]
    return "\n".join(lines) + "\n"


def summary(rows: Iterable[Row]) -> str:
    """One line: what was caught and passed, of how many, and what was not measured."""
    defects, good = candidates_of(rows)
    unmeasured = sum(row.result is Caught.NOT_MEASURED for row in (*defects, *good))
    caught = sum(row.result is Caught.BY_ITS_CHECK for row in defects)
    passed = sum(row.result is Caught.PASSED for row in good)
    labs = sum(row.result is Caught.LABS for row in good)
    said = (
        f"{caught} of {len(defects)} defects caught by the check that names them; "
        f"{passed} of {len(good)} good twins passed"
    ) + (f", {labs} could show nothing on Wine, which was said" if labs else "")
    return f"{said}; {unmeasured} not measured" if unmeasured else said


def _seconds(row: Row) -> str:
    return f"{row.seconds:.0f}" if row.runs else "–"


def _result(row: Row) -> str:
    if row.result in FINE:
        return row.result.value
    return f"**{row.result.value}**" + (f": {_cell(row.found[:160])}" if row.found else "")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")

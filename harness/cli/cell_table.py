"""The table of a run that goes on: a row per cell, a column per phase, as wide as the terminal lets it be."""

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness.cli.cell_progress import CellProgress
from harness.model.phases import PHASES
from harness.model.report import UNPROVEN, Outcome, Phase
from harness.reports.words import SIGNS

STYLES = {
    Outcome.PASSED: "green",
    Outcome.FAILED: "bold red",
    Outcome.INFRA: "bold yellow",
    Outcome.BLOCKED: "yellow",
    Outcome.NOT_TESTED: "yellow",
    Outcome.NOT_APPLICABLE: "dim",
}
WAITS = "…"
UNBOUNDED = 10_000
"""Characters: wider than any table, which is measured only up to what it may take."""
LONG = {phase: phase.value for phase in Phase}
SHORT = {phase: traits.heading for phase, traits in PHASES.items()}
"""Headings for 80 columns, where the long ones would take the room of the cells' names and figures."""


def cell_table(cells: Sequence[CellProgress], console: Console, now_s: float) -> Table:
    """One row per cell, with the worst outcome of each phase that ended and how far the one in hand is."""
    table = _table(cells, LONG, (0, 1), now_s)
    unbounded = console.options.update(max_width=UNBOUNDED)
    if console.measure(table, options=unbounded).maximum > console.width:
        return _table(cells, SHORT, (0, 1, 0, 0), now_s)
    return table


def _table(
    cells: Sequence[CellProgress],
    headings: Mapping[Phase, str],
    padding: tuple[int, int] | tuple[int, int, int, int],
    now_s: float,
) -> Table:
    table = Table(box=None, header_style="dim", padding=padding)
    table.add_column("cell", no_wrap=True)
    phases = [phase for phase in Phase if any(phase in progress.cell.phases for progress in cells)]
    for phase in phases:
        table.add_column(headings[phase], justify="center", no_wrap=True)
    for heading in ("checks", "time"):
        table.add_column(heading, justify="right", no_wrap=True)
    for progress in cells:
        took_s = progress.took_s(now_s)
        table.add_row(
            Text(progress.cell.id, style="" if took_s is not None else "dim"),
            *(_sign(progress, phase) for phase in phases),
            f"{progress.done}/{len(progress.cell.checks)}",
            "" if took_s is None else f"{took_s:.0f} s",
        )
    return table


def _sign(progress: CellProgress, phase: Phase) -> Text:
    if phase not in progress.cell.phases:
        return Text("")
    worst = progress.worst(phase)
    if progress.current is phase and progress.wait is not None:
        return Text(WAITS, style="yellow")
    if progress.current is phase and worst in (None, Outcome.PASSED, *UNPROVEN):
        done = len(progress.all_outcomes(phase))
        return Text(f"{done}/{progress.planned(phase)}", style="cyan")
    if worst is None:
        return Text("·", style="dim")
    return Text(SIGNS[worst], style=STYLES[worst])

"""What a user sees of a run: a live table on a terminal, plain lines in CI."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from harness.model.plan import Cell
from harness.model.report import Outcome, Phase
from harness.run.worker import PROPERTY

SIGNS = {
    Outcome.PASSED: ("✔", "green"),
    Outcome.FAILED: ("✘", "bold red"),
    Outcome.INFRA: ("!", "bold yellow"),
    Outcome.BLOCKED: ("–", "dim"),
    Outcome.NOT_APPLICABLE: ("n/a", "dim"),
}
WORST_FIRST = (Outcome.FAILED, Outcome.INFRA, Outcome.BLOCKED, Outcome.PASSED, Outcome.NOT_APPLICABLE)


@dataclass
class CellProgress:
    """What is known of one cell."""

    cell: Cell
    outcomes: dict[Phase, list[Outcome]] = field(default_factory=dict)
    began_s: float | None = None
    took_s: float = 0.0
    phase: Phase | None = None

    @property
    def done(self) -> int:
        """Checks with an outcome."""
        return sum(len(outcomes) for outcomes in self.outcomes.values())


class Progress:
    """A pytest plugin of the controlling process."""

    def __init__(self, cells: Sequence[Cell], console: Console) -> None:
        self._cells = {cell.id: CellProgress(cell) for cell in cells}
        self._console = console
        self._began_s = time.monotonic()
        self._live = Live(console=console, refresh_per_second=4) if console.is_terminal else None

    def pytest_sessionstart(self) -> None:
        """Begin the live table."""
        if self._live is not None:
            self._live.start()
            self._live.update(self._table())

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take in one check's outcome."""
        for name, value in report.user_properties:
            if name == PROPERTY and isinstance(value, dict):
                self._take(value)

    def pytest_internalerror(self, excrepr: object) -> None:
        """A worker or pytest itself broke; the verdict will say INFRA."""
        self._console.print(f"internal error: {str(excrepr).strip().splitlines()[-1]}", style="yellow")

    def pytest_sessionfinish(self) -> None:
        """End the live table, or say the last phases."""
        if self._live is not None:
            self._live.update(self._table())
            self._live.stop()
            return
        for progress in self._cells.values():
            self._say_phase(progress)

    def _take(self, value: dict[str, str]) -> None:
        progress = self._cells.get(value["cell"])
        if progress is None:
            return
        phase, outcome = Phase(value["phase"]), Outcome(value["outcome"])
        if progress.began_s is None:
            progress.began_s = time.monotonic()
        if progress.phase is not phase:
            if self._live is None:
                self._say_phase(progress)
            progress.phase = phase
        progress.outcomes.setdefault(phase, []).append(outcome)
        progress.took_s = time.monotonic() - progress.began_s
        if outcome in (Outcome.FAILED, Outcome.INFRA):
            sign, style = SIGNS[outcome]
            text = Text(f"{sign} {value['cell']}  {value['check']}: {value['message']}", style=style)
            (self._live.console if self._live else self._console).print(text)
        if self._live is not None:
            self._live.update(self._table())

    def _say_phase(self, progress: CellProgress) -> None:
        if progress.phase is None:
            return
        outcomes = progress.outcomes[progress.phase]
        counts = ", ".join(
            f"{count} {outcome.value}" for outcome in WORST_FIRST if (count := outcomes.count(outcome))
        )
        elapsed = time.monotonic() - self._began_s
        self._console.print(
            f"[{elapsed:6.1f} s] {progress.cell.id:<24} {progress.phase.value:<10} {counts}",
            highlight=False,
            markup=False,
        )
        progress.phase = None

    def _table(self) -> Table:
        table = Table(box=None, header_style="dim")
        table.add_column("cell")
        phases = [phase for phase in Phase if any(phase in item.cell.phases for item in self._cells.values())]
        for phase in phases:
            table.add_column(phase.value, justify="center")
        table.add_column("checks", justify="right")
        table.add_column("time", justify="right")
        for progress in self._cells.values():
            row: list[Text | str] = [progress.cell.id, *(self._sign(progress, phase) for phase in phases)]
            took = f"{progress.took_s:.0f} s" if progress.began_s is not None else ""
            table.add_row(*row, f"{progress.done}/{len(progress.cell.checks)}", took)
        return table

    @staticmethod
    def _sign(progress: CellProgress, phase: Phase) -> Text:
        if phase not in progress.cell.phases:
            return Text("")
        outcomes = progress.outcomes.get(phase, [])
        worst = next((outcome for outcome in WORST_FIRST if outcome in outcomes), None)
        if worst is None:
            return Text("·", style="dim")
        sign, style = SIGNS[worst]
        running = progress.phase is phase and worst is Outcome.PASSED
        return Text("…" if running else sign, style="cyan" if running else style)

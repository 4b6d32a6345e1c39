"""What a user sees of a run: a live table on a terminal, plain lines in CI."""

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence

import pytest
from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from harness.cli.beginning import asked_to_end
from harness.cli.cell_progress import CellProgress, counted
from harness.cli.cell_table import STYLES, WAITS, cell_table
from harness.cli.ending import NO_ROOM
from harness.machines.room import RoomWait
from harness.model.plan import Cell
from harness.model.plural import plural
from harness.model.report import Outcome, Phase
from harness.plugin.scheduling import cell_of
from harness.plugin.worker import PROPERTY
from harness.reports.words import SIGNS, seconds

REFRESH_PER_S = 4
LOOK_EVERY_S = 1.0
"""How often it is looked for cells that wait; a shorter wait is never shown."""


class Progress:
    """A pytest plugin of the controlling process. `waits` tells which cells wait for room, and for what."""

    def __init__(
        self,
        cells: Sequence[Cell],
        console: Console,
        clock: Callable[[], float] = time.monotonic,
        waits: Callable[[], Mapping[str, RoomWait]] = dict,
    ) -> None:
        self._cells = {cell.id: CellProgress(cell) for cell in cells}
        self._console, self._clock, self._waits = console, clock, waits
        self._began_s = clock()
        self._broke = False
        self.interrupted = False
        """Set by Ctrl-C alone; pytest ends with the same exit code when it cannot collect the checks."""
        self._width = max((len(cell.id) for cell in cells), default=0)
        self._live = (
            Live(console=console, refresh_per_second=REFRESH_PER_S, get_renderable=self.table)
            if console.is_terminal
            else None
        )
        self._over = threading.Event()
        # A cell that waits sits in a call of its worker; nothing that pytest tells its plugins comes from there.
        self._lookout = threading.Thread(target=self._look_out, name="progress-waits", daemon=True)

    def pytest_sessionstart(self) -> None:
        """Begin the live table, and to look for cells that wait."""
        if self._live is not None:
            self._live.start()
        self._lookout.start()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """A check begins, and with a cell's first one the cell: its machine is made now."""
        progress = self._cells.get(cell_of(nodeid))
        if progress is not None:
            progress.begin(self._clock())

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take in one check's outcome. Raises `KeyboardInterrupt` if what ran in the check swallowed one."""
        if asked_to_end():
            raise KeyboardInterrupt
        for name, value in report.user_properties:
            if name == PROPERTY and isinstance(value, dict):
                self._take(value)

    def pytest_internalerror(
        self, excrepr: object, excinfo: pytest.ExceptionInfo[BaseException] | None = None
    ) -> bool:
        """A worker or pytest itself broke; the verdict will say INFRA. True: pytest need not print its traceback.

        Of several only the first is said: without its workers pytest breaks once more.
        """
        if not self._broke:
            self._broke = True
            self._say(Text(_why_it_broke(excrepr, excinfo), style="yellow"))
        return True

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Tell the user's interrupt from pytest's own, which is a subclass."""
        self.interrupted = excinfo.type is KeyboardInterrupt
        if not self.interrupted:
            self._say(Text(f"pytest gave up: {excinfo.value}", style="yellow"))

    def pytest_sessionfinish(self) -> None:
        """Leave the table's last state on the screen."""
        self._over.set()
        if self._lookout.is_alive():
            self._lookout.join()
        if self._live is not None:
            self._live.stop()

    def _look_out(self) -> None:
        while not self._over.wait(LOOK_EVERY_S):
            self.look()

    def look(self) -> None:
        """Take in which cells wait for room now."""
        waits, now_s = self._waits(), self._clock()
        for cell_id, progress in self._cells.items():
            said = progress.take_wait(waits.get(cell_id), now_s)
            if said and self._live is None:
                self._say(self._line(WAITS, "dim", cell_id, said))

    def _take(self, value: dict[str, str]) -> None:
        progress = self._cells.get(value["cell"])
        if progress is None:
            return
        phase, outcome = Phase(value["phase"]), Outcome(value["outcome"])
        last = progress.take(value["check"], outcome, self._clock())
        if outcome in (Outcome.FAILED, Outcome.INFRA):
            self._say_outcome(outcome, value["cell"], f"{value['check']}: {value['message']}")
        if self._live is None and last:
            worst = progress.worst(phase) or Outcome.PASSED
            text = f"{phase.value:<10} {counted(progress.all_outcomes(phase))}"
            self._say_outcome(worst, value["cell"], text)
        if self._live is None and progress.ended_s is not None:
            outcomes = progress.all_outcomes()
            took = seconds(progress.took_s(self._clock()) or 0.0)
            worst = progress.worst() or Outcome.PASSED
            self._say_outcome(worst, value["cell"], f"ended after {took}: {counted(outcomes)}")

    def _say_outcome(self, outcome: Outcome, cell: str, text: str) -> None:
        """Outcomes that make a run fail are written in their colour, not only signed with it."""
        loud = outcome in (Outcome.FAILED, Outcome.INFRA)
        self._say(self._line(SIGNS[outcome], STYLES[outcome], cell, text, STYLES[outcome] if loud else ""))

    def _line(self, sign: str, style: str, cell: str, text: str, text_style: str = "") -> Text:
        """`   12.3 s ✓ cell  text`; without the time above a live table, which shows it."""
        elapsed = "" if self._live is not None else f"{self._clock() - self._began_s:7.1f} s "
        line = Text(elapsed, style="dim")
        line.append(sign, style=style)
        line.append(f" {cell:<{self._width}}  ", style="")
        line.append(text, style=text_style)
        return line

    def _say(self, line: Text) -> None:
        self._console.print(line, highlight=False)

    def table(self) -> Group:
        """The table as it stands now."""
        now_s = self._clock()
        table = cell_table(list(self._cells.values()), self._console, now_s)
        waiting = [progress for progress in self._cells.values() if progress.wait is not None]
        return Group(table, *(_waiting_line(progress, now_s) for progress in waiting), self._footer(now_s))

    def _footer(self, now_s: float) -> Text:
        ended = sum(progress.ended_s is not None for progress in self._cells.values())
        outcomes = [one for item in self._cells.values() for one in item.all_outcomes()]
        text = f" {ended} of {plural(len(self._cells), 'cell')} done"
        text += f"; {counted(outcomes)}" if outcomes else ""
        return Text(f"{text}; {seconds(max(1.0, now_s - self._began_s))}", style="dim")


def _why_it_broke(excrepr: object, excinfo: pytest.ExceptionInfo[BaseException] | None) -> str:
    """What ended a worker or pytest, in one line. Of a worker xdist has the traceback alone, as an assertion's text."""
    of_worker = excinfo is not None and isinstance(excinfo.value, AssertionError)
    text = str(excinfo.value).partition("\nassert ")[0] if excinfo is not None and of_worker else str(excrepr)
    words = (text.strip().splitlines() or ["of unknown cause"])[-1]
    for number in NO_ROOM:
        if os.strerror(number) in words:
            return f"the run broke off: {os.strerror(number)}"
    return f"internal error: {words}"


def _waiting_line(progress: CellProgress, now_s: float) -> Text:
    """One line, cut off where the terminal ends: what a cell waits for, how long already, and why."""
    wait = progress.wait
    assert wait is not None
    line = Text(" ", no_wrap=True, overflow="ellipsis")
    line.append(f"{WAITS} {progress.cell.id} waits for {wait.words}", style="yellow")
    line.append(f", {now_s - progress.wait_began_s:.0f} s: {wait.detail}", style="dim")
    return line

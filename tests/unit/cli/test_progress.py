"""What a user sees while cells run."""

import errno
import io
import signal
import threading
from collections.abc import Iterator

import pytest
from rich.console import Console

from harness.cli import beginning
from harness.cli.beginning import as_interrupt
from harness.cli.cell_progress import CellProgress, counted
from harness.cli.progress import Progress
from harness.config.load import find_matrix, load_matrix
from harness.machines.room import Resource, RoomWait
from harness.model.expansion import expand
from harness.model.report import Outcome, Phase
from harness.model.steps import phases_of
from harness.plugin.worker import PROPERTY
from tests.unit.gate.samples import a_cell

CELL = a_cell()
CHECKS = [(Phase(check.partition(".")[0]), check) for check in CELL.checks]


class Clock:
    """A clock that goes on by a second each time it is read."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        self.now_s += 1
        return self.now_s


def reports(outcome: Outcome = Outcome.PASSED) -> Iterator[pytest.TestReport]:
    for phase, check in CHECKS:
        result = {
            "cell": CELL.id,
            "check": check,
            "title": check,
            "phase": phase.value,
            "outcome": outcome.value,
            "message": "it broke",
        }
        yield pytest.TestReport(
            nodeid=f"test.py::test[{CELL.id}]",
            location=("test.py", 1, "test"),
            keywords={},
            outcome="passed",
            longrepr=None,
            when="call",
            user_properties=[(PROPERTY, result)],
        )


def said(outcome: Outcome = Outcome.PASSED) -> list[str]:
    screen = io.StringIO()
    progress = Progress([CELL], Console(file=screen, width=200), Clock())
    for report in reports(outcome):
        progress.pytest_runtest_logstart(report.nodeid)
        progress.pytest_runtest_logreport(report)
    return screen.getvalue().splitlines()


def test_a_phase_is_said_when_its_last_check_is_in_and_the_cell_at_the_end() -> None:
    lines = said()
    phases = list(dict.fromkeys(phase for phase, _ in CHECKS))
    assert len(lines) == len(phases) + 1
    for phase, line in zip(phases, lines, strict=False):
        assert f"✓ {CELL.id}  {phase.value}" in line
    assert "ended after" in lines[-1]
    assert f"{len(CHECKS)} passed" in lines[-1]


def test_a_failed_check_is_said_at_once_with_its_message() -> None:
    assert f"✗ {CELL.id}  {CHECKS[0][1]}: it broke" in said(Outcome.FAILED)[0]


def test_a_cell_is_timed_from_its_first_check_to_its_last() -> None:
    progress = CellProgress(CELL)
    assert progress.took_s(5.0) is None
    progress.begin(1.0)
    assert progress.current is CHECKS[0][0]
    assert progress.took_s(5.0) == 4.0
    for number, (_, check) in enumerate(CHECKS):
        progress.take(check, Outcome.PASSED, 2.0 + number)
    assert progress.current is None
    assert progress.took_s(1000.0) == len(CHECKS)


def test_the_table_shows_how_far_the_phase_in_hand_is() -> None:
    screen = io.StringIO()
    console = Console(file=screen, width=200)
    progress = Progress([CELL], console, Clock())
    progress.pytest_runtest_logstart(f"test.py::test[{CELL.id}]")
    console.print(progress.table())
    phase = CHECKS[0][0]
    assert f"0/{sum(found is phase for found, _ in CHECKS)}" in screen.getvalue()
    assert "0 of 1 cell done" in screen.getvalue()


@pytest.mark.parametrize(("width", "heading"), [(80, "inst"), (140, "install")])
def test_the_table_of_the_matrix_that_ships_loses_nothing_in_a_terminal(width: int, heading: str) -> None:
    matrix = load_matrix(find_matrix())[0]
    cells = expand(
        matrix,
        "embedded",
        lambda steps: tuple(f"{phase}.{n}" for phase in phases_of(steps) for n in range(12)),
    )
    screen = io.StringIO()
    console = Console(file=screen, width=width)
    progress = Progress(cells, console, Clock())
    for phase, outcome in ((Phase.MACHINE, Outcome.PASSED), (Phase.INSTALL, Outcome.FAILED)):
        for number in range(12):
            progress._cells[cells[0].id].take(f"{phase.value}.{number}", outcome, 1.0)
    console.print(progress.table())
    shown = screen.getvalue()
    assert "…" not in shown
    assert heading in shown.splitlines()[0].split()
    for cell in cells:
        assert cell.id in shown.split()
        assert f"/{len(cell.checks)} " in shown


MEMORY = RoomWait(lacks=(Resource.MEMORY,), detail="lab has 512 of 1024 MiB free.")


class Waiting:
    """A run in which `now` waits."""

    def __init__(self, *, terminal: bool = False) -> None:
        self.now: dict[str, RoomWait] = {}
        self.now_s = 0.0
        self._screen = io.StringIO()
        self._console = Console(file=self._screen, width=200, force_terminal=terminal, color_system=None)
        self.progress = Progress([CELL], self._console, lambda: self.now_s, lambda: self.now)
        self.progress.pytest_runtest_logstart(f"test.py::test[{CELL.id}]")

    def look(self, wait: RoomWait | None, at_s: float) -> list[str]:
        """What is said when the cell waits (or no longer) at this time."""
        self.now, self.now_s = ({} if wait is None else {CELL.id: wait}), at_s
        before = len(self._screen.getvalue())
        self.progress.look()
        return self._screen.getvalue()[before:].splitlines()

    def shown(self) -> str:
        before = len(self._screen.getvalue())
        self._console.print(self.progress.table())
        return self._screen.getvalue()[before:]


def test_a_log_says_when_a_wait_begins_and_when_it_ends_and_not_much_between() -> None:
    run = Waiting()
    assert run.look(None, 1.0) == []
    assert run.look(MEMORY, 10.0) == [f"   10.0 s … {CELL.id}  waits for memory: {MEMORY.detail}"]
    for second in range(11, 310):
        more = MEMORY.model_copy(update={"detail": f"{second} MiB are free."})
        assert run.look(more, float(second)) == []
    (again,) = run.look(MEMORY, 310.0)
    assert "still waits for memory, 5 min 00 s by now: lab has 512" in again
    assert run.look(MEMORY, 311.0) == []
    assert run.look(None, 320.0) == [f"  320.0 s … {CELL.id}  waited 5 min 10 s for room"]
    assert run.look(None, 321.0) == []


def test_a_second_wait_of_a_cell_is_said_anew() -> None:
    run = Waiting()
    run.look(MEMORY, 10.0)
    run.look(None, 20.0)
    (line,) = run.look(MEMORY, 30.0)
    assert "waits for memory" in line
    assert "waited 1.0 s" in run.look(None, 31.0)[0]


def test_the_table_shows_who_waits_for_what_and_how_long() -> None:
    run = Waiting(terminal=True)
    assert run.look(MEMORY, 10.0) == []
    run.now_s = 22.0
    assert f"… {CELL.id} waits for memory, 12 s: lab has 512 of 1024 MiB free." in run.shown()
    assert run.look(None, 23.0) == []
    assert "waits" not in run.shown()


def test_a_cell_that_waits_in_its_worker_is_looked_for_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.cli.progress.LOOK_EVERY_S", 0.01)
    looked = threading.Event()

    def waits() -> dict[str, RoomWait]:
        looked.set()
        return {}

    progress = Progress([CELL], Console(file=io.StringIO()), waits=waits)
    progress.pytest_sessionstart()
    assert looked.wait(30)
    progress.pytest_sessionfinish()
    looked.clear()
    assert not looked.wait(0.1)


def test_the_worst_is_counted_first() -> None:
    outcomes = [Outcome.NOT_APPLICABLE, Outcome.PASSED, Outcome.FAILED, Outcome.PASSED, Outcome.NOT_TESTED]
    assert counted(outcomes) == "1 failed, 2 passed, 1 not tested, 1 not applicable"


def test_a_phase_that_only_a_watcher_passed_is_not_shown_as_passed() -> None:
    cell = a_cell(checks=("check-in.enrolled", "check-in.protocol"), watching=("check-in.protocol",))
    progress = CellProgress(cell)
    progress.take("check-in.enrolled", Outcome.NOT_TESTED, 1.0)
    progress.take("check-in.protocol", Outcome.PASSED, 2.0)
    assert progress.worst(Phase.CHECK_IN) is Outcome.NOT_TESTED


def test_an_interrupt_that_a_check_swallowed_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beginning, "_received", set())
    progress = Progress([CELL], Console(file=io.StringIO()))
    report = next(reports())
    progress.pytest_runtest_logreport(report)
    with pytest.raises(KeyboardInterrupt):
        as_interrupt(signal.SIGINT, None)
    with pytest.raises(KeyboardInterrupt):
        progress.pytest_runtest_logreport(report)


def broken(error: BaseException) -> tuple[str, pytest.ExceptionInfo[BaseException]]:
    """An error as pytest tells it: what it would print, and the error itself."""
    with pytest.raises(type(error)) as caught:
        raise error
    return f"a traceback\n{type(error).__name__}: {error}", caught


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            OSError(errno.ENOSPC, "No space left on device", "/run/a.json"),
            "the run broke off: No space left on device",
        ),
        # As xdist tells what broke a worker.
        (
            AssertionError("a traceback\nOSError: [Errno 28] No space left on device\nassert False"),
            "the run broke off: No space left on device",
        ),
        (AssertionError("a traceback\nValueError: 7\nassert False"), "internal error: ValueError: 7"),
        (ValueError("7"), "internal error: ValueError: 7"),
    ],
)
def test_what_breaks_pytest_is_one_line_and_said_once(error: BaseException, said: str) -> None:
    screen = io.StringIO()
    progress = Progress([CELL], Console(file=screen))
    assert progress.pytest_internalerror(*broken(error))
    assert progress.pytest_internalerror(*broken(RuntimeError("no active workers")))
    assert screen.getvalue() == f"{said}\n"

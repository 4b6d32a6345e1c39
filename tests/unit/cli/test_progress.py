"""What a user sees while cells run."""

import io
from collections.abc import Iterator

import pytest
from rich.console import Console

from harness.cli.cell_progress import CellProgress, counted
from harness.cli.progress import Progress
from harness.model.report import Outcome, Phase
from harness.run.worker import PROPERTY
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
    for number, (phase, _) in enumerate(CHECKS):
        progress.take(phase, Outcome.PASSED, 2.0 + number)
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


def test_the_worst_is_counted_first() -> None:
    outcomes = [Outcome.NOT_APPLICABLE, Outcome.PASSED, Outcome.FAILED, Outcome.PASSED]
    assert counted(outcomes) == "1 failed, 2 passed, 1 not applicable"

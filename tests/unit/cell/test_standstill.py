"""When the harness is said to have stood still."""

import itertools
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness.cell import standstill
from harness.cell.check import Check
from harness.cell.standstill import AFTERWARDS_S, LEAST_S, Standstill, StoodStill
from harness.model.errors import CandidateError, HarnessError
from harness.model.report import Outcome, Phase
from harness.plugin import judge as judge_module
from harness.plugin import worker as worker_module
from harness.plugin.outcome import classify
from harness.plugin.worker import RunWorker
from tests.unit.cell.stand_ins import a_lab
from tests.unit.gate.samples import a_plan


class Clock:
    """Seconds, as the test wants them."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def still(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Standstill]:
    monkeypatch.setattr(standstill, "TICK_S", 3600.0)  # the test looks itself
    still = Standstill(clock)
    yield still
    still.close()


def test_looks_that_come_late_are_no_standstill(still: Standstill, clock: Clock) -> None:
    for _ in range(100):
        clock.now += LEAST_S - 0.1
        still.look()
    assert still.longest(0.0) == 0.0


def test_a_standstill_during_the_check_is_found_by_whoever_asks_first(
    still: Standstill, clock: Clock
) -> None:
    began = clock.now
    clock.now += 42.0
    assert still.longest(began) == 42.0


def test_the_longest_counts(still: Standstill, clock: Clock) -> None:
    for seconds in (12.0, 30.0, 11.0):
        clock.now += seconds
        still.look()
    assert still.longest(clock.now) == 30.0


def test_an_agent_has_a_minute_to_come_back_and_no_more(still: Standstill, clock: Clock) -> None:
    clock.now += 20.0
    ended = clock.now
    assert still.longest(ended + AFTERWARDS_S) == 20.0
    assert still.longest(ended + AFTERWARDS_S + 0.1) == 0.0


def test_its_own_thread_looks_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standstill, "TICK_S", 0.001)
    looked, enough = itertools.count(1), threading.Event()

    def clock() -> float:
        if next(looked) == 5:
            enough.set()
        return 0.0

    still = Standstill(clock)
    assert enough.wait(20)
    still.close()


CHECK = Check(
    id="reboot.same_endpoint",
    title="The agent checks in again",
    phase=Phase.REBOOT,
    needs=frozenset(),
    features=frozenset(),
    essential=False,
    module="test_reboot",
    line=1,
)


@pytest.fixture
def worker(tmp_path: Path, clock: Clock, still: Standstill, monkeypatch: pytest.MonkeyPatch) -> RunWorker:
    """It has a cell in hand."""
    lab = a_lab(tmp_path, monkeypatch)
    lab.session.run.write(lab.session.settings, a_plan(lab.session.cell))
    monkeypatch.setattr(worker_module, "load_provider", lambda *_: None)
    monkeypatch.setattr(worker_module, "Standstill", lambda: still)
    for module in (worker_module, judge_module):
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=clock))
    worker = RunWorker(lab.session.run, "main")
    worker._backend = lab.session.backend
    worker.open_cell(lab.session.cell)
    return worker


def outcome(worker: RunWorker, error: BaseException) -> BaseException:
    """What comes of a check that raises `error`."""
    with pytest.raises((HarnessError, AssertionError, pytest.fail.Exception)) as found, worker.judging(CHECK):
        raise error
    return found.value


def test_what_a_standstill_spoilt_is_kept_so_later_checks_prove_nothing_either(
    worker: RunWorker, clock: Clock, still: Standstill
) -> None:
    """An agent that was not seen enrolling is asked for once more after the reboot, minutes later."""
    kept = CandidateError("The agent did not enrol.")
    assert classify(outcome(worker, kept)) is Outcome.FAILED
    clock.now += 30.0
    with pytest.raises(StoodStill, match="stood still for 30 s around this check"), worker.judging(CHECK):
        raise kept
    for _ in range(100):  # the clock goes on, and the harness with it
        clock.now += 5.0
        still.look()
    again = outcome(worker, kept)
    assert classify(again) is Outcome.INFRA
    assert "stood still for 30 s around an earlier check of this cell" in str(again)


def test_a_standstill_that_spoilt_nothing_excuses_no_later_failure(
    worker: RunWorker, clock: Clock, still: Standstill
) -> None:
    clock.now += 30.0
    with worker.judging(CHECK):
        pass
    for _ in range(100):
        clock.now += 5.0
        still.look()
    assert classify(outcome(worker, AssertionError("a file is missing"))) is Outcome.FAILED

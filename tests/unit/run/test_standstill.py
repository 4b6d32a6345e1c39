"""When the harness is said to have stood still."""

import itertools
import threading
from collections.abc import Iterator

import pytest

from harness.run import standstill
from harness.run.standstill import AFTERWARDS_S, LEAST_S, Standstill


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

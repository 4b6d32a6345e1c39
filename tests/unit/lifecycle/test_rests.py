"""A thread that is busy while something lasts, told from one that works, polls, or was as busy before."""

import pytest

from harness.lifecycle.rests import Look, busiest
from harness.machines.capabilities import ThreadUse


def thread(ran_s: float, waited_s: float = 0.0, rests: int = 0, lived_s: float = 30.0) -> ThreadUse:
    return ThreadUse(ran_s=ran_s, waited_s=waited_s, rests=rests, lived_s=lived_s)


@pytest.mark.parametrize(
    ("before", "after", "percent"),
    [
        (thread(0.1), thread(2.1), 100),
        (thread(0.1), thread(0.5, waited_s=1.6), 100),  # a busy host makes no busy loop look idle
        (None, thread(1.0, lived_s=1.0), 100),
        (None, thread(0.4, lived_s=0.4), 40),
        (thread(0.1), thread(0.6), 25),
        (thread(0.1), thread(1.9, rests=5000), 0),
        (thread(20.0), thread(22.0), 0),  # as it lays out its data
    ],
)
def test_how_busy_a_thread_was_meanwhile(before: ThreadUse | None, after: ThreadUse, percent: float) -> None:
    first = Look(10.0, {1: before} if before else {})
    assert busiest(first, Look(12.0, {1: after})) == pytest.approx(percent)


def test_a_look_that_is_too_short_or_missing_tells_nothing() -> None:
    assert busiest(Look(10.0, {}), Look(10.5, {})) is None
    assert busiest(None, Look(10.0, {})) is None
    assert busiest(Look(10.0, {}), Look(12.0, {})) == 0

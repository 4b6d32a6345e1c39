"""Pauses that grow, told from those that do not."""

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.lifecycle.outage import grows


@given(st.lists(st.floats(0, 0.25), min_size=4, max_size=8), st.floats(1.8, 3))
def test_an_exponential_back_off_with_jitter_grows(jitter: list[float], factor: float) -> None:
    pauses = [factor**number * (1 + extra) for number, extra in enumerate(jitter)]
    assert grows(list(accumulate(pauses, initial=0.0)))


@given(st.integers(0, 1), st.floats(1, 20))
def test_one_early_pause_that_a_busy_host_stretched_changes_nothing(which: int, by: float) -> None:
    pauses = [0.15, 0.30, 0.59, 1.08, 2.22]  # the first of an outage were seen 4.42 s apart
    pauses[which] *= by
    assert grows(list(accumulate(pauses, initial=0.0)))


@given(st.lists(st.floats(0, 0.25), min_size=2, max_size=40))
def test_a_steady_pace_with_jitter_does_not(jitter: list[float]) -> None:
    assert not grows(list(accumulate((0.5 * (1 + extra) for extra in jitter), initial=0.0)))


@pytest.mark.parametrize("moments", [[], [1.0], [1.0, 2.0]])
def test_too_few_requests_tell_nothing(moments: list[float]) -> None:
    assert grows(moments) is None

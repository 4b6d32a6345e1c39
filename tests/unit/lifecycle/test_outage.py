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


@given(st.lists(st.floats(0, 0.25), min_size=2, max_size=40))
def test_a_steady_pace_with_jitter_does_not(jitter: list[float]) -> None:
    assert not grows(list(accumulate((0.5 * (1 + extra) for extra in jitter), initial=0.0)))


@pytest.mark.parametrize("moments", [[], [1.0], [1.0, 2.0]])
def test_too_few_requests_tell_nothing(moments: list[float]) -> None:
    assert grows(moments) is None

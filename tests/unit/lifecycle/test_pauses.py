"""Pauses that grow, told from those that do not."""

from itertools import accumulate, pairwise
from random import Random
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.lifecycle.pauses import GROWS, grows


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


def test_what_was_seen_on_a_busy_host_grows() -> None:
    assert grows(list(accumulate([4.42, 0.30, 0.59, 1.08, 2.22], initial=0.0)))


@given(
    st.lists(st.floats(-0.25, 0.25), min_size=5, max_size=8),
    st.floats(2, 3),
    st.integers(0, 1),
    st.floats(1, 30),
)
def test_a_doubling_agent_with_one_stretched_pause_grows(
    jitter: list[float], factor: float, which: int, by: float
) -> None:
    pauses = [factor**number * (1 + extra) for number, extra in enumerate(jitter)]
    pauses[which] *= by
    assert grows(list(accumulate(pauses, initial=0.0)))


@given(st.lists(st.floats(-0.25, 0.25), min_size=4, max_size=12))
def test_no_pause_of_a_steady_pace_is_left_out(jitter: list[float]) -> None:
    """Whichever way they fall, none stands out: what is said is what the medians of both halves say."""
    moments = list(accumulate((1 + extra for extra in jitter), initial=0.0))
    pauses = [later - earlier for earlier, later in pairwise(moments)]
    half = len(pauses) // 2
    assert grows(moments) == (median(pauses[-half:]) >= GROWS * median(pauses[:half]))


@pytest.mark.parametrize(("jitter", "at_most"), [(0.25, 0.05), (0.5, 0.23)])
def test_a_steady_pace_seldom_seems_to_grow(jitter: float, at_most: float) -> None:
    chance = Random(12)
    looks = [
        grows(list(accumulate((1 + chance.uniform(-jitter, jitter) for _ in range(5)), initial=0.0)))
        for _ in range(4000)
    ]
    assert sum(map(bool, looks)) <= at_most * len(looks)

"""Silences of an agent, and what of them the harness itself explains."""

from hypothesis import given
from hypothesis import strategies as st

from harness.lifecycle.in_touch import Silence, longest


def test_the_longest_counts() -> None:
    assert longest([(0, 2), (10, 32), (40, 44)], []) == Silence(22, 10)


def test_none_is_none() -> None:
    assert longest([], [1.0, 2.0]).lasted_s == 0.0


def test_a_silence_counts_up_to_the_moment_at_which_something_was_done() -> None:
    assert longest([(10, 32)], [15.0, 20.0]) == Silence(5, 10)


def test_what_was_done_before_or_after_it_explains_nothing() -> None:
    assert longest([(10, 32)], [9.9, 32.1]) == Silence(22, 10)


@given(
    st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100)).map(sorted).map(tuple), max_size=8),
    st.lists(st.floats(0, 100), max_size=8),
)
def test_no_disturbance_makes_it_longer(silences: list[tuple[float, float]], moments: list[float]) -> None:
    undisturbed = longest(silences, [])
    assert 0 <= longest(silences, moments).lasted_s <= undisturbed.lasted_s

"""Stretches of bytes that differ."""

from hypothesis import given
from hypothesis import strategies as st

from harness.offline.changed import Ranges

PAIRS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=8)


def covered(ranges: "Ranges | list[tuple[int, int]]") -> set[int]:
    return {at for start, end in ranges for at in range(start, end)}


@given(PAIRS, PAIRS)
def test_what_is_left_is_what_no_other_covers(
    some: list[tuple[int, int]], others: list[tuple[int, int]]
) -> None:
    ranges = Ranges(some)
    assert covered(ranges) == covered(some)
    assert covered(ranges.without(Ranges(others))) == covered(some) - covered(others)
    assert ranges.meet(others) is bool(covered(some) & covered(others))
    assert ranges.size == len(covered(some))


@given(PAIRS, st.integers(0, 60), st.integers(0, 30))
def test_a_volume_counts_from_its_own_beginning(some: list[tuple[int, int]], start: int, size: int) -> None:
    inside = {at - start for at in covered(some) if start <= at < start + size}
    assert covered(Ranges(some).moved(start, size)) == inside

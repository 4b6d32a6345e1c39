"""A part of the known-bad candidates a day; all of them in as many days as there are parts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.integration.known_bad.candidates import BAD
from tests.integration.known_bad.rotation import PARTS, chosen


@given(st.lists(st.text(), unique=True), st.integers(1, 7))
def test_every_candidate_has_its_day_and_only_one(names: list[str], parts: int) -> None:
    found = [name for number in range(1, parts + 1) for name in chosen(names, f"{number}/{parts}")]
    assert sorted(found) == sorted(names)


def test_the_parts_are_alike_in_size() -> None:
    sizes = [len(chosen(BAD, f"{number}/{PARTS}")) for number in range(1, PARTS + 1)]
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize("part", ["0/3", "4/3", "x", "2", "1/"])
def test_no_such_part_is_refused(part: str) -> None:
    with pytest.raises(ValueError, match="a part like"):
        chosen(["a"], part)

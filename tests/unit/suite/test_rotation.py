"""A part of the known-bad candidates a day; all of them in as many days as there are parts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.integration.known_bad.candidates import BAD
from tests.integration.known_bad.rotation import PARTS, PARTS_OF_GOOD, chosen, coarser
from tests.integration.unusual_good.packages import UNUSUAL
from tests.integration.unusual_good.products import PRODUCTS
from tests.integration.unusual_good.provident import EVERY
from tests.integration.unusual_good.twins import FILES


@given(st.lists(st.text(), unique=True), st.integers(1, 7))
def test_every_candidate_has_its_day_and_only_one(names: list[str], parts: int) -> None:
    found = [name for number in range(1, parts + 1) for name in chosen(names, f"{number}/{parts}")]
    assert sorted(found) == sorted(names)


@given(st.integers(1, 12), st.integers(1, 7))
def test_fewer_parts_have_their_days_within_the_same_days(parts: int, most: int) -> None:
    found = {coarser(f"{number}/{parts}", most) for number in range(1, parts + 1)}
    assert found == {f"{number}/{min(parts, most)}" for number in range(1, min(parts, most) + 1)}


def test_every_unusual_good_candidate_has_its_day() -> None:
    days = [
        chosen((*EVERY, FILES, *UNUSUAL, *PRODUCTS), coarser(f"{day}/{PARTS}", PARTS_OF_GOOD))
        for day in range(1, PARTS + 1)
    ]
    assert {name for day in days for name in day} == {*EVERY, FILES, *UNUSUAL, *PRODUCTS}
    assert min(map(len, days)) >= 2


def test_the_parts_are_alike_in_size() -> None:
    sizes = [len(chosen(BAD, f"{number}/{PARTS}")) for number in range(1, PARTS + 1)]
    assert max(sizes) - min(sizes) <= 1


@given(st.lists(st.text(), unique=True, max_size=30), st.integers(0, 20), st.integers(1, 7))
def test_what_is_dealt_out_after_others_fills_up_their_days(
    names: list[str], before: int, parts: int
) -> None:
    days = [f"{number}/{parts}" for number in range(1, parts + 1)]
    sizes = [
        len(chosen(map(str, range(before)), day)) + len(chosen(names, day, after=before)) for day in days
    ]
    assert max(sizes) - min(sizes) <= 1
    assert sorted(name for day in days for name in chosen(names, day, after=before)) == sorted(names)


@pytest.mark.parametrize("part", ["0/3", "4/3", "x", "2", "1/"])
def test_no_such_part_is_refused(part: str) -> None:
    with pytest.raises(ValueError, match="a part like"):
        chosen(["a"], part)

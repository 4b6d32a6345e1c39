"""Many times what the release before took: a ratio and a slack, of each measure that both looks have."""

from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.lifecycle.footprint import Footprint, compared

BEFORE = Footprint(memory_mb=100, threads=40, processes=4, handles=1000, data_mb=80, processor_percent=20)


def heavier(before: Footprint, now: Footprint, times: float = 2) -> list[str]:
    return [words for words, much in compared(before, now, times) if much]


@pytest.mark.parametrize(
    ("field", "within", "above", "words"),
    [
        ("memory_mb", 200, 200.5, "200.5 MB of memory, before 100.0"),
        ("threads", 80, 81, "81.0 threads, before 40.0"),
        ("processes", 8, 9, "9.0 processes, before 4.0"),
        ("handles", 2000, 2001, "2001.0 handles, before 1000.0"),
        ("data_mb", 160, 161, "161.0 MB in its data folders, before 80.0"),
        ("processor_percent", 40, 41, "41.0 % of one processor since its start, before 20.0"),
    ],
)
def test_each_measure_has_its_bound(field: str, within: float, above: float, words: str) -> None:
    facts = asdict(BEFORE)
    assert heavier(BEFORE, Footprint(**facts | {field: within})) == []
    assert heavier(BEFORE, Footprint(**facts | {field: above})) == [words]


def test_many_times_almost_nothing_is_not_much() -> None:
    small = Footprint(memory_mb=2, threads=1, processes=1, handles=3, data_mb=0, processor_percent=0.1)
    more = Footprint(memory_mb=60, threads=16, processes=4, handles=500, data_mb=60, processor_percent=15)
    assert heavier(small, more) == []


def test_what_one_look_lacks_is_not_compared() -> None:
    untold = replace(BEFORE, handles=None, processor_percent=None)
    assert [words for words, _ in compared(BEFORE, untold, 2)] == [
        words for words, _ in compared(untold, BEFORE, 2)
    ]
    assert len(list(compared(untold, BEFORE, 2))) == 4


@given(st.floats(0, 1e5), st.floats(1, 10))
def test_what_stays_the_same_is_never_much(memory: float, times: float) -> None:
    before = replace(BEFORE, memory_mb=memory)
    assert heavier(before, before, times) == []

"""Many times what the release before took: a ratio and a slack, of each measure that both looks have."""

from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.lifecycle.footprint import Footprint, committed_mb, compared, written_mb
from harness.machines.capabilities import ProcessorUse
from harness.probe.answers.processes import Process

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


def test_committed_memory_is_told_by_the_guest_or_else_by_its_host() -> None:
    mb = 1 << 20
    seen = [ProcessorUse(command_line="agent", percent=0, committed_bytes=300 * mb)]
    untold = Process(
        pid=1, ppid=0, name="a.exe", path=None, command_line=None, started=None, session=0, threads=1
    )
    told = untold.model_copy(update={"committed": 20 * mb})
    assert committed_mb([untold], seen) == 300
    assert committed_mb([told, told], seen) == 40
    assert committed_mb([untold], [ProcessorUse(command_line="agent", percent=0)]) is None
    assert committed_mb([untold], None) is None


def test_what_is_written_is_told_for_a_minute_and_nothing_is_told_where_nobody_counts() -> None:
    mb = 1 << 20
    old = ProcessorUse(command_line="agent", percent=0, written_bytes=300 * mb, lived_s=30)
    young = ProcessorUse(command_line="worker", percent=0, written_bytes=20 * mb, lived_s=1)
    assert written_mb([old]) == pytest.approx(600)
    assert written_mb([young]) == pytest.approx(60)  # as if it had lived for 20 s
    assert written_mb([old, young]) == pytest.approx(660)
    assert written_mb([]) == 0
    assert written_mb(None) is None

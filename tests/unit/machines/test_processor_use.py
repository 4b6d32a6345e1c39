"""How much of a processor a program asks for, however busy its host is."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.machines.wine.processor_use import SHORTEST_S, asked_for, percent
from tests.programs import bounded


@given(st.floats(0.1, 1000), st.floats(0, 1000))
def test_a_busy_loop_asks_for_all_of_one_however_long_it_waits(ran_s: float, waited_s: float) -> None:
    found = percent(ran_s, waited_s, ran_s + waited_s, rests=0)
    assert found == pytest.approx(100 * min(1, ran_s / SHORTEST_S), abs=0.1)


@given(st.floats(0.01, 0.1), st.floats(0, 0.9))
def test_what_rests_is_no_busy_loop_because_its_host_is_busy(ran: float, waited: float) -> None:
    lived_s = 30.0
    found = percent(ran * lived_s, waited * lived_s, lived_s, rests=int(10_000 * ran * lived_s))
    assert found == pytest.approx(100 * ran)


def test_the_start_of_a_young_program_is_no_busy_loop() -> None:
    assert percent(0.4, 0.1, 0.6, rests=0) < 10


def test_every_program_of_a_prefix_is_told_of(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, env={"WINEPREFIX": str(tmp_path)}
    )
    with bounded(child):
        (use,) = asked_for(tmp_path)
        assert use.command_line.endswith("-c input()")
        assert 0 <= use.percent <= 100
    assert asked_for(tmp_path) == []

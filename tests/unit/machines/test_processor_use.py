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
    lived_s = ran_s + waited_s
    assert percent(ran_s, waited_s, lived_s) == pytest.approx(100 * min(1, ran_s / SHORTEST_S), abs=0.1)


@given(st.floats(10, 1000))
def test_what_rests_asks_for_little(lived_s: float) -> None:
    assert percent(0.01 * lived_s, 0.3 * lived_s, lived_s) < 3


def test_the_start_of_a_young_program_is_no_busy_loop() -> None:
    assert percent(0.4, 0.1, 0.6) < 10


def test_every_program_of_a_prefix_is_told_of(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, env={"WINEPREFIX": str(tmp_path)}
    )
    with bounded(child):
        (use,) = asked_for(tmp_path)
        assert use.command_line.endswith("-c input()")
        assert 0 <= use.percent <= 100
    assert asked_for(tmp_path) == []

"""Wrong logins are slowed, and no client writes a line of the log."""

import heapq
import logging
import sys
import time

from hypothesis import given
from hypothesis import strategies as st

from harness.winrmd.config import Limits
from harness.winrmd.endpoint import LONGEST_PACE_S
from harness.winrmd.log_lines import LONGEST, OneLine, printable
from harness.winrmd.pace import Pace


def test_ten_thousand_guesses_take_minutes_however_many_ask_at_once() -> None:
    pace = Pace(0.05, clock=lambda: 100.0)
    assert [pace.turn_in() for _ in range(10_000)][-1] >= 499


def test_nor_do_as_many_connections_as_there_may_be_make_it_seconds() -> None:
    """Each client guesses again as soon as it is answered; an answer is held back for `LONGEST_PACE_S` at most."""
    limits, now = Limits(), [0.0]
    pace = Pace(limits.refusals_apart_s, clock=lambda: now[0])
    answered_at = [0.0] * limits.max_connections
    for _ in range(10_000):
        now[0] = heapq.heappop(answered_at)
        heapq.heappush(answered_at, now[0] + min(pace.turn_in(), LONGEST_PACE_S))
    assert max(answered_at) >= 300


def test_one_mistake_is_answered_at_once() -> None:
    now = [0.0]
    pace = Pace(0.05, clock=lambda: now[0])
    for moment in (0.0, 10.0, 20.0):
        now[0] = moment
        assert pace.turn_in() == 0.05


def test_nobody_waits_for_a_server_that_ends() -> None:
    pace = Pace(3600.0)
    pace.close()
    began = time.monotonic()
    pace.wait(3600.0)
    assert time.monotonic() - began < 60


def written(message: str, exc_info: bool = False) -> str:
    record = logging.LogRecord(
        "winrmd", logging.INFO, __file__, 1, "fault for %s", (message,), sys.exc_info() if exc_info else None
    )
    return OneLine().format(record)


@given(st.text())
def test_an_event_is_one_line(text: str) -> None:
    assert len(written(text).splitlines()) == 1


def test_a_traceback_cannot_be_taken_for_events() -> None:
    try:
        raise ValueError("x\n2000-01-01 00:00:00,000 INFO forged")
    except ValueError:
        lines = written("somebody", exc_info=True).splitlines()
    assert len(lines) > 2
    assert all(line.startswith("    ") for line in lines[1:])


def test_a_megabyte_for_a_name_does_not_fill_the_log() -> None:
    assert len(printable("x" * 10**6)) == LONGEST + 1

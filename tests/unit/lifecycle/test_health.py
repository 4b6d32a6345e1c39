"""Which processes are the agent's, and by how much it grew."""

import re

import pytest

from harness.lifecycle.footprint import plain
from harness.lifecycle.health import Growth
from harness.lifecycle.inspection import family
from harness.model.profile.health import HealthBudget
from harness.probe.answers.processes import Process


def process(pid: int, ppid: int) -> Process:
    return Process(
        pid=pid, ppid=ppid, name="a.exe", path=None, command_line=None, started=None, session=None, threads=1
    )


def test_all_that_descends_from_the_agent_is_its_own_and_nothing_else() -> None:
    everything = [process(1, 0), process(10, 1), process(11, 10), process(12, 11), process(20, 1)]
    assert [each.pid for each in family(everything, [10])] == [10, 11, 12]


def test_a_ring_of_parents_ends() -> None:
    assert [each.pid for each in family([process(1, 2), process(2, 1)], [1])] == [1, 2]


def test_an_agent_that_does_not_run_has_none() -> None:
    assert family([process(1, 0)], []) == []


@pytest.mark.parametrize(("lasted_s", "found"), [(0.0, 30.0), (20.0, 30.0), (60.0, 30.0), (600.0, 3.0)])
def test_within_the_first_minute_all_that_grew_counts_and_later_what_falls_on_one(
    lasted_s: float, found: float
) -> None:
    assert Growth(memory_mb=30, data_mb=0, threads=0, lasted_s=lasted_s).per_minute(30) == found


def test_a_command_line_is_the_same_to_the_guest_and_to_its_host() -> None:
    of_guest, of_host = '"C:\\Program Files\\A\\a.exe"  -k  Net', "C:\\program files\\a\\A.EXE -k net "
    assert plain(of_guest) == plain(of_host)


@pytest.mark.parametrize(
    "line",
    [
        "2026-01-01T00:00:00Z ERROR the store is damaged",
        "E1129 10:11:12.131415  4711 queue.cc:42] cannot open the queue",
        'time="2026-01-01T00:00:00Z" level=error msg="cannot open the queue"',
        '{"log.level":"error","message":"x"}',
        '{"level": "fatal"}',
        "[2026/01/01 00:00:00] [error] [engine] cannot start",
        "PANIC: runtime error",
    ],
)
def test_an_error_is_found_in_whatever_form_logs_have_it(line: str) -> None:
    assert re.search(HealthBudget().error_pattern, line)


@pytest.mark.parametrize(
    "line",
    [
        "configured with 0 errors; errors would be told of here",
        "level=info msg=no error",
        "log level: warning",
        "Event E1129 was sent",
        "[info] errors: 0",
        "loglevel error is the least that is written",
    ],
)
def test_a_line_that_speaks_of_errors_is_none(line: str) -> None:
    assert not re.search(HealthBudget().error_pattern, line)

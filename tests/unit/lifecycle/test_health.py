"""Which processes are the agent's, and by how much it grew."""

import re
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import cast

import pytest

from harness.lifecycle.footprint import plain
from harness.lifecycle.health import Growth, Health
from harness.lifecycle.inspection import Inspection, family
from harness.lifecycle.timeline import Timeline
from harness.model.profile.health import HealthBudget
from harness.model.report import Phase
from harness.model.steps import Step
from harness.probe.answers.processes import Process
from tests.unit.cell.stand_ins import PROFILE


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


def looked(files: int, at_s: float) -> Inspection:
    return Inspection(
        services={},
        entries=(),
        files={},
        processes=(),
        sockets=(),
        crashes=(),
        now=datetime.fromtimestamp(at_s, UTC),
        data_bytes=0,
        data_files=tuple(f"C:\\D\\{number}" for number in range(files)),
    )


class Clock:
    """A deadline of six pauses."""

    def __init__(self) -> None:
        self.pauses = 0

    @property
    def passed(self) -> bool:
        return self.pauses >= 6

    def pause(self, _: float) -> None:
        self.pauses += 1


def growth(files: Sequence[int], *steps: Phase) -> tuple[Growth, int]:
    """What a health says of looks that show so many files, 10 s apart; and how often it waited."""
    looks = [looked(count, 10.0 * number) for number, count in enumerate(files)]
    later, clock = iter(looks[2:]), Clock()
    session = SimpleNamespace(
        profile=PROFILE,
        cell=SimpleNamespace(steps=[Step(action=each) for each in steps]),
        within=lambda _: clock,
        recorder=SimpleNamespace(stopwatch=SimpleNamespace(waiting=nullcontext)),
    )
    timeline = SimpleNamespace(session=session, inspection=looks[0], used=looks[1], look=lambda: next(later))
    return Health(cast(Timeline, timeline)).growth, clock.pauses


def test_an_agent_that_lays_out_its_data_first_is_looked_at_until_it_rests() -> None:
    found, waited = growth([0, 843, 5000, 10_000, 10_020], Phase.INSTALL)
    assert (found.files, waited) == (20, 3)


def test_one_that_never_rests_has_grown_too_much() -> None:
    found, waited = growth([0, *(1000 * number for number in range(1, 9))], Phase.INSTALL)
    assert (found.files, waited) == (1000, 6)


def test_nobody_waits_for_one_that_grew_as_it_may_or_that_was_used() -> None:
    assert growth([0, 100], Phase.INSTALL)[1] == 0
    found, waited = growth([0, 843], Phase.INSTALL, Phase.FUNCTIONS)
    assert (found.files, waited) == (843, 0)

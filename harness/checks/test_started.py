"""The programs that the agent starts, however short they live."""

from collections import Counter

from harness.cell.check import NotApplicable, check
from harness.cell.session import CellSession
from harness.checks.expectation import listed, mismatch
from harness.lifecycle.programs import started_by_agent
from harness.lifecycle.timeline import Timeline
from harness.machines.capabilities import StartedProgram
from harness.model.image_path import program_of
from harness.model.report import Phase
from harness.rules.weakening import weakened_by

PHASE = Phase.UNINSTALL
INSTALLED = ["install.exit_code"]
MINUTE_S, SHORTEST_S = 60.0, 20.0
"""What it starts within so little time is weighed as if it had been so long: at its start an agent may start a few."""
SHOWN = 160
"""Characters of a command that a message shows."""


@check("It runs no command that opens or weakens what is everybody's", requires=INSTALLED)
def test_commands(cell: CellSession, timeline: Timeline) -> None:
    _ = timeline.used
    found = {
        f"{what}: {each.command_line[:SHOWN]}"
        for each in _started(cell)
        if (what := weakened_by(each.command_line))
    }
    assert not found, mismatch(
        "the agent leaves the firewall, scans, policies and access lists of others as they are",
        listed(sorted(found)),
    )


@check("It starts no more programs in a minute than it may", requires=INSTALLED)
def test_programs(cell: CellSession, timeline: Timeline) -> None:
    _ = timeline.used
    started, most = _started(cell), cell.profile.health.programs
    lasted_s = started[-1].at_s - started[0].at_s if started else 0.0
    a_minute = len(started) * MINUTE_S / max(SHORTEST_S, lasted_s)
    cell.note("programs that it started", f"{len(started)} in {lasted_s:.0f} s")
    often = Counter(program_of(each.command_line).lower() for each in started).most_common(1)
    assert a_minute <= most, mismatch(
        f"at most {most} programs started in a minute",
        f"{len(started)} in {lasted_s:.0f} s, most of them {often[0][0] if often else 'unknown'}",
    )


def _started(cell: CellSession) -> list[StartedProgram]:
    started = started_by_agent(cell)
    if started is None:
        raise NotApplicable("this machine does not tell which programs are started in it")
    return started

"""A reboot after the installation: the machine comes back once, and the agent with it."""

import time

from harness.backend.interface import BackendFeature
from harness.model.deadline import Deadline
from harness.model.report import Phase
from harness.run.cell import CellSession
from harness.run.check import check
from harness.run.timeline import Timeline

PHASE = Phase.REBOOT


@check("The guest comes back with a new boot identity")
def test_comes_back(timeline: Timeline) -> None:
    before = timeline.baseline.boot
    after = timeline.reboot
    assert after != before, "The guest still shows the boot identity from before the reboot."


@check("It reboots exactly once")
def test_once(cell: CellSession, timeline: Timeline) -> None:
    _ = timeline.reboot
    boots = cell.machine.condition().boots
    assert boots == cell.expected_boots, (
        f"The machine booted {boots} times, {cell.expected_boots} were expected."
    )


@check("Every service runs again without help")
def test_services(cell: CellSession, timeline: Timeline) -> None:
    _ = timeline.reboot
    for expected in cell.profile.services:
        if expected.running:
            with cell.recorder.stopwatch.waiting():
                running = timeline.service_comes_up(expected.name, expected.start_deadline_s)
            assert running, f"After the reboot service {expected.name} is not running."


@check("The agent checks in again as the same endpoint", backend=[BackendFeature.HEARTBEAT])
def test_same_endpoint(cell: CellSession, timeline: Timeline) -> None:
    before = timeline.endpoint
    _ = timeline.reboot
    within = cell.profile.check_in.deadline_s
    with cell.recorder.stopwatch.waiting():
        seen = cell.backend.wait_seen(cell.cell.id, Deadline.after(within), after=time.time())
    assert seen is not None, f"The agent did not check in within {within:g} s of the reboot."
    assert seen.host_identifier == before.host_identifier, (
        f"After the reboot the agent is {seen.host_identifier!r}, it was {before.host_identifier!r}."
    )

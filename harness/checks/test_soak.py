"""The agent after it was left alone and used for a while: still there, still the same, and not much larger."""

import time

from harness.backend.interface import BackendFeature
from harness.backend.seen import what_was_seen
from harness.cell.check import NotApplicable, NotTested, check
from harness.cell.declared import declares
from harness.cell.session import CellSession
from harness.checks.expectation import mismatch
from harness.lifecycle.inspection import Inspection
from harness.lifecycle.soak import Soak
from harness.lifecycle.timeline import Timeline
from harness.model.report import Phase
from harness.model.substrate import Capability

PHASE = Phase.SOAK
RUNNING = declares(
    "service that runs after the installation", lambda profile: any(each.running for each in profile.services)
)


@check("Every service runs on, in the process that it had", declared=RUNNING)
def test_services(cell: CellSession, timeline: Timeline, soak: Soak) -> None:
    soaked = soak.done
    assert soaked.after is not None
    cell.note("lasted", f"{soaked.lasted_s:.0f} s")
    for expected in cell.profile.services:
        if not expected.running:
            continue
        was, now = (_process(look, expected.name) for look in (soaked.before, soaked.after))
        name = f"service {expected.name}"
        assert now, mismatch(
            f"{name} still runs after {soaked.lasted_s:.0f} s", timeline.service_words(expected.name)
        )
        assert now == was, mismatch(f"{name} runs on in process {was}", f"it runs in process {now}")


@check(
    "A request that is never answered is given up, and another one made",
    backend=[BackendFeature.FAULTS],
    follows=["soak.services"],
)
def test_gives_up(cell: CellSession, soak: Soak) -> None:
    if not soak.long_enough:
        raise NotApplicable(
            f"the soak's rest is shorter than the {soak.gives_up_s:g} s that the agent has to ask in vain and once more"
        )
    gave_up = soak.done.gave_up
    if gave_up is None:
        raise NotApplicable(
            f"backend {cell.backend.name} cannot be told to leave a request without an answer"
        )
    assert gave_up, mismatch(
        "one request of the agent is taken and never answered, as where a network drops what it carries: within "
        f"{soak.gives_up_s:g} s (check_in.heartbeat_s and gives_up_s) it asks again",
        f"it asks for nothing more; {what_was_seen(cell.backend, cell.cell.id)}",
    )


@check(
    "The agent is still heard",
    backend=[BackendFeature.HEARTBEAT],
    follows=["soak.services", "soak.gives_up"],
)
def test_heard(cell: CellSession, soak: Soak) -> None:
    soaked = soak.done
    deadline = cell.patience(cell.profile.check_in.heartbeat_s)
    with cell.recorder.stopwatch.waiting():
        seen = cell.backend.wait_seen(cell.cell.id, deadline, after=time.time())
    assert seen is not None, mismatch(
        f"after {soaked.lasted_s:.0f} s the agent is heard within {deadline.length_s:g} s",
        f"it is not; {what_was_seen(cell.backend, cell.cell.id)}",
    )


@check(
    "What happened in use was reported",
    declared=declares("telemetry for file_change", lambda profile: "file_change" in profile.telemetry),
    backend=[BackendFeature.TELEMETRY],
    follows=["soak.services", "soak.gives_up", "soak.heard"],
)
def test_events(cell: CellSession, soak: Soak) -> None:
    soaked = soak.done
    if not soaked.tokens:
        raise NotTested("the scenario's soak has no time in use (use_s)")
    cell.note("changes of files", len(soaked.tokens))
    lost = len(soaked.missing)
    assert not lost, mismatch(
        f"all of {len(soaked.tokens)} changes of files in use are reported", f"{lost} never were"
    )


@check("Its memory grew no more than it may", follows=["soak.services"])
def test_memory(cell: CellSession, soak: Soak) -> None:
    _assert_growth(cell, soak, "memory", soak.growth.memory_mb)


@check(
    "Its handles became no more than they may",
    needs=[Capability.HANDLE_COUNTS],
    follows=["soak.services"],
)
def test_handles(cell: CellSession, soak: Soak) -> None:
    more, most = soak.growth.handles, cell.profile.health.soak_growth_handles
    if more is None:
        raise NotApplicable("nothing counted its handles")
    cell.note("handles more", more)
    assert more <= most, mismatch(
        f"in {soak.done.lasted_s:.0f} s its handles become at most {most} more", f"{more} more"
    )


@check(
    "Its data grew no more than it may",
    declared=declares("data_dirs", lambda profile: profile.data_dirs),
    follows=["soak.services"],
)
def test_data(cell: CellSession, soak: Soak) -> None:
    _assert_growth(cell, soak, "data", soak.growth.data_mb)


def _assert_growth(cell: CellSession, soak: Soak, what: str, grown_mb: float) -> None:
    most = cell.profile.health.soak_growth_mb
    cell.note("grew by", f"{grown_mb:.1f} MB")
    assert grown_mb <= most, mismatch(
        f"in {soak.done.lasted_s:.0f} s its {what} grows by at most {most:g} MB", f"by {grown_mb:.1f} MB"
    )


def _process(look: Inspection, name: str) -> int:
    found = look.service(name)
    return (found.manager.pid or 0) if found is not None and found.manager is not None else 0

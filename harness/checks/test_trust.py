"""Whom the agent trusts, who it says it is, and how hard it knocks at a backend that fails."""

import time
from collections.abc import Sequence
from itertools import pairwise

from harness.backend.interface import BackendFeature
from harness.backend.seen import what_was_seen
from harness.backend.trouble import MOST_ENROLMENTS, Troubles
from harness.cell.check import Blocked, NotApplicable, check
from harness.cell.session import CellSession
from harness.checks.expectation import mismatch
from harness.lifecycle.in_touch import NAMED_BY, too_long
from harness.lifecycle.outage import Outage, grows
from harness.lifecycle.renewal import Renewal, pace
from harness.lifecycle.timeline import Timeline
from harness.model.deadline import Deadline
from harness.model.profile import AgentProfile
from harness.model.report import Phase
from harness.model.substrate import SLOWNESS

PHASE = Phase.CHECK_IN
SENDS_S = 0.5
"""What is sent after a handshake comes within so long."""
PACE_S = 1.5
"""For so long at least it is counted how often an agent tries."""
FAULTS = [BackendFeature.FAULTS]
TIMES = 4
"""Handshakes with another certificate that are waited for: some agents trust a stranger who comes often enough."""


def _backs_off(profile: AgentProfile) -> str:
    return "" if profile.check_in.backs_off else "the profile declares no back-off (check_in.backs_off)"


@check("While it cannot enrol it tries no more often than declared", backend=FAULTS)
def test_enrolment_pace(cell: CellSession, timeline: Timeline, renewal: Renewal) -> None:
    if not isinstance(cell.backend, Troubles):
        raise NotApplicable(f"backend {cell.backend.name} cannot be told to let nobody in")
    _ = timeline.endpoint
    most = cell.profile.check_in.requests_per_s
    for when, failed in (
        ("at its installation", tuple(timeline.arrival.asked_in_vain)),
        ("told that it is unknown", renewal.made.failed),
    ):
        if failed:
            cell.note(when, f"{len(failed)} enrolments that failed in {failed[-1] - failed[0]:.1f} s")
        assert (rate := pace(failed)) <= most or len(failed) < MOST_ENROLMENTS, mismatch(
            f"at most {most:g} enrolments per second while each of them fails",
            f"{rate:.1f} per second {when} ({len(failed)} in {failed[-1] - failed[0]:.1f} s)",
        )


@check("While its backend fails it asks no more often than declared", backend=FAULTS)
def test_retry_pace(cell: CellSession, timeline: Timeline, outage: Outage) -> None:
    _ = timeline.endpoint
    ended, most = outage.ended, cell.profile.check_in.requests_per_s
    cell.note("requests", f"{len(ended.failed)} in {ended.lasted_s:.1f} s")
    assert ended.rate <= most, mismatch(
        f"at most {most:g} requests per second while the backend fails",
        f"{ended.rate:.1f} per second ({len(ended.failed)} in {ended.lasted_s:.1f} s)",
    )


@check("Its pauses grow while its backend fails", declared=_backs_off, backend=FAULTS)
def test_backs_off(cell: CellSession, outage: Outage) -> None:
    if SLOWNESS.get(cell.machine.substrate, 1.0) > 1.0:
        raise NotApplicable("on emulated processors a request takes as long as the pauses that are compared")
    failed = outage.ended.failed
    pauses = noted_pauses(cell, "pauses in s", failed)
    grown = grows(failed)
    if grown is False:  # a busy host may have stretched one
        failed = outage.failed_again
        pauses = noted_pauses(cell, "pauses in s, looked at again", failed)
        grown = grows(failed)
    if grown is None:
        raise NotApplicable(f"{len(failed)} requests in an outage: too few to show it")
    assert grown, mismatch(
        "pauses between requests grow while the backend fails", f"they do not: {', '.join(pauses[:8])} s"
    )


def noted_pauses(cell: CellSession, name: str, moments: Sequence[float]) -> list[str]:
    """The pauses between them, in words."""
    pauses = [f"{later - earlier:.2f}" for earlier, later in pairwise(moments)]
    cell.note(name, ", ".join(pauses))
    return pauses


@check("A backend with another certificate is told nothing", backend=FAULTS)
def test_other_certificate(cell: CellSession, timeline: Timeline) -> None:
    _ = timeline.endpoint
    if not isinstance(cell.backend, Troubles):
        raise NotApplicable(f"backend {cell.backend.name} has one certificate only")
    deadline = cell.within(cell.profile.check_in.heartbeat_s)
    with (
        timeline.provoking(),
        cell.backend.impostor() as impostor,
        cell.recorder.stopwatch.waiting(),
    ):
        began, since = time.monotonic(), time.time()
        if impostor.wait(TIMES, deadline):
            impostor.wait(TIMES + 1, Deadline.after(SENDS_S))
        if (rest_s := PACE_S - (time.monotonic() - began)) > 0:  # it came so often in less time
            deadline.pause(rest_s)
        shown, lasted_s = impostor.shown, time.monotonic() - began
        if shown:
            cell.disturb(since)
    cell.note("shown", f"{shown} times in {lasted_s:.1f} s")
    assert not impostor.trusted_by, mismatch(
        "shown a certificate of another authority, the agent sends nothing", f"it sent {impostor.trusted_by}"
    )
    most = cell.profile.check_in.requests_per_s
    assert shown / lasted_s <= most, mismatch(
        f"an agent that refuses a certificate tries at most {most:g} times per second",
        f"it tried {shown / lasted_s:.1f} times per second ({shown} in {lasted_s:.1f} s)",
    )
    with cell.recorder.stopwatch.waiting():
        again = cell.within(cell.profile.check_in.heartbeat_s)
        seen = cell.backend.wait_seen(cell.cell.id, again, after=time.time())
    if not impostor.shown and NAMED_BY in cell.cell.checks and too_long(cell):
        raise Blocked(
            f"blocked by {NAMED_BY}: for {time.monotonic() - began:.0f} s the agent came to no other certificate",
            NAMED_BY,
        )
    if seen is None and not impostor.shown:
        raise AssertionError(
            mismatch(
                "the agent is heard all the time",
                f"it has fallen silent: for {time.monotonic() - began:.0f} s it came neither to the other certificate"
                f" nor to its own; {what_was_seen(cell.backend, cell.cell.id)}",
            )
        )
    assert seen is not None, mismatch(
        f"shown its own certificate again, the agent is seen within {again.length_s:g} s", "it was not seen"
    )
    assert impostor.shown, mismatch(
        f"cut off, the agent comes again within {deadline.length_s:g} s", "it did not"
    )

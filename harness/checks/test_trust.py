"""Whom the agent trusts, who it says it is, and how hard it knocks at a backend that fails."""

from collections.abc import Sequence
from itertools import pairwise

from harness.backend.interface import BackendFeature
from harness.backend.seen import what_was_seen
from harness.backend.trouble import MOST_ENROLMENTS, Presented, Troubles
from harness.cell.check import Blocked, NotApplicable, check
from harness.cell.session import CellSession
from harness.checks.expectation import mismatch
from harness.lifecycle.enrolling_elsewhere import EnrollingElsewhere
from harness.lifecycle.in_touch import NAMED_BY, too_long
from harness.lifecycle.outage import Outage
from harness.lifecycle.pauses import grows
from harness.lifecycle.renewal import Renewal, pace
from harness.lifecycle.stranger import Met, Stranger
from harness.lifecycle.timeline import Timeline
from harness.model.profile import AgentProfile
from harness.model.report import Phase
from harness.model.substrate import slowness

PHASE = Phase.CHECK_IN
FAULTS = [BackendFeature.FAULTS]
MET_BY = "check-in.other_certificate"
BUSY_PERCENT = 75.0
"""Of the time, by one thread: what polls or works rests more than that."""
AGAIN = ["check-in.enrols_again", "check-in.comes_back"]
SENDS_NOTHING = "shown {}, the agent sends nothing"


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
    if slowness(cell.machine.substrate) > 1.0:
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


@check("While its backend fails it leaves the processor to others", backend=FAULTS)
def test_rests_in_outage(cell: CellSession, timeline: Timeline, outage: Outage) -> None:
    _ = timeline.endpoint
    busy, most = outage.ended.busy, max(BUSY_PERCENT, cell.profile.health.cpu_percent)
    if busy is None:
        raise NotApplicable("nothing tells what each of its threads does")
    cell.note("its busiest thread", f"{busy:.0f} % of the outage")
    if busy > most and (again := outage.busy_again) is not None:  # it may have been at work just then
        busy = again
        cell.note("its busiest thread, looked at again", f"{busy:.0f} % of the outage")
    assert busy <= most, mismatch(
        "no thread is busy all the time that the backend fails and rests otherwise",
        f"one ran, or was ready to, for {busy:.0f} % of two outages",
    )


@check("A backend with another certificate is told nothing", backend=FAULTS)
def test_other_certificate(cell: CellSession, timeline: Timeline, stranger: Stranger) -> None:
    _ = timeline.endpoint
    met = stranger.met
    cell.note("shown", f"{met.shown} times in {met.lasted_s:.1f} s")
    told = met.trusted.get(Presented.OTHER_AUTHORITY)
    assert not told, mismatch(SENDS_NOTHING.format(Presented.OTHER_AUTHORITY.words), f"it sent {told}")
    assert not met.plain, mismatch(
        SENDS_NOTHING.format(Presented.OTHER_AUTHORITY.words),
        f"it sent {met.plain} requests in plain HTTP, which anybody can read and answer",
    )
    most = cell.profile.check_in.requests_per_s
    tried = met.shown + met.resumed
    assert tried / met.lasted_s <= most, mismatch(
        f"an agent that refuses a certificate tries at most {most:g} times per second",
        f"it tried {tried / met.lasted_s:.1f} times per second ({tried} in {met.lasted_s:.1f} s)",
    )
    if met.shown:
        return
    _resumed_only(met)
    if NAMED_BY in cell.cell.checks and too_long(cell):
        raise Blocked(
            f"blocked by {NAMED_BY}: for {met.silent_s:.0f} s the agent came to no other certificate",
            NAMED_BY,
        )
    assert met.seen, mismatch(
        "the agent is heard all the time",
        f"it has fallen silent: for {met.silent_s:.0f} s it came neither to the other certificate nor to its own; "
        f"{what_was_seen(cell.backend, cell.cell.id)}",
    )
    raise AssertionError(
        mismatch(f"cut off, the agent comes again within {met.deadline_s:g} s", "it did not")
    )


def _resumed_only(met: Met) -> None:
    """Raises `NotApplicable` for an agent that came and was shown no certificate."""
    if met.resumed and not met.shown:
        raise NotApplicable(f"it resumed a TLS session {met.resumed} times, and was shown no certificate")


@check(
    "A certificate of its own authority that is for another host, or past its time, is refused",
    backend=FAULTS,
)
def test_wrong_certificate(cell: CellSession, timeline: Timeline, stranger: Stranger) -> None:
    _ = timeline.endpoint
    met = stranger.met
    _resumed_only(met)
    agreed: dict[str, str] = dict(cell.profile.check_in.accepts.items())
    shown = [kind for kind in (Presented.OTHER_NAME, Presented.EXPIRED) if met.shown_as.get(kind)]
    if not shown and (not met.shown or Presented.OTHER_AUTHORITY in met.trusted):
        raise Blocked(f"blocked by {MET_BY}: the agent was shown no such certificate", MET_BY)
    if not shown:
        raise NotApplicable(f"in {met.lasted_s:.0f} s it came too seldom to be shown such a certificate")
    cell.note("shown", ", ".join(kind.words for kind in shown))
    fooled = []
    for kind in shown:
        told, reason = met.trusted.get(kind), agreed.get(kind.value)
        if told and reason:
            cell.excuse(f"{kind.words} is trusted: it sent {told}", reason)
        elif told:
            fooled.append(f"{kind.words}: it sent {told}")
    assert not fooled, mismatch(
        "shown a certificate of its own authority that is for another host or past its time, the agent sends nothing",
        "; ".join(fooled),
    )


def _outlives_renewal(profile: AgentProfile) -> str:
    missing = "the profile declares no trust in a renewed certificate (check_in.outlives_renewal)"
    return "" if profile.check_in.outlives_renewal else missing


@check(
    "A certificate that its own authority has renewed is trusted", declared=_outlives_renewal, backend=FAULTS
)
def test_renewed_certificate(timeline: Timeline, stranger: Stranger) -> None:
    _ = timeline.endpoint
    met = stranger.met
    _resumed_only(met)
    if Presented.OTHER_AUTHORITY in met.trusted or not met.shown:
        raise Blocked(f"blocked by {MET_BY}: the agent was shown no such certificate", MET_BY)
    if not met.shown_as.get(Presented.RENEWED):
        raise NotApplicable(f"in {met.lasted_s:.0f} s it came too seldom to be shown such a certificate")
    assert Presented.RENEWED in met.trusted, mismatch(
        f"shown {Presented.RENEWED.words}, for the right host and with another key, the agent sends its requests",
        "it sent nothing",
    )


@check("It comes back to its own backend after it met another certificate", backend=FAULTS)
def test_comes_back(cell: CellSession, timeline: Timeline, stranger: Stranger) -> None:
    _ = timeline.endpoint
    met = stranger.met
    _resumed_only(met)
    if not met.shown:
        raise Blocked(f"blocked by {MET_BY}: the agent came to no other certificate", MET_BY)
    assert met.seen, mismatch(
        f"shown its own certificate again, the agent is seen within {met.again_s:.0f} s",
        f"it was not; {what_was_seen(cell.backend, cell.cell.id)}",
    )


@check(
    "It enrols at no backend with another certificate, and again at its own",
    backend=FAULTS,
    requires=AGAIN,
)
def test_other_certificate_at_enrolment(
    cell: CellSession, timeline: Timeline, enrolling_elsewhere: EnrollingElsewhere
) -> None:
    _ = timeline.endpoint
    made = enrolling_elsewhere.made
    cell.note("shown", f"{made.shown} times")
    assert not made.enrolled_there, mismatch(
        f"told that it is unknown, and {SENDS_NOTHING.format(Presented.OTHER_AUTHORITY.words)}",
        f"it sent {', '.join(made.enrolled_there)}",
    )
    assert made.again is not None, mismatch(
        f"shown its own certificate again, the agent enrols within {made.deadline_s:.0f} s",
        f"it did not; {what_was_seen(cell.backend, cell.cell.id)}",
    )
    if not made.shown:
        raise NotApplicable("told that it is unknown, it came too late to be shown such a certificate")


@check(
    "Once it has enrolled again, a connection that meets another certificate is told nothing",
    backend=FAULTS,
    requires=[*AGAIN, MET_BY],
)
def test_other_certificate_in_turns(
    cell: CellSession, timeline: Timeline, enrolling_elsewhere: EnrollingElsewhere
) -> None:
    _ = timeline.endpoint
    made = enrolling_elsewhere.made
    cell.note("shown since it enrolled", f"{made.since} times")
    cell.note("sent to its own certificate meanwhile", ", ".join(sorted(set(made.served))) or "nothing")
    assert not made.sent_there, mismatch(
        f"{SENDS_NOTHING.format(Presented.OTHER_AUTHORITY.words)}, also where its last request met its own backend",
        f"it sent {', '.join(sorted(set(made.sent_there)))}",
    )
    if not made.since:
        raise NotApplicable("once it had enrolled it came too seldom to be shown such a certificate")

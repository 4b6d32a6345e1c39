"""The agent right before its uninstall: still there, and still the one that enrolled."""

import time

from harness.backend.interface import BackendFeature, Fact, StatusLine
from harness.backend.seen import what_was_seen
from harness.backend.trouble import Troubles
from harness.cell.check import NotApplicable, NotTested, check
from harness.cell.session import CellSession
from harness.checks.expectation import mismatch
from harness.checks.protocol import has_checked_in, known_to_tell
from harness.lifecycle.in_touch import most_s, silence_of
from harness.lifecycle.once import happened
from harness.lifecycle.reconfiguration import Reconfiguration, ran_on
from harness.lifecycle.timeline import Timeline
from harness.model.deadline import Deadline
from harness.model.profile import AgentProfile
from harness.model.report import Phase
from harness.model.steps import OF_CANDIDATE, broken_off, dirt_at
from harness.model.version_text import states_version

PHASE = Phase.UNINSTALL
ASK_S = 0.1
"""A question to the backend that waits for nothing."""
MOST_LINES = 50
DIFFER_S = 5.0
"""How much the clocks of a guest and of the harness may differ."""
ENROLLED = ["check-in.enrolled"]
SILENT = ["check-in.heartbeat", "uninstall.still_there"]
"""Each of them says that it is silent."""


@check("It enrolled exactly as often as it had reason to", backend=[BackendFeature.FAULTS], requires=ENROLLED)
def test_enrolments(cell: CellSession) -> None:
    has_checked_in(cell)
    if not isinstance(cell.backend, Troubles):
        raise NotApplicable(f"backend {cell.backend.name} does not count enrolments")
    enrolled = cell.backend.enrolled(cell.cell.id)
    cell.note("enrolments", f"{len(enrolled.hosts)}, of which {enrolled.provoked} provoked")
    others = sorted(set(enrolled.hosts[1:]) - {enrolled.hosts[0]})
    assert not others, mismatch(
        f"every enrolment is that of {enrolled.hosts[0]!r}", f"other identities: {', '.join(others[:4])}"
    )
    unprovoked = enrolled.unprovoked
    broken = broken_off(cell.cell.steps)
    if unprovoked == 1 and broken is not None and broken.work in OF_CANDIDATE:
        cell.excuse("it enrolled once more", f"{broken.work} was broken off before it could keep who it is")
        unprovoked = 0
    if unprovoked == 1 and "zeroed-data" in dirt_at(cell.cell.steps, Phase.REBOOT):
        cell.excuse("it enrolled once more", "its data held zeros when the machine booted")
        unprovoked = 0
    assert not unprovoked, mismatch(
        f"the agent enrols once, and once more each time it has reason to ({enrolled.provoked})",
        f"it enrolled {len(enrolled.hosts)} times",
    )


@check("The agent is still heard at the end", backend=[BackendFeature.HEARTBEAT], requires=ENROLLED)
def test_still_there(cell: CellSession, timeline: Timeline) -> None:
    has_checked_in(cell)
    check_in = cell.profile.check_in
    since = timeline.endpoint.enrolled_at
    with cell.recorder.stopwatch.waiting():
        if (rest_s := check_in.still_there_s - (time.time() - since)) > 0:
            cell.within(rest_s).pause(rest_s)
        deadline = cell.patience(check_in.heartbeat_s)
        seen = cell.backend.wait_seen(cell.cell.id, deadline, after=time.time())
    old_s = time.time() - since
    cell.note("seconds since it enrolled", f"{old_s:.0f}")
    assert seen is not None, mismatch(
        f"{old_s:.0f} s after it enrolled the agent is still heard, within {deadline.length_s:g} s",
        f"it is not; {what_was_seen(cell.backend, cell.cell.id)}",
    )


@check(
    "What it reports of itself says the candidate's version",
    backend=[BackendFeature.STATUS],
    requires=ENROLLED,
    follows=["check-in.version"],
)
def test_told_version(cell: CellSession, timeline: Timeline) -> None:
    known_to_tell(cell, Fact.VERSION)
    earlier = timeline.arrival.earlier
    if earlier is not None and earlier.endpoint is not None:
        enrolled, release = earlier.endpoint, earlier.release
    else:
        has_checked_in(cell)
        enrolled, release = timeline.endpoint, cell.candidate
    if not states_version(enrolled.version, release.version):
        raise NotApplicable(f"it enrolled as version {enrolled.version or 'none'}, not as {release.version}")
    came_at = earlier.replaced_at + timeline.arrival.installation.duration_s if earlier is not None else 0.0
    line = _first_line(cell, came_at)
    if line is None or not line.version:
        raise NotApplicable("no status line of it states a version")
    assert states_version(line.version, cell.candidate.version), mismatch(
        f"the lines that it reports of itself say {cell.candidate.version}, the candidate's version",
        f"they say {line.version}, as with {line.message!r}",
    )


def _first_line(cell: CellSession, since: float) -> StatusLine | None:
    """The first line that was written by the candidate: what an earlier release wrote may be sent after it."""
    after = since
    for _ in range(MOST_LINES):
        line = cell.backend.wait_status(cell.cell.id, "", Deadline.after(ASK_S), after=after)
        if line is None or line.unix_time is None or line.unix_time > since + DIFFER_S:
            return line
        after = line.received_at
    return None


def _drops_its_query(profile: AgentProfile) -> str:
    push, isolate = profile.configuration, profile.response_actions.get("isolate")
    if push is None or not push.changed or isolate is None:
        return (
            "the profile declares no configuration that another one follows (configuration.changed, isolate)"
        )
    if push.effect_query in str(isolate.configuration):
        return "no configuration that follows the changed one leaves a query out"
    return ""


@check(
    "A query that its configuration has no more is not run any more",
    declared=_drops_its_query,
    backend=[BackendFeature.CONFIGURE, BackendFeature.TELEMETRY, BackendFeature.STATUS],
    requires=["functions.configuration_push", "functions.isolation"],
)
def test_dropped_query(cell: CellSession, reconfiguration: Reconfiguration) -> None:
    push, isolate = cell.profile.configuration, cell.profile.response_actions["isolate"]
    effect = reconfiguration.made.effect if happened(reconfiguration, "made") else None
    if push is None or effect is None:
        raise NotTested("the scenario changes no configuration")
    isolated = cell.backend.wait_status(
        cell.cell.id, isolate.status_contains, Deadline.after(ASK_S), after=effect.received_at
    )
    events = cell.backend.events(cell.cell.id, push.effect_query)
    times = [each.unix_time for each in events if each.unix_time is not None]
    if isolated is None or isolated.unix_time is None:
        raise NotApplicable("the agent does not say when a configuration without the query came into force")
    late = ran_on(times, isolated.unix_time)
    if late is None:
        raise NotApplicable(f"{push.effect_query!r} told nothing anew while it was in force")
    cell.note("times that the query was run", len(set(times)))
    assert not late, mismatch(
        f"the query {push.effect_query!r}, which the configuration has no more, is not run any more",
        f"it was run {len(late)} times after that, the last {late[-1] - isolated.unix_time} s later",
    )


@check("It was never silent for longer than it may", requires=ENROLLED, follows=SILENT)
def test_in_touch(cell: CellSession) -> None:
    has_checked_in(cell)
    silence = silence_of(cell)
    if silence is None:
        raise NotApplicable(f"backend {cell.backend.name} does not tell how long it heard nothing")
    most = most_s(cell)
    cell.note("longest silence", f"{silence.lasted_s:.1f} s, at most {most:g}")
    assert silence.lasted_s <= most, mismatch(
        f"between its enrolment and its uninstall the agent is heard at least once in {most:g} s",
        f"it was silent for {silence.lasted_s:.0f} s, from {time.time() - silence.at:.0f} s ago, when nothing kept it"
        " from its backend",
    )

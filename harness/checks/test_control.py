"""What the backend asks of the agent: configuration and response actions."""

import json
import secrets
import time
from contextlib import suppress

from harness.backend.interface import BackendFeature, Fact
from harness.cell.check import Blocked, NotApplicable, check
from harness.cell.declared import (
    any_function,
    isolates_below_wine,
    pushed,
    response_actions,
    telemetry,
    telemetry_of_one,
)
from harness.cell.session import CellSession
from harness.checks.expectation import mismatch
from harness.checks.protocol import assert_understood, known_to_tell
from harness.lifecycle.isolation import Neighbourhood, ask_for, lets_nobody_in
from harness.lifecycle.reconfiguration import KINDS, Reconfiguration
from harness.lifecycle.reported import reported
from harness.lifecycle.reports_on import KIND
from harness.lifecycle.timeline import Timeline
from harness.model.deadline import Deadline
from harness.model.errors import HarnessError
from harness.model.profile import AgentProfile
from harness.model.profile.backend import ConfigurationPush
from harness.model.report import Outcome, Phase
from harness.model.substrate import Capability
from harness.probe.answers.stimulus import Stimulus
from harness.probe.reading import read_value

PHASE = Phase.FUNCTIONS
ASK_S = 0.1
"""A question to the backend that waits for nothing."""
CUT_OFF = "cut off"
"""The name of the base configuration without its end, as where a connection breaks."""
SEEN_BY = "registry_change"
"""The stimulus that shows which configuration is in force."""
CONFIGURE = [BackendFeature.CONFIGURE, BackendFeature.TELEMETRY]
REFUSED = "functions.configuration_refused"
STATUS = [BackendFeature.CONFIGURE, BackendFeature.STATUS]
CHANGED = pushed(
    "changed configuration", lambda profile: profile.configuration and profile.configuration.changed
)
INVALID = pushed(
    "invalid configuration", lambda profile: profile.configuration and profile.configuration.invalid
)


def _last_good(profile: AgentProfile) -> str:
    """What is pushed, and the telemetry that shows whether the configuration before it is still in force."""
    return INVALID(profile) or telemetry(SEEN_BY)(profile)


@check("A pushed configuration takes effect", declared=CHANGED, backend=CONFIGURE)
def test_configuration_push(cell: CellSession, timeline: Timeline, reconfiguration: Reconfiguration) -> None:
    push = _push(cell, timeline)
    known_to_tell(cell, Fact.EVENT_TIME)  # a result of an earlier run would pass for this one
    made = reconfiguration.made
    assert made.effect is not None, mismatch(
        f"the pushed configuration takes effect: a result of {push.effect_query!r} within {made.deadline_s:g} s",
        "no such result, so the configuration did not take effect",
    )


@check(
    "What happens while the configuration changes is reported",
    declared=lambda profile: CHANGED(profile) or telemetry_of_one(KINDS)(profile),
    backend=CONFIGURE,
    requires=["functions.configuration_push"],
)
def test_lost_at_change(reconfiguration: Reconfiguration) -> None:
    made = reconfiguration.made
    assert not made.missing, mismatch(
        f"all of {made.given} times that a {made.kind.replace('_', ' ')} happened right before or after a change of"
        " configuration are reported",
        f"{made.missing} never were",
    )


@check(
    "With another configuration in force it goes on to report changed files",
    declared=lambda profile: CHANGED(profile) or telemetry(KIND)(profile),
    backend=CONFIGURE,
    requires=["functions.configuration_push", f"functions.{KIND}"],
)
def test_reports_on(reconfiguration: Reconfiguration) -> None:
    assert reconfiguration.reports_on, mismatch(
        "a file that is changed once another configuration is in force is reported", "it never was"
    )


@check("Every invalid configuration is refused", declared=INVALID, backend=STATUS)
def test_configuration_refused(cell: CellSession, timeline: Timeline) -> None:
    push = _push(cell, timeline)
    known_to_tell(cell, Fact.STATUS_TIME)
    with timeline.provoking():
        for name, text in refusals(push).items():
            deadline = cell.within(push.deadline_s)
            pushed_at = cell.backend.configure(cell.cell.id, text)
            with cell.recorder.stopwatch.waiting():
                line = cell.backend.wait_status(
                    cell.cell.id, push.refusal_contains, deadline, after=pushed_at
                )
            assert line is not None, mismatch(
                f"the invalid configuration {name!r} is refused: a status line with {push.refusal_contains!r}"
                f" within {deadline.length_s:g} s",
                "no such line, so it was not refused",
            )
    cell.note("refused", ", ".join(refusals(push)))


def refusals(push: ConfigurationPush) -> dict[str, str]:
    """What is to be refused, by name: what the profile names, and half a configuration where it names no JSON. Pure."""
    if not any(_no_json(text) for text in push.invalid.values()):
        return dict(push.invalid)
    whole = json.dumps(push.base)
    return {**push.invalid, CUT_OFF: whole[: len(whole) * 2 // 3]}


def _no_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return True
    return False


@check(
    "After invalid configurations the last good one stays in force",
    declared=_last_good,
    backend=[*CONFIGURE, *STATUS],
)
def test_last_good_configuration(cell: CellSession, timeline: Timeline) -> None:
    push = _push(cell, timeline)
    expected = cell.profile.telemetry[SEEN_BY]
    if cell.recorder.outcomes.get(REFUSED) not in (Outcome.PASSED, Outcome.FAILED):
        raise Blocked(f"blocked by {REFUSED}: no invalid configuration was pushed", REFUSED)
    nonce = f"{timeline.nonce}{secrets.token_hex(3)}"
    given = read_value(
        "stimulate",
        Stimulus,
        cell.guest.probe("stimulate", SEEN_BY, "--nonce", nonce, repeatable=True),
    )
    # An event has its own deadline: one that is looked for every half a minute is not reported sooner.
    deadline = cell.within(max(push.deadline_s, expected.deadline_s))
    with cell.recorder.stopwatch.waiting():
        event = reported(cell, given, deadline)
    cell.guest.probe("unstimulate", SEEN_BY, "--nonce", nonce, repeatable=True)
    cell.backend.configure(cell.cell.id, push.changed or push.base)
    assert event is not None, mismatch(
        f"with an invalid configuration pushed, the last good one stays in force and {expected.query!r} reports",
        "it reports nothing, so the last good one is no longer in force",
    )


@check("Isolating the host is confirmed", declared=response_actions("isolate"), backend=STATUS)
def test_isolation(cell: CellSession, timeline: Timeline) -> None:
    _act(cell, timeline, "isolate")


@check("Releasing the host is confirmed", declared=response_actions("release"), backend=STATUS)
def test_release(cell: CellSession, timeline: Timeline) -> None:
    _act(cell, timeline, "release")


@check(
    "An isolated host reaches nothing but its backend",
    declared=response_actions("isolate", "release"),
    backend=[*STATUS, BackendFeature.HEARTBEAT],
    needs=[Capability.ISOLATION_ENFORCED],
    shows=isolates_below_wine,
    requires=["functions.isolation", "functions.release"],
)
def test_isolation_enforced(cell: CellSession, timeline: Timeline) -> None:
    around = Neighbourhood(cell)
    if around.address is None:
        raise NotApplicable("this machine's network has no other host that isolation could hide")
    before = around.open()
    assert before.met, mismatch(f"a host that is not isolated reaches {before.address}", before.words)
    _act(cell, timeline, "isolate")
    try:
        told = around.carried()
        meeting = around.meet(isolated=True)
        assert not meeting.met, mismatch(
            f"the isolated host no longer reaches {meeting.address}", meeting.words
        )
        with cell.recorder.stopwatch.waiting():
            seen = cell.backend.wait_seen(cell.cell.id, cell.within(30), after=time.time())
        if seen is None and meeting.unanswered is not None and not lets_nobody_in(cell):
            raise meeting.unanswered  # it may as well hang, or be lost: that is judged elsewhere
        assert seen is not None, mismatch(
            "the isolated host still reaches its backend", "the backend heard nothing of it for 30 s"
        )
        # The backend heard of it by the same way since, so the neighbour has heard what there was to hear.
        assert not told or around.carried() == told, mismatch(
            f"what was open to {meeting.address} before the isolation carries nothing more",
            "a connection that was open before it went on, by the neighbour's own record",
        )
    except BaseException:
        with suppress(HarnessError):  # what was found comes first
            ask_for(cell, "release")
        raise
    _act(cell, timeline, "release")
    if not told:
        cell.note("not shown", "the neighbour did not hear what was said to it before the isolation")
    after = around.meet()
    cell.note("reached", f"before: {before.words}; isolated: {meeting.words}; released: {after.words}")
    assert after.met, mismatch(f"the released host reaches {after.address} again", after.words)


@check(
    "Events, answers and confirmations were sent without a mistake in the protocol",
    declared=any_function,
    watches=True,
)
def test_protocol(cell: CellSession, timeline: Timeline) -> None:
    _ = timeline.endpoint
    assert_understood(cell)


def _act(cell: CellSession, timeline: Timeline, name: str) -> None:
    action = cell.profile.response_actions[name]
    known_to_tell(cell, Fact.STATUS_TIME)
    _ = timeline.endpoint
    line = ask_for(cell, name)
    within_s = cell.within(action.deadline_s).length_s
    assert line is not None, mismatch(
        f"asked to {name}, the agent reports {action.status_contains!r} within {within_s:g} s",
        f"it did not report that{_and_silent(cell, within_s / 2)}",
    )
    cell.note("status", line.message)


def _and_silent(cell: CellSession, for_s: float) -> str:
    """What to add where the backend has not heard of the agent for so long: its isolation may have cut that off, too."""
    if BackendFeature.HEARTBEAT not in cell.backend.features:
        return ""
    heard = cell.backend.wait_seen(cell.cell.id, Deadline.after(ASK_S), after=time.time() - for_s)
    return "" if heard is not None else f"; the backend has heard nothing of it for {for_s:g} s"


def _push(cell: CellSession, timeline: Timeline) -> ConfigurationPush:
    _ = timeline.endpoint
    assert cell.profile.configuration is not None
    return cell.profile.configuration

"""What the backend asks of the agent: configuration, live queries, response actions."""

import secrets
import time

from harness.backend.interface import BackendFeature
from harness.bvt.protocol import assert_understood
from harness.model.profile import ConfigurationPush, ResponseAction
from harness.model.report import Outcome, Phase
from harness.model.substrate import Capability
from harness.probe.answers import Stimulus, read_value
from harness.run.cell import CellSession
from harness.run.check import Blocked, NotApplicable, check
from harness.run.timeline import Timeline

PHASE = Phase.FUNCTIONS
NEIGHBOUR = "10.0.2.2"
CONFIGURE = [BackendFeature.CONFIGURE, BackendFeature.TELEMETRY]
REFUSED = "functions.configuration_refused"
STATUS = [BackendFeature.CONFIGURE, BackendFeature.STATUS]


@check("A pushed configuration takes effect", backend=CONFIGURE)
def test_configuration_push(cell: CellSession, timeline: Timeline) -> None:
    push = _push(cell, timeline)
    if push.changed is None:
        raise NotApplicable("the profile declares no changed configuration")
    cell.backend.configure(cell.cell.id, push.changed)
    deadline = cell.within(push.deadline_s)
    with cell.recorder.stopwatch.waiting():
        event = cell.backend.wait_event(cell.cell.id, push.effect_query, {}, deadline)
    assert event is not None, (
        f"The pushed configuration did not take effect: no result of {push.effect_query!r}"
        f" within {deadline.length_s:g} s."
    )


@check("Every invalid configuration is refused", backend=STATUS)
def test_configuration_refused(cell: CellSession, timeline: Timeline) -> None:
    push = _push(cell, timeline)
    if not push.invalid:
        raise NotApplicable("the profile declares no invalid configuration")
    for name, text in push.invalid.items():
        pushed_at = cell.backend.configure(cell.cell.id, text)
        deadline = cell.within(push.deadline_s)
        with cell.recorder.stopwatch.waiting():
            line = cell.backend.wait_status(cell.cell.id, push.refusal_contains, deadline, after=pushed_at)
        assert line is not None, (
            f"The invalid configuration {name!r} was not refused: no status line with"
            f" {push.refusal_contains!r} within {deadline.length_s:g} s."
        )
    cell.note("refused", ", ".join(push.invalid))


@check("After invalid configurations the last good one stays in force", backend=[*CONFIGURE, *STATUS])
def test_last_good_configuration(cell: CellSession, timeline: Timeline) -> None:
    push = _push(cell, timeline)
    telemetry = cell.profile.telemetry.get("registry_change")
    if not push.invalid or telemetry is None:
        raise NotApplicable("the profile declares no invalid configuration, or no telemetry to see it by")
    if cell.recorder.outcomes.get(REFUSED) not in (Outcome.PASSED, Outcome.FAILED):
        raise Blocked(f"blocked by {REFUSED}: no invalid configuration was pushed")
    nonce = f"{timeline.nonce}{secrets.token_hex(3)}"
    given = read_value(
        "stimulate",
        Stimulus,
        cell.guest.probe("stimulate", "registry_change", "--nonce", nonce, repeatable=True),
    )
    facts = given.facts | {"nonce": nonce}
    columns = {column: pattern.format(**facts) for column, pattern in telemetry.columns.items()}
    with cell.recorder.stopwatch.waiting():
        event = cell.backend.wait_event(
            cell.cell.id, telemetry.query, columns, cell.within(push.deadline_s), action=telemetry.action
        )
    cell.guest.probe("unstimulate", "registry_change", "--nonce", nonce, repeatable=True)
    cell.backend.configure(cell.cell.id, push.changed or push.base)
    assert event is not None, (
        f"With an invalid configuration pushed the last good one is no longer in force: {telemetry.query!r}"
        " reports nothing."
    )


@check("A live query is answered", backend=[BackendFeature.LIVE_QUERY])
def test_live_query(cell: CellSession, timeline: Timeline) -> None:
    query = cell.profile.live_query
    if query is None:
        raise NotApplicable("the profile declares no live query")
    deadline = cell.within(query.deadline_s)
    with cell.recorder.stopwatch.waiting():
        rows = cell.backend.ask(cell.cell.id, query.sql, deadline)
    assert rows is not None, f"{query.sql!r} was not answered within {deadline.length_s:g} s."
    assert rows, f"{query.sql!r} was answered with no row."
    for column, template in query.expect.items():
        expected = timeline.render(template)
        assert rows[0].get(column) == expected, (
            f"{query.sql!r} answered {column}={rows[0].get(column)!r}, expected {expected!r}."
        )


@check("Isolating the host is confirmed", backend=STATUS)
def test_isolation(cell: CellSession, timeline: Timeline) -> None:
    _act(cell, timeline, "isolate")


@check("Releasing the host is confirmed", backend=STATUS)
def test_release(cell: CellSession, timeline: Timeline) -> None:
    _act(cell, timeline, "release")


@check(
    "An isolated host reaches nothing but its backend", backend=STATUS, needs=[Capability.ISOLATION_ENFORCED]
)
def test_isolation_enforced(cell: CellSession, timeline: Timeline) -> None:
    if not _reaches_a_neighbour(cell):
        raise NotApplicable(f"this lab's network has no neighbour {NEIGHBOUR} that isolation could hide")
    _act(cell, timeline, "isolate")
    try:
        assert not _reaches_a_neighbour(cell), f"The isolated host still reaches {NEIGHBOUR}."
        with cell.recorder.stopwatch.waiting():
            seen = cell.backend.wait_seen(cell.cell.id, cell.within(30), after=time.time())
        assert seen is not None, "The isolated host no longer reaches its backend."
    finally:
        _act(cell, timeline, "release")
    assert _reaches_a_neighbour(cell), f"The released host does not reach {NEIGHBOUR} again."


@check("Events, answers and confirmations were sent without a mistake in the protocol")
def test_protocol(cell: CellSession, timeline: Timeline) -> None:
    _ = timeline.endpoint
    assert_understood(cell)


def _reaches_a_neighbour(cell: CellSession) -> bool:
    return cell.guest.run(["ping", "-n", "1", "-w", "1000", NEIGHBOUR], timeout_s=30, repeatable=True).ok


def _act(cell: CellSession, timeline: Timeline, name: str) -> None:
    action: ResponseAction | None = cell.profile.response_actions.get(name)
    if action is None:
        raise NotApplicable(f"the profile declares no response action {name!r}")
    _ = timeline.endpoint
    asked_at = cell.backend.configure(cell.cell.id, action.configuration)
    deadline = cell.within(action.deadline_s)
    with cell.recorder.stopwatch.waiting():
        line = cell.backend.wait_status(cell.cell.id, action.status_contains, deadline, after=asked_at)
    assert line is not None, (
        f"Asked to {name}, the agent did not report {action.status_contains!r} within {deadline.length_s:g} s."
    )
    cell.note("status", line.message)


def _push(cell: CellSession, timeline: Timeline) -> ConfigurationPush:
    _ = timeline.endpoint
    if cell.profile.configuration is None:
        raise NotApplicable("the profile declares no configuration")
    return cell.profile.configuration

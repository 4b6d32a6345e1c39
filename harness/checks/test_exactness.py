"""Events once each, with the right time, through an outage and a burst, with any letters."""

from collections import Counter, defaultdict

from harness.backend.interface import BackendFeature
from harness.cell.check import Blocked, NotApplicable, check
from harness.cell.declared import telemetry_of_one
from harness.cell.session import CellSession
from harness.checks.event_times import fits, matching, stamped_at_sending
from harness.checks.expectation import listed, mismatch
from harness.lifecycle.burst import KIND, Burst
from harness.lifecycle.outage import KINDS, Outage
from harness.lifecycle.reported import columns_of
from harness.lifecycle.stimulus import Stimulated
from harness.lifecycle.timeline import Timeline
from harness.lifecycle.withheld import echoed, frames, invented
from harness.model.profile import AgentProfile
from harness.model.report import Phase

PHASE = Phase.FUNCTIONS
EVENTS = [BackendFeature.TELEMETRY]
AFRESH_S = 2.5
"""An agent that is restarted tells afresh what is there, and may do so within the second in which it told it first."""


def _any_telemetry(profile: AgentProfile) -> str:
    return "" if profile.telemetry else "the profile declares no telemetry"


@check("Every event arrives once", declared=_any_telemetry, backend=EVENTS)
def test_exactly_once(cell: CellSession, stimulated: Stimulated) -> None:
    doubled, looked_at = [], 0
    for name in _arrived(stimulated):
        expected = cell.profile.telemetry[name]
        repeats = name == KIND if expected.may_repeat is None else expected.may_repeat
        if expected.action == "snapshot" or repeats:
            continue
        looked_at += 1
        found = matching(cell, name, stimulated.columns(name))
        most = max(Counter((event.epoch, tuple(sorted(event.columns.items()))) for event in found).values())
        if most > 1:
            doubled.append(f"{name} {most} times")
    if not looked_at:
        raise NotApplicable("every kind of event that arrived may be told of more than once")
    cell.note("kinds of events", looked_at)
    assert not doubled, mismatch("every event arrives once", f"{listed(doubled)}")
    again = _sent_again(cell)
    assert not again, mismatch("every event arrives once", f"sent again as they were: {listed(again)}")


@check("Events say when they happened", declared=_any_telemetry, backend=EVENTS)
def test_event_time(cell: CellSession, stimulated: Stimulated, outage: Outage) -> None:
    given, wrong, told = stimulated.guest_clock(), [], 0
    for name in _arrived(stimulated):
        stated = stimulated.arrived[name].unix_time
        if stated is None:
            continue
        told += 1
        latest_s = cell.within(cell.profile.telemetry[name].deadline_s).length_s
        if not fits(stated, given, latest_s):
            wrong.append(f"{name} {stated - given[0]:+.0f} s")
    if not told:
        raise NotApplicable("its events state no time")
    if delayed_s := stamped_at_sending(cell, stimulated, outage):
        wrong.append(f"of all that happened in an outage {delayed_s:+.0f} s, which is when it was sent")
    assert not wrong, mismatch(
        "each event's time is that of what it tells of", f"it is another: {listed(wrong)}"
    )


@check(
    "What happens during an outage is reported after it, once",
    declared=telemetry_of_one(KINDS),
    backend=[*EVENTS, BackendFeature.FAULTS],
    requires=["check-in.recovers"],
)
def test_outage(cell: CellSession, outage: Outage) -> None:
    stimulus = outage.ended.stimulus
    assert stimulus is not None, mismatch("something happens during the outage", "nothing did")
    expected = cell.profile.telemetry[stimulus.name]
    columns = columns_of(expected.columns, stimulus)
    deadline = cell.within(expected.deadline_s)
    with cell.recorder.stopwatch.waiting():
        event = cell.backend.wait_event(
            cell.cell.id, expected.query, columns, deadline, action=expected.action
        )
    missing, more = outage.missing(deadline), len(outage.ended.more)
    assert event is not None or missing < more, mismatch(
        f"the {stimulus.name.replace('_', ' ')} during {outage.ended.words} is reported after it",
        "it never was",
    )
    lost = missing + (event is None)
    assert not lost, mismatch(
        f"all of {more + 1} changes during {outage.ended.words} are reported after it", f"{lost} never were"
    )
    if expected.action != "snapshot" and stimulus.name != KIND:
        found = len(matching(cell, stimulus.name, columns))
        assert found == 1, mismatch("it is reported once", f"{found} times")


@check("Events carry the name of the endpoint that enrolled", declared=_any_telemetry, backend=EVENTS)
def test_own_events(cell: CellSession, timeline: Timeline) -> None:
    own = timeline.endpoint.host_identifier
    named = Counter(event.host_identifier for event in cell.backend.events(cell.cell.id))
    named.pop("", None)
    if not named:
        raise NotApplicable("its events name no host")
    others = {name: count for name, count in named.items() if name.casefold() != own.casefold()}
    assert not others, mismatch(
        f"events carry {own!r}, the endpoint's name",
        f"{sum(others.values())} carry another: {listed(map(repr, others))}",
    )


@check("Nothing is reported that did not happen", declared=_any_telemetry, backend=EVENTS)
def test_nothing_invented(cell: CellSession, stimulated: Stimulated, burst: Burst, outage: Outage) -> None:
    _arrived(stimulated)
    telemetry, given = cell.profile.telemetry, stimulated.given
    if not any(frames(telemetry[name], each) for name, each in given.items()):
        raise NotApplicable("no column that the profile names tells the harness's own places from others")
    events = cell.backend.events(cell.cell.id)
    cell.note("rows looked at", len(events))
    tokens = outage.tokens()
    tokens[KIND] = [*tokens.get(KIND, []), *burst.tokens()]
    found = invented(events, telemetry, given, stimulated.token)
    found += echoed(events, telemetry, given, tokens)
    assert not found, mismatch(
        "nothing is reported but what happened", f"this never did: {listed(set(found))}"
    )


def _sent_again(cell: CellSession) -> list[str]:
    """Rows that came twice word for word, with the same time: whole messages that were sent once more."""
    repeating = {
        telemetry.query
        for name, telemetry in cell.profile.telemetry.items()
        if (name == KIND if telemetry.may_repeat is None else telemetry.may_repeat)
    }
    came = defaultdict(list)
    for event in cell.backend.events(cell.cell.id):
        if event.unix_time is not None and event.action != "snapshot" and event.query not in repeating:
            columns = tuple(sorted(event.columns.items()))
            came[event.query, event.action, event.unix_time, event.counter, columns].append(event.received_at)
    by_query = Counter(row[0] for row, times in came.items() if times[-1] - times[0] > AFRESH_S)
    return [f"{count} rows of query {query!r}" for query, count in by_query.items()]


def _arrived(stimulated: Stimulated) -> list[str]:
    if not stimulated.arrived:
        raise Blocked(
            "blocked by functions.process_start and the like: no event arrived", "functions.process_start"
        )
    return sorted(stimulated.arrived)

"""Events once each, with the right time, through an outage and a burst, with any letters."""

from collections import Counter

from harness.backend.interface import BackendFeature, Event, Fact
from harness.backend.matching import event_matches
from harness.cell.check import Blocked, NotApplicable, check
from harness.cell.declared import telemetry, telemetry_of_one
from harness.cell.session import CellSession
from harness.checks.expectation import listed, mismatch
from harness.checks.protocol import known_to_tell
from harness.lifecycle.burst import FOREIGN_KINDS, KIND, LONG, LONG_KINDS, Burst, tells_all
from harness.lifecycle.outage import KINDS, Outage
from harness.lifecycle.stimulus import Stimulated
from harness.lifecycle.withheld import echoed, frames, invented
from harness.model.profile import AgentProfile
from harness.model.report import Phase
from harness.probe.answers.stimulus import Stimulus

PHASE = Phase.FUNCTIONS
EVENTS = [BackendFeature.TELEMETRY]
EARLY_S = 2.0
"""What an agent's time may lie before the stimulus: clocks tick in whole seconds."""


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
        found = _matching(cell, name, stimulated.columns(name))
        most = max(Counter((event.epoch, tuple(sorted(event.columns.items()))) for event in found).values())
        if most > 1:
            doubled.append(f"{name} {most} times")
    if not looked_at:
        raise NotApplicable("every kind of event that arrived may be told of more than once")
    cell.note("kinds of events", looked_at)
    assert not doubled, mismatch("every event arrives once", f"{listed(doubled)}")


@check("Events say when they happened", declared=_any_telemetry, backend=EVENTS)
def test_event_time(cell: CellSession, stimulated: Stimulated) -> None:
    happened, wrong, told = stimulated.guest_clock(), [], 0
    for name in _arrived(stimulated):
        stated = stimulated.arrived[name].unix_time
        if stated is None:
            continue
        told += 1
        latest_s = cell.within(cell.profile.telemetry[name].deadline_s).length_s
        if not -EARLY_S <= stated - happened <= latest_s + EARLY_S:
            wrong.append(f"{name} {stated - happened:+.0f} s")
    if not told:
        raise NotApplicable("its events state no time")
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
    facts = stimulus.facts | {"nonce": stimulus.nonce}
    columns = {column: pattern.format(**facts) for column, pattern in expected.columns.items()}
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
        found = len(_matching(cell, stimulus.name, columns))
        assert found == 1, mismatch("it is reported once", f"{found} times")


@check(
    "A burst of events arrives whole",
    declared=telemetry(KIND),
    backend=EVENTS,
    requires=[f"functions.{KIND}"],
)
def test_burst(cell: CellSession, burst: Burst) -> None:
    missing, given = burst.missing()
    cell.note("arrived", f"{given - missing} of {given}")
    assert not missing, mismatch(
        f"all of {given} files changed at once are reported", f"{missing} never were"
    )


@check(
    "Names in any alphabet arrive as they are",
    declared=telemetry_of_one(FOREIGN_KINDS),
    backend=EVENTS,
)
def test_foreign_names(burst: Burst) -> None:
    lost = [f"{stimulus.name} {_name(stimulus)}" for stimulus, event in burst.foreign() if event is None]
    assert not lost, mismatch("each name arrives as it is", f"never reported: {listed(lost)}")


@check(
    "Long command lines and values arrive to their end",
    declared=lambda profile: _any_long(profile),
    backend=EVENTS,
)
def test_long_texts(burst: Burst) -> None:
    lost = [stimulus.name.replace("_", " ") for stimulus, event in burst.long() if event is None]
    assert not lost, mismatch(
        f"a text of more than {LONG} characters is reported to its end", f"never reported so: {listed(lost)}"
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


def _any_long(profile: AgentProfile) -> str:
    if any(tells_all(profile.telemetry.get(kind)) for kind in LONG_KINDS):
        return ""
    return "the profile declares no telemetry that tells of command lines or values"


def _arrived(stimulated: Stimulated) -> list[str]:
    if not stimulated.arrived:
        raise Blocked(
            "blocked by functions.process_start and the like: no event arrived", "functions.process_start"
        )
    return sorted(stimulated.arrived)


def _matching(cell: CellSession, name: str, columns: dict[str, str]) -> list[Event]:
    expected = cell.profile.telemetry[name]
    if expected.action != "added":
        known_to_tell(cell, Fact.ACTION)
    found = cell.backend.events(cell.cell.id, expected.query)
    return [event for event in found if event_matches(event, expected.query, columns, expected.action)]


def _name(stimulus: Stimulus) -> str:
    facts = stimulus.facts
    if stimulus.name == "process_start":
        return f"with {facts.get('nonce', '')} on its command line"
    return facts.get("path") or facts.get("name", "")

"""When events say that they were, beside when they were sent."""

from collections.abc import Sequence

from harness.backend.interface import Event, Fact
from harness.backend.matching import event_matches
from harness.cell.session import CellSession
from harness.checks.protocol import known_to_tell
from harness.lifecycle.outage import LONGEST_S, Ended, Held, Outage
from harness.lifecycle.reported import columns_of, reported
from harness.lifecycle.stimulus import Stimulated

SAME_S = 1.25
"""What may lie between two times that are the same: an event's has whole seconds."""
CUT_OFF_S = 1.0
"""By which events that state whole seconds say too early a time."""
EARLY_S = 2.0
"""What an agent's time may lie before the stimulus: clocks tick in whole seconds."""


def matching(cell: CellSession, name: str, columns: dict[str, str]) -> list[Event]:
    """Every event that tells of this stimulus."""
    expected = cell.profile.telemetry[name]
    if expected.action != "added":
        known_to_tell(cell, Fact.ACTION)
    found = cell.backend.events(cell.cell.id, expected.query)
    return [event for event in found if event_matches(event, expected.query, columns, expected.action)]


def fits(stated: float, given: tuple[float, float], latest_s: float) -> bool:
    """Whether an event's time is that of what was done between these two, and noticed `latest_s` later at most. Pure."""
    first, last = given
    return first - EARLY_S <= stated <= last + latest_s + EARLY_S


def stamped_at_sending(cell: CellSession, stimulated: Stimulated, outage: Outage) -> float:
    """How much later than it happened all that happened during the outage says that it was, if that is when it was sent.

    0 where an event says an earlier time, or where the agent may well have noticed only then.
    """
    if (
        not outage.made
        or (stimulus := outage.ended.stimulus) is None
        or stimulus.name not in stimulated.arrived
    ):
        return 0.0
    ended, expected = outage.ended, cell.profile.telemetry[stimulus.name]
    usual_s = stimulated.arrived[stimulus.name].received_at - stimulated.given_by
    pushed = cell.profile.configuration
    # What is looked for every half a minute may have been noticed as late as that, whenever the first one was. Where
    # nobody says how often it is looked for, the profile says at least until when it is told.
    interval_s = (pushed.interval_s(expected.query) if pushed else 0.0) or expected.deadline_s
    noticed_s = cell.within(max(usual_s + EARLY_S, interval_s)).length_s
    times = _stated_and_sent(cell, stimulus.name, ended)
    if not all_at_sending(times):
        return 0.0
    if noticed_s > LONGEST_S:
        return late_by(times, noticed_s)
    # It may be either, also where it is late: a busy host makes an agent notice late, but hardly twice. What happens in
    # an outage that is longer than it takes to notice it tells them apart.
    held = outage.hold(noticed_s + SAME_S + CUT_OFF_S)
    cell.note("held in an outage once more", f"for {noticed_s + SAME_S + CUT_OFF_S:.1f} s")
    deadline = cell.within(expected.deadline_s)
    with cell.recorder.stopwatch.waiting():
        for each in held.stimuli:
            reported(cell, each, deadline)
    return late_by(_stated_and_sent(cell, stimulus.name, held), noticed_s)


def _stated_and_sent(cell: CellSession, name: str, outage: Ended | Held) -> list[tuple[float | None, float]]:
    """Of each event that tells of the outage's stimuli: when it says that it was and when it came, in s since then."""
    patterns = cell.profile.telemetry[name].columns
    return [
        (
            None if event.unix_time is None else event.unix_time - outage.happened,
            event.received_at - outage.happened_at,
        )
        for each in outage.stimuli
        for event in matching(cell, name, columns_of(patterns, each))
    ]


def late_by(times: Sequence[tuple[float | None, float]], noticed_s: float) -> float:
    """Of events by when they say that they were and when they came, the least that all are late by; 0 if one is right.

    In seconds since what they tell of; `noticed_s`: as late as that an agent may notice it. Pure.
    """
    late = []
    for stated_s, sent_s in times:
        if stated_s is None or stated_s <= noticed_s or sent_s - stated_s > SAME_S:
            return 0.0
        late.append(stated_s)
    return min(late, default=0.0)


def all_at_sending(times: Sequence[tuple[float | None, float]]) -> bool:
    """Whether each event says that it was when it came, so that one cannot tell what it means. Pure."""
    return bool(times) and all(
        stated_s is not None and sent_s - stated_s <= SAME_S for stated_s, sent_s in times
    )

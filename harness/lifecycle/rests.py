"""Whether a thread of the agent that rests otherwise does not, for as long as something lasts."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from harness.lifecycle.footprint import seen_by_host
from harness.lifecycle.timeline import Timeline
from harness.machines.capabilities import ThreadUse

RESTS_PER_S = 50.0
"""So often, in each second that it ran, a busy loop rests at most."""
ALWAYS = 0.5
"""A thread that could have run for this part of its life before is as busy as ever."""
LEAST_S = 1.0
"""A shorter look tells nothing."""


@dataclass(frozen=True)
class Look:
    """All threads of the agent at one moment."""

    at_s: float
    threads: Mapping[int, ThreadUse]


def look(timeline: Timeline) -> Look | None:
    """As the machine's host sees them, without a question to the guest; None where it does not."""
    uses = seen_by_host(timeline.inspection, timeline.session)
    if uses is None:
        return None
    return Look(time.monotonic(), {number: each for use in uses for number, each in use.threads.items()})


def busiest(before: Look | None, after: Look | None) -> float | None:
    """How much of the time, in per cent, the busiest thread ran or waited for a processor between the looks. Pure.

    One that rests again and again is none, and neither is one that was as busy before. None where nobody looked, or for
    too short.
    """
    if before is None or after is None or (lasted_s := after.at_s - before.at_s) < LEAST_S:
        return None
    return max(
        (_busy(before.threads.get(number), each, lasted_s) for number, each in after.threads.items()),
        default=0.0,
    )


def _busy(was: ThreadUse | None, now: ThreadUse, lasted_s: float) -> float:
    was = was or ThreadUse(ran_s=0.0, waited_s=0.0, rests=0, lived_s=0.0)
    if was.lived_s > LEAST_S and was.ran_s + was.waited_s > ALWAYS * was.lived_s:
        return 0.0
    ran_s = now.ran_s - was.ran_s
    if now.rests - was.rests > RESTS_PER_S * ran_s:
        return 0.0
    return 100 * (ran_s + now.waited_s - was.waited_s) / max(LEAST_S, min(lasted_s, now.lived_s))

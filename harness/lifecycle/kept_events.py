"""What happens while the backend fails, before the services are stopped: only what the agent has noticed can be kept."""

import time

from harness.backend.trouble import Troubles
from harness.cell.session import CellSession
from harness.lifecycle.outage import LONGEST_S, SINCE
from harness.lifecycle.reports_on import KIND, change
from harness.lifecycle.timeline import Timeline
from harness.model.deadline import Deadline
from harness.probe.answers.stimulus import Stimulus

LATE = 1.25
"""A busy agent looks somewhat later than its schedule says."""


def looks_each_s(session: CellSession) -> float:
    """How many seconds the agent may need to notice a changed file: as its query is scheduled.

    Where nobody says how often it runs, the profile says at least until when the change is told.
    """
    telemetry, push = session.profile.telemetry[KIND], session.profile.configuration
    return session.within(
        (push.interval_s(telemetry.query) if push else 0.0) or telemetry.deadline_s
    ).length_s


def change_noticed(timeline: Timeline, backend: Troubles, given: list[str]) -> Stimulus | None:
    """Change a file in an outage that the agent has met, and hold the outage until the agent must have noticed that.

    `given`: takes the nonce of the change, which the caller undoes. None where the agent looks too seldom to be waited
    for (nothing is changed then), or comes too seldom: nobody knows whether it has noticed anything.
    """
    session, cell = timeline.session, timeline.session.cell.id
    looks_s = looks_each_s(session)
    if looks_s > LONGEST_S:
        return None
    made, made_at = change(timeline, given), time.monotonic()
    deadline = session.within(session.profile.check_in.heartbeat_s)
    with session.recorder.stopwatch.waiting():
        comes = backend.wait_failures(cell, 1 + SINCE, deadline)
        if comes and (rest_s := made_at + LATE * looks_s - time.monotonic()) > 0:
            Deadline.after(rest_s).pause(rest_s)
    return made if comes else None

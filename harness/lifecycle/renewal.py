"""One more enrolment for each cell: the backend no longer knows the agent, and at first does not let it in either."""

import time
from dataclasses import dataclass

from harness.backend.interface import Endpoint, FaultKind
from harness.backend.trouble import Troubles
from harness.lifecycle.once import once
from harness.lifecycle.timeline import Timeline
from harness.model.deadline import Deadline


@dataclass(frozen=True)
class Renewed:
    """What it showed."""

    before: Endpoint
    again: Endpoint | None
    """The agent enrolled anew; None if it did not in time."""
    failed: tuple[float, ...]
    """When enrolments failed before that, in seconds since the epoch."""
    deadline_s: float
    took_s: float = 0.0
    """From the moment at which the backend was to say so to the enrolment."""

    @property
    def rate(self) -> float:
        """Failed enrolments per second from the first to the last; 0 where there are too few to tell. Pure."""
        return pace(self.failed)


def pace(moments: tuple[float, ...]) -> float:
    """How many of these came per second, from the first to the last; 0 for less than three. Pure."""
    lasted_s = moments[-1] - moments[0] if len(moments) > 2 else 0.0
    return (len(moments) - 1) / lasted_s if lasted_s else 0.0


class Renewal:
    """Made when the first check asks for it."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._session = timeline.session

    @once
    def made(self) -> Renewed:
        """Say that the node is unknown, let enrolments fail for a moment where the backend can, and wait for the next.

        An agent may take as long as at its first enrolment, and one pause more for those that failed.
        """
        session, cell = self._session, self._session.cell.id
        backend, check_in = session.backend, session.profile.check_in
        before = self._timeline.endpoint
        known = backend.wait_enrolled(cell, Deadline.after(0.1)) or before
        fails = isinstance(backend, Troubles)
        deadline = session.patience(check_in.deadline_s + (check_in.heartbeat_s if fails else 0))
        with self._timeline.provoking(), session.recorder.stopwatch.waiting():
            session.disturb()
            began = time.time()
            if isinstance(backend, Troubles):
                backend.fail_enrolments(cell, check_in.requests_per_s)
            backend.misbehave(cell, FaultKind.NODE_INVALID)
            again = backend.wait_enrolled(cell, deadline, after=known.enrolled_at)
        failed = tuple(backend.failed_enrolments(cell)) if isinstance(backend, Troubles) else ()
        took_s = again.enrolled_at - began if again is not None else deadline.length_s
        return Renewed(before, again, failed, deadline.length_s, took_s)

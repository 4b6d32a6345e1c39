"""One more enrolment for each cell: the backend no longer knows the agent, and at first does not let it in either.

An agent that comes again soon meets another certificate meanwhile: it is not to enrol with whoever answers.
"""

import time
from dataclasses import dataclass

from harness.backend.interface import Endpoint, FaultKind
from harness.backend.trouble import Troubles
from harness.lifecycle.once import once
from harness.lifecycle.stranger import PAUSES_GROW, SENDS_S
from harness.lifecycle.timeline import Timeline
from harness.model.deadline import Deadline

QUICK = 2
"""So many enrolments that fail within `QUICK_S` make an agent one that comes again soon."""
QUICK_S = 2.0
COMES_S = 4.0
"""Such an agent is at the other certificate within so long, or is shown none."""


@dataclass(frozen=True)
class Renewed:
    """What it showed."""

    before: Endpoint
    again: Endpoint | None
    """The agent enrolled anew; None if it did not in time."""
    failed: tuple[float, ...]
    """When enrolments failed before that, in seconds since the epoch."""
    deadline_s: float
    met: int = 0
    """Handshakes with another certificate while it had to enrol."""
    told: str = ""
    """The first request that it sent all the same."""

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
            if isinstance(backend, Troubles):
                backend.fail_enrolments(cell, check_in.requests_per_s)
            backend.misbehave(cell, FaultKind.NODE_INVALID)
            met, told, more_s = self._meets_a_stranger(known, deadline)
            if more_s:
                deadline = session.patience(check_in.deadline_s + check_in.heartbeat_s + more_s)
            again = backend.wait_enrolled(cell, deadline, after=known.enrolled_at)
        failed = tuple(backend.failed_enrolments(cell)) if isinstance(backend, Troubles) else ()
        return Renewed(before, again, failed, deadline.length_s, met, told)

    def _meets_a_stranger(self, known: Endpoint, deadline: Deadline) -> tuple[int, str, float]:
        """Show another certificate to an agent that comes again soon after its first enrolments failed.

        How often it was shown, the first request that was sent to it, and how much longer the agent may take then. One
        that comes seldom is waited for no longer than until it has enrolled.
        """
        backend, cell = self._session.backend, self._session.cell.id
        if not isinstance(backend, Troubles):
            return 0, "", 0.0
        before = len(backend.enrolled(cell).hosts)
        backend.wait_failed_enrolments(cell, QUICK, deadline, after=known.enrolled_at)
        failed = backend.failed_enrolments(cell)
        if len(failed) < QUICK or failed[QUICK - 1] - failed[0] > QUICK_S:
            return 0, "", 0.0
        began = time.monotonic()
        with backend.impostor() as impostor:
            late = len(backend.enrolled(cell).hosts) > before
            if impostor.wait(1, Deadline.after(COMES_S)):
                impostor.wait(QUICK, Deadline.after(SENDS_S))
            told = next(iter(impostor.trusted.values()), "")
            shown = impostor.shown
        lasted_s = time.monotonic() - began
        if late:  # what it met it met at a poll
            shown, told = 0, ""
        return shown, told, self._session.profile.check_in.heartbeat_s + PAUSES_GROW * lasted_s

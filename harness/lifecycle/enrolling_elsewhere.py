"""One enrolment more for each cell, in which the agent meets another certificate first, and then in turns with its own.

What its polls meet says nothing of how it enrols, or reports, which may be another program's work. It is told that it is
unknown, and whoever is told so enrols; where each second connection meets its own backend, everything else comes after.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from harness.backend.interface import Endpoint
from harness.backend.trouble import Troubles
from harness.cell.check import NotApplicable
from harness.lifecycle.once import once
from harness.lifecycle.renewal import Renewal
from harness.lifecycle.timeline import Timeline

SOON_S = 6.0
"""An agent that took longer to enrol again is not asked to once more: others would wait for it."""
COMES_S = 4.0
"""So long an agent that has to enrol is waited for, at either certificate."""
TIMES = 6
"""Handshakes with another certificate that are waited for: two of its enrolment, and one of each kind of request."""
TURNS_S = 1.5
"""So long they are waited for, once there was one."""
ENROLS = "/enroll"
"""How the path of an enrolment ends."""
PAUSES_GROW = 2.0
"""An agent that doubles its pauses may wait once more for as long as it was refused, and somewhat longer."""


@dataclass(frozen=True)
class MetEnrolling:
    """What it showed."""

    shown: int
    """Handshakes with another certificate."""
    told: Sequence[str]
    """What was sent then all the same, as `POST /path`."""
    again: Endpoint | None
    """The agent enrolled at its own backend after it; None if it did not in time."""
    deadline_s: float

    @property
    def enrolled_there(self) -> Sequence[str]:
        """What was sent to enrol."""
        return [each for each in self.told if each.endswith(ENROLS)]

    @property
    def sent_there(self) -> Sequence[str]:
        """What else was."""
        return [each for each in self.told if not each.endswith(ENROLS)]


class EnrollingElsewhere:
    """Made when the first check asks for it, after `renewal`, whose counts it does not touch."""

    def __init__(self, timeline: Timeline, renewal: Renewal) -> None:
        self._timeline, self._renewal = timeline, renewal
        self._session = timeline.session

    @once
    def made(self) -> MetEnrolling | None:
        """Turn the agent away, show it other certificates, let it in; None for one that is slow to come.

        Raises `NotApplicable` where the backend has one certificate only.
        """
        session, cell = self._session, self._session.cell.id
        backend, check_in = session.backend, session.profile.check_in
        if not isinstance(backend, Troubles):
            raise NotApplicable(f"backend {backend.name} has one certificate only")
        if self._renewal.made.took_s > session.within(SOON_S).length_s:
            return None
        shown, began = 0, time.time()
        sent: Sequence[str] = ()
        with self._timeline.provoking(), session.recorder.stopwatch.waiting():
            session.disturb()
            backend.turn_away(cell)
            try:
                # Only one that has asked in vain enrols: others may not have heard of it yet.
                if backend.wait_turned_away(cell, session.within(check_in.heartbeat_s)):
                    with backend.impostor(in_turns=True) as impostor:
                        backend.let_in(cell)
                        if impostor.wait(1, session.within(COMES_S)):
                            impostor.wait(TIMES, session.within(TURNS_S))
                        shown, sent = impostor.shown, impostor.told
            finally:
                told = backend.let_in(cell)
            if not told:
                return None
            more_s = check_in.heartbeat_s + PAUSES_GROW * (time.time() - began)
            deadline = session.patience(check_in.deadline_s + more_s)
            again = backend.wait_enrolled(cell, deadline, after=began)
        return MetEnrolling(shown, sent, again, deadline.length_s)

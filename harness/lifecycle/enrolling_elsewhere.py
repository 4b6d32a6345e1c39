"""One enrolment more for each cell, in which the agent meets another certificate first, and then in turns with its own.

What its polls meet says nothing of how it enrols, or reports, which may be another program's work. It is told that it is
unknown, and whoever is told so enrols; where each second connection meets its own backend, everything else comes after.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from harness.backend.interface import Endpoint
from harness.backend.trouble import PAUSES_GROW, Impostor, Troubles
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
SLOW = f"told that it is unknown, it takes more than {SOON_S:g} s to enrol: too long to be shown another certificate"
NOT_TOLD = "in {:.0f} s it did not come to be told that it is unknown"


@dataclass(frozen=True)
class MetEnrolling:
    """What it showed."""

    shown: int
    """Handshakes with another certificate."""
    since: int
    """Of them those that came after it had enrolled again, each after one with its own."""
    told: Sequence[str]
    """What was sent to them all the same, as `POST /path`."""
    served: Sequence[str]
    """What was sent to its own certificate meanwhile."""
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
    def made(self) -> MetEnrolling:
        """Turn the agent away, show it other certificates, let it in.

        Raises `NotApplicable` for an agent that is slow to come, and where the backend has one certificate only.
        """
        session, cell = self._session, self._session.cell.id
        backend, check_in = session.backend, session.profile.check_in
        if not isinstance(backend, Troubles):
            raise NotApplicable(f"backend {backend.name} has one certificate only")
        if self._renewal.made.took_s > session.within(SOON_S).length_s:
            raise NotApplicable(SLOW)
        impostor: Impostor | None = None
        began, until = time.time(), session.within(check_in.heartbeat_s)
        with self._timeline.provoking(), session.recorder.stopwatch.waiting():
            session.disturb()
            backend.turn_away(cell)
            try:
                # Only one that has asked in vain enrols: others may not have heard of it yet.
                if backend.wait_turned_away(cell, until):
                    session.disturb()  # once more: others of its programs were in touch all the time
                    with backend.impostor(in_turns=True) as impostor:
                        backend.let_in(cell)
                        if impostor.wait(1, session.within(COMES_S)):
                            impostor.wait(TIMES, session.within(TURNS_S))
                    if impostor.shown or impostor.resumed:
                        session.disturb()  # it may wait for long since it refused the last one
            finally:
                told = backend.let_in(cell)
            if not told:
                raise NotApplicable(NOT_TOLD.format(until.length_s))
            more_s = check_in.heartbeat_s + PAUSES_GROW * (time.time() - began)
            deadline = session.patience(check_in.deadline_s + more_s)
            again = backend.wait_enrolled(cell, deadline, after=began)
        if impostor is None:
            return MetEnrolling(0, 0, (), (), again, deadline.length_s)
        since = impostor.shown_since(again.enrolled_at) if again is not None else 0
        return MetEnrolling(impostor.shown, since, impostor.told, impostor.served, again, deadline.length_s)

"""One enrolment more for each cell, in which the agent meets other certificates first.

What its polls meet says nothing of how it enrols, which may be another program's work. It is told that it is unknown,
and whoever is told so enrols.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from harness.backend.interface import Endpoint
from harness.backend.trouble import Presented, Troubles
from harness.cell.check import NotApplicable
from harness.lifecycle.once import once
from harness.lifecycle.renewal import Renewal
from harness.lifecycle.timeline import Timeline
from harness.model.deadline import Deadline

SOON_S = 6.0
"""An agent that took longer to enrol again is not asked to once more: others would wait for it."""
COMES_S = 4.0
"""So long an agent that has to enrol is waited for, at either certificate."""
TIMES = 2
"""Handshakes with another certificate that are waited for: the first is of another authority."""
SENDS_S = 0.5
"""What is sent after a handshake comes within so long."""
PAUSES_GROW = 2.0
"""An agent that doubles its pauses may wait once more for as long as it was refused, and somewhat longer."""


@dataclass(frozen=True)
class MetEnrolling:
    """What it showed."""

    shown: int
    """Handshakes with another certificate while it had to enrol."""
    trusted: Mapping[Presented, str]
    """One that was trusted → the first request that was sent then."""
    again: Endpoint | None
    """The agent enrolled at its own backend after it; None if it did not in time."""
    deadline_s: float


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
        trusted: Mapping[Presented, str] = {}
        with self._timeline.provoking(), session.recorder.stopwatch.waiting():
            session.disturb()
            backend.turn_away(cell)
            try:
                # Only one that has asked in vain enrols: others may not have heard of it yet.
                if backend.wait_turned_away(cell, session.within(check_in.heartbeat_s)):
                    with backend.impostor() as impostor:
                        if impostor.wait(1, session.within(COMES_S)):
                            impostor.wait(TIMES, Deadline.after(SENDS_S))
                        shown, trusted = impostor.shown, impostor.trusted
            finally:
                told = backend.let_in(cell)
            if not told:
                return None
            more_s = check_in.heartbeat_s + PAUSES_GROW * (time.time() - began)
            deadline = session.patience(check_in.deadline_s + more_s)
            again = backend.wait_enrolled(cell, deadline, after=began)
        return MetEnrolling(shown, trusted, again, deadline.length_s)

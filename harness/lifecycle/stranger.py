"""One meeting with a stranger for each cell: for a while the backend shows certificates that are not its own."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from harness.backend.interface import Backend
from harness.backend.seen import Sees
from harness.backend.trouble import PAUSES_GROW, Presented, Troubles
from harness.cell.check import NotApplicable
from harness.lifecycle.once import once
from harness.lifecycle.timeline import Timeline
from harness.model.deadline import Deadline

SENDS_S = 0.5
"""What is sent after a handshake comes within so long."""
PACE_S = 1.5
"""For so long at least it is counted how often an agent tries."""
TIMES = 4
"""Handshakes with another certificate that are waited for: the first three each have something else wrong with theirs,
and some agents trust a stranger who comes often enough."""


@dataclass(frozen=True)
class Met:
    """What it showed."""

    shown: int
    """Handshakes with another certificate."""
    resumed: int
    """Handshakes that were to show one, and were cut off because they resumed a session."""
    shown_as: Mapping[Presented, int]
    """The same by certificate."""
    lasted_s: float
    trusted: Mapping[Presented, str]
    """One that was trusted → the first request that was sent then."""
    deadline_s: float
    """How long it had to come."""
    seen: bool
    """Whether it was seen once its own certificate was shown again."""
    again_s: float
    """How long it had for that."""
    plain: int
    """Requests without TLS that came meanwhile."""
    silent_s: float
    """From the beginning to the end of all waiting."""


class Stranger:
    """Met when the first check asks for it."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._session = timeline.session

    @once
    def met(self) -> Met:
        """Show other certificates, then its own again. Raises `NotApplicable` where the backend has one only."""
        session, backend = self._session, self._session.backend
        if not isinstance(backend, Troubles):
            raise NotApplicable(f"backend {backend.name} has one certificate only")
        renewed = session.profile.check_in.outlives_renewal
        times = TIMES + renewed
        with (
            self._timeline.provoking(),
            backend.impostor(renewed=renewed) as impostor,
            session.recorder.stopwatch.waiting(),
        ):
            began, since = time.monotonic(), time.time()
            before = _plain(backend, session.cell.id)
            deadline = session.within(max(PACE_S, session.profile.check_in.heartbeat_s))
            if impostor.wait(times, deadline):
                impostor.wait(times + 1, Deadline.after(SENDS_S))
            elif impostor.resumed and not impostor.shown:  # cut off, its next handshake is a whole one
                impostor.wait(1, session.within(session.profile.check_in.heartbeat_s))
            if (rest_s := PACE_S - (time.monotonic() - began)) > 0:  # it came so often in less time
                deadline.pause(rest_s)
            shown, lasted_s = impostor.shown, time.monotonic() - began
            if shown or impostor.resumed:
                session.disturb(since)
        with session.recorder.stopwatch.waiting():
            again = session.within(session.profile.check_in.heartbeat_s + PAUSES_GROW * lasted_s)
            seen = backend.wait_seen(session.cell.id, again, after=time.time()) is not None
        return Met(
            shown=shown or impostor.shown,
            resumed=impostor.resumed,
            shown_as=impostor.shown_as,
            lasted_s=lasted_s,
            trusted=impostor.trusted,
            deadline_s=deadline.length_s,
            seen=seen,
            again_s=again.length_s,
            plain=_plain(backend, session.cell.id) - before,
            silent_s=time.monotonic() - began,
        )


def _plain(backend: Backend, cell: str) -> int:
    """Requests without TLS so far; 0 where nobody sees what is below the protocol."""
    return backend.sightings(cell).plain if isinstance(backend, Sees) else 0

"""How long the agent was silent at its backend, where nothing that the harness did explains it."""

from collections.abc import Iterable
from dataclasses import dataclass

from harness.backend.seen import Sees
from harness.cell.session import CellSession

LONGER = 1.5
"""So many times its heartbeat is more than one that came late."""
NAMED_BY = "uninstall.in_touch"
"""The check that names a silence, whichever other one met it."""


@dataclass(frozen=True)
class Silence:
    """The longest one, in seconds; `at`: when it began, in seconds since the epoch."""

    lasted_s: float
    at: float


def longest(silences: Iterable[tuple[float, float]], disturbed: Iterable[float]) -> Silence:
    """The longest of these up to its end, or to the moment in it that the harness disturbed something. Pure."""
    moments = sorted(disturbed)
    found = [
        Silence(min([end, *(each for each in moments if begin <= each <= end)]) - begin, begin)
        for begin, end in silences
    ]
    return max(found, key=lambda each: each.lasted_s, default=Silence(0.0, 0.0))


def silence_of(session: CellSession) -> Silence | None:
    """The longest silence of the cell's agent until now; None where the backend does not tell. Raises what it raises."""
    backend = session.backend
    if not isinstance(backend, Sees):
        return None
    return longest(backend.sightings(session.cell.id).silences, session.disturbed)


def most_s(session: CellSession) -> float:
    """How long a silence may last."""
    return LONGER * session.within(session.profile.check_in.heartbeat_s).length_s


def too_long(session: CellSession) -> bool:
    """Whether the agent was silent for longer than it may by now, so that the check that names it will fail."""
    silence = silence_of(session)
    return silence is not None and silence.lasted_s > most_s(session)

"""Requests that are heard late: Wine's WinHTTP holds their bodies back. docs/wine.md tells what was seen of it."""

from collections.abc import Callable

from harness.backend.interface import Backend
from harness.backend.seen import LONG_S, Sees, Sightings
from harness.model.errors import CandidateError, HarnessError, InfrastructureError
from harness.model.report import ExcusedBy
from harness.model.substrate import ON_WINDOWS, GuestSystem

WHY = "the agent sends them in chunks by WinHTTP, and Wine's sends the head of such a request and holds its body back"


class HeldBack(InfrastructureError):
    """A request's body came `held_s` seconds after its head, and a check that counts on the agent's requests failed."""

    def __init__(self, held_s: float, error: BaseException) -> None:
        super().__init__(
            f"Requests are heard up to {held_s:.1f} s late: {WHY}. Seen because: {str(error).splitlines()[0]}",
            hint=f"{ON_WINDOWS}.",
        )


class Lateness:
    """How late the requests of one cell's agent are because of Wine. `excuse`: puts on record that this was granted."""

    def __init__(self, cell: str, backend: Backend, excuse: Callable[[str, str, ExcusedBy], None]) -> None:
        self._cell, self._backend, self._excuse = cell, backend, excuse
        self._granted = False

    def granted_s(self, system: GuestSystem) -> float:
        """How much longer the agent may take than its profile says. 0 but on Wine, and until one was late there."""
        held_s = self._seen_s(system, lambda seen: seen.body_held_s)
        late_s = float(round(held_s))
        if held_s and not self._granted:
            self._granted = True
            what = f"requests that are heard {held_s:.1f} s late, so that it may take as much longer"
            self._excuse(what, WHY, ExcusedBy.SUBSTRATE)
        return late_s

    def judge(self, error: BaseException, system: GuestSystem) -> BaseException:
        """The error to go on with: `HeldBack` where a check that counts on the agent failed, and Wine made it late."""
        if not isinstance(error, AssertionError | CandidateError):
            return error
        # One that has not come yet proves no lateness that could be granted, but what the agent waited for.
        held_s = self._seen_s(system, lambda seen: max(seen.body_held_s, seen.body_awaited_s))
        return HeldBack(held_s, error) if held_s else error

    def _seen_s(self, system: GuestSystem, of: Callable[[Sightings], float]) -> float:
        if system is not GuestSystem.WINE or not isinstance(self._backend, Sees):
            return 0.0
        try:
            held_s = of(self._backend.sightings(self._cell))
        except HarnessError:
            return 0.0  # the backend's silence is judged elsewhere
        return held_s if held_s >= LONG_S else 0.0

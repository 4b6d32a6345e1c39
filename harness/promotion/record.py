"""The ledger as promotions read it: its state now, and what a name in a command means there."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from harness.model.errors import ConfigurationError
from harness.promotion.board import Asked, Board, Placement, State
from harness.promotion.denial import Denial
from harness.promotion.gate_check import GateCheck, check_signed_gate
from harness.promotion.ledger.store import Ledger
from harness.promotion.replay import replay

SHORTEST_ID = 6


@dataclass(frozen=True)
class Outcome:
    """What became of a request: done, or what it waits for."""

    asked: Asked
    waits: tuple[Denial, ...] = ()

    @property
    def done(self) -> bool:
        """Whether it happened."""
        return self.asked.state is State.DONE


def now() -> datetime:
    """In UTC, without fractions of a second, which nobody reads."""
    return datetime.now(UTC).replace(microsecond=0)


class Record:
    """A ledger, read."""

    def __init__(
        self, ledger: Ledger, check: GateCheck = check_signed_gate, clock: Callable[[], datetime] = now
    ) -> None:
        self._ledger, self._check, self._clock = ledger, check, clock

    def board(self) -> Board:
        """The state of everything."""
        with self._ledger.reading() as snapshot:
            return replay(snapshot.bodies(), self._clock())

    @property
    def ledger(self) -> Ledger:
        """The ledger itself, for its proofs."""
        return self._ledger

    def now(self) -> datetime:
        """By the clock that entries are dated by."""
        return self._clock()

    def size(self) -> int:
        """How many entries there are: whether there is anything new."""
        with self._ledger.reading() as snapshot:
            return snapshot.size

    def request(self, board: Board, name: str) -> Asked:
        """The request with this id, or whose id begins so, or the only open one about a version.

        A version names nothing once two files have it: who approves must know which. Raises `ConfigurationError`.
        """
        every = board.asked.values()
        found = [each for each in every if len(name) >= SHORTEST_ID and each.id.startswith(name)]
        open_ = [each for each in every if each.state is State.OPEN]
        if not found:
            called = [
                each for each in every if each.request.candidate and each.request.candidate.version == name
            ]
            files = {each.request.candidate.sha256 for each in called if each.request.candidate}
            found = called if len(files) > 1 else [each for each in called if each.state is State.OPEN]
        if not name or len(found) != 1:
            what = (
                "several requests begin with or are about" if found else "no request begins with or is about"
            )
            known = ", ".join(each.id[:12] for each in open_) or "none"
            raise ConfigurationError(f"{what} {name!r}.", hint=f"Open requests: {known}.")
        return found[0]

    def placement(self, board: Board, name: str, tier: str) -> Placement:
        """The candidate in a tier, by its digest's first characters or its version. Raises `ConfigurationError`."""
        board.rules.tier(tier)
        there = board.in_tier(tier)
        found = [
            each
            for each in there
            if each.candidate.version == name
            or (len(name) >= SHORTEST_ID and each.candidate.sha256.startswith(name))
        ]
        if len(found) != 1:
            known = ", ".join(str(each.candidate) for each in there)
            what = "several candidates are" if found else "there is no candidate"
            raise ConfigurationError(f"{what} {name!r} in tier {tier}.", hint=f"There: {known or 'none'}.")
        return found[0]

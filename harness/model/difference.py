"""What is not the same in two gates: an earlier one, and one to be looked at."""

from enum import StrEnum

from pydantic import AwareDatetime, Field

from harness.model.base import Frozen
from harness.model.gate import Verdict
from harness.model.inventory import Novelty
from harness.model.report import Outcome


class Side(Frozen):
    """One of the two gates."""

    run_id: str
    created: AwareDatetime
    verdict: Verdict
    product_name: str
    version: str
    sha256: str
    suite: str
    pool: str
    profile: str


class Turn(StrEnum):
    """What a check's two outcomes say together; in the order in which a reader wants them."""

    NEW_FAILURE = "new-failure"
    UNPROVEN = "no-longer-proven"  # it passed, and now has another outcome, or none
    FIXED = "fixed"
    PROVEN = "proven-now"
    OTHER = "other"

    @property
    def is_worse(self) -> bool:
        """Whether the newer gate is worse by it."""
        return self in (Turn.NEW_FAILURE, Turn.UNPROVEN)


class CheckTurn(Frozen):
    """A check of a cell that has a result in both gates, with another outcome."""

    cell: str
    check: str
    turn: Turn
    before: Outcome | None = Field(description="null: it had no result there")
    after: Outcome | None
    reason: str = Field(default="", description="why it did not pass, of the newer gate if it says one")


class CellTurn(Frozen):
    """A cell whose verdict changed, or that only one of the gates planned."""

    cell: str
    before: Verdict | None = Field(description="null: not planned there")
    after: Verdict | None
    lost: bool = Field(default=False, description="it had a result before, and has none now")
    reason: str = ""


class Exchange(Frozen):
    """Something that both results rest on and that is not the same: a difference may come from it."""

    what: str = Field(description="substrate, guest system, image, profile, matrix, checks, suite or pool")
    before: str
    after: str
    cells: tuple[str, ...] = Field(default=(), description="empty: the whole gate")


class TimeTurn(Frozen):
    """How long a phase took in the cells that passed in both gates, in seconds."""

    phase: str = Field(description="`cell`: from begin to end")
    cells: int
    before_s: float = Field(ge=0, description="median")
    after_s: float = Field(ge=0, description="median")

    @property
    def percent(self) -> float:
        """By how much it became slower."""
        return 100.0 * (self.after_s / self.before_s - 1.0) if self.before_s else 0.0


class Difference(Frozen):
    """Everything that changed from `old` to `new`."""

    schema_version: int = 1
    old: Side
    new: Side
    checks: tuple[CheckTurn, ...] = ()
    cells: tuple[CellTurn, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    times: tuple[TimeTurn, ...] = ()
    novelty: Novelty = Field(default=Novelty(), description="what the newer candidate is the first to bring")
    still_failing: int = Field(default=0, description="checks that failed in both, each cell counted")

    @property
    def is_worse(self) -> bool:
        """Whether anything failed, is no longer proven, or has no result any more."""
        return any(each.turn.is_worse for each in self.checks) or any(each.lost for each in self.cells)

    def turned(self, turn: Turn) -> tuple[CheckTurn, ...]:
        """The checks of this turn."""
        return tuple(each for each in self.checks if each.turn is turn)

    @property
    def lost(self) -> tuple[CellTurn, ...]:
        """The cells without a result that had one, or that are not planned any more."""
        return tuple(each for each in self.cells if each.lost or each.after is None)

    @property
    def added(self) -> tuple[CellTurn, ...]:
        """The cells that only the newer gate planned."""
        return tuple(each for each in self.cells if each.before is None)

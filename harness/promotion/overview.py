"""The whole state for people: candidates by tiers, who agreed to what, what waits for whom, how far a soak is. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from harness.promotion.answer import asked_words
from harness.promotion.approving import needed, people_for
from harness.promotion.board import Asked, Board, Placement, State
from harness.promotion.denial import Denial
from harness.promotion.entries import CandidateRef
from harness.promotion.returning import returns
from harness.promotion.soaking import Soaked, health_waits, soaked
from harness.promotion.tiers import Tier
from harness.promotion.waiting import waits


@dataclass(frozen=True)
class Agreed:
    """An approval: who, when, and the number of its entry."""

    by: str
    at: datetime
    number: int


@dataclass(frozen=True)
class Waiting:
    """An open request."""

    asked: Asked
    words: str
    agreed: tuple[Agreed, ...]
    waits: tuple[Denial, ...]
    answerable_by: frozenset[str]
    """Who may agree and has not."""

    def withdrawable_by(self, person: str) -> bool:
        """Whether the person may turn it down: an approver, or whoever asked."""
        return person == self.asked.request.by or person in self.answerable_by


@dataclass(frozen=True)
class Place:
    """A candidate in a tier."""

    placement: Placement
    tier: Tier
    agreed: tuple[Agreed, ...]
    soak: Soaked
    ill: tuple[Denial, ...]
    """What its health lacks."""
    next_share: float | None
    """Per cent of the next step; None at the last one."""
    ways_back: tuple[CandidateRef, ...]


@dataclass(frozen=True)
class Row:
    """A candidate, and for each tier where it is or what is asked for."""

    candidate: CandidateRef
    places: tuple[Place | Waiting | None, ...]


@dataclass(frozen=True)
class Overview:
    """Everything at one time."""

    tiers: tuple[Tier, ...]
    rows: tuple[Row, ...]
    """The newest first."""
    waiting: tuple[Waiting, ...]

    @property
    def places(self) -> Iterator[Place]:
        """Every candidate in every tier, those of one candidate together, its furthest tier first."""
        for row in self.rows:
            yield from (each for each in reversed(row.places) if isinstance(each, Place))


def overview(board: Board, at: datetime) -> Overview:
    """Raises `ConfigurationError` before the founding."""
    tiers = board.rules.tiers
    waiting = tuple(_waiting(board, each, at) for each in board.asked.values() if each.state is State.OPEN)
    last: dict[str, tuple[int, CandidateRef]] = {}
    for each in board.asked.values():
        if ref := each.request.candidate:
            last[ref.sha256] = max(each.number, last.get(ref.sha256, (0, ref))[0]), ref
    newest = sorted(last.values(), key=lambda pair: pair[0], reverse=True)
    rows = tuple(
        Row(ref, tuple(_at(board, ref.sha256, tier, waiting, at) for tier in tiers)) for _, ref in newest
    )
    return Overview(tiers, rows, waiting)


def _at(
    board: Board, sha256: str, tier: Tier, waiting: tuple[Waiting, ...], at: datetime
) -> Place | Waiting | None:
    if placement := board.placement(sha256, tier.name):
        return _place(board, placement, tier, at)
    for each in waiting:
        request = each.asked.request
        if request.candidate and (request.candidate.sha256, request.tier) == (sha256, tier.name):
            return each
    return None


def _place(board: Board, placement: Placement, tier: Tier, at: datetime) -> Place:
    following = next((step for step in tier.steps if step > placement.percent), None)
    ill = tuple(health_waits(tier, placement, at)) if placement.live else ()
    return Place(
        placement,
        tier,
        _agreed(board, placement.asked),
        soaked(tier, placement, at),
        ill,
        following,
        tuple(each.candidate for each in returns(board, placement)),
    )


def _waiting(board: Board, asked: Asked, at: datetime) -> Waiting:
    missing = tuple(waits(board, asked, at))
    request = asked.request
    gone = bool(request.tier) and request.tier not in [tier.name for tier in board.rules.tiers]
    able = set() if gone else people_for(board.rules, needed(board.rules, asked))
    return Waiting(
        asked,
        asked_words(request),
        _agreed(board, asked),
        missing,
        frozenset(able - {request.by} - set(asked.approvals)),
    )


def _agreed(board: Board, asked: Asked) -> tuple[Agreed, ...]:
    at = {line.number: line.entry.at for line in board.lines}
    return tuple(Agreed(by, at[number], number) for by, number in asked.approvals.items())

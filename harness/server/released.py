"""What the ledger lets out: with `ledger` in the settings it alone says how far a release may go."""

from collections.abc import Mapping
from typing import Any

from harness.promotion.board import Board, Placement
from harness.promotion.entries import Rollback
from harness.promotion.service import Promotion
from harness.server.settings import Release, Settings


def as_released(settings: Settings, promotion: Promotion) -> Settings:
    """The settings with each release's shares, halts and returns as the ledger has them, and its halt rule.

    A ring is a tier. A placement whose gate does not verify lets nothing out. Raises `ConfigurationError` for a ledger
    that is not there, `InfrastructureError` for one that cannot be read.
    """
    board = promotion.board()
    out = {tier.name: promotion.released(tier.name) for tier in board.rules.tiers}
    opt_in = frozenset(tier.name for tier in board.rules.tiers if tier.opt_in)
    releases = tuple(
        each.model_copy(update={"opt_in": opt_in, **_standing(each, board, out)})
        for each in settings.rollouts
    )
    return settings.model_copy(update={"rollouts": releases, "rule": board.rules.halt_rule})


def _standing(release: Release, board: Board, out: Mapping[str, list[Placement]]) -> dict[str, Any]:
    shares: dict[str, str | float] = {
        tier: place.percent
        for tier, places in out.items()
        for place in places
        if place.candidate.sha256 == release.candidate
    }
    stopped = [
        place
        for place in board.placements.values()
        if place.candidate.sha256 == release.candidate and not place.live
    ]
    back = next((place for place in stopped if isinstance(place.halted, Rollback)), None)
    target = next(
        (
            place.candidate.version
            for place in board.placements.values()
            if back is not None and place.candidate.sha256 == back.returned_to
        ),
        release.fallback,
    )
    return {
        "shares": shares,
        "halted": bool(stopped) and not shares,
        "withdrawn": back is not None,
        "fallback": target,
    }

"""A halt that the server made itself stands in the ledger, too."""

from datetime import UTC, datetime

from securesystemslib.signer import Signer

from harness.model.errors import ConfigurationError
from harness.promotion.board import Board
from harness.promotion.denial import Refused
from harness.promotion.entries import Halt
from harness.promotion.service import Promotion
from harness.server.settings import Settings
from harness.server.store import Order, Store

REASON_LIMIT = 1000
"""Characters of a reason."""


def record_halts(store: Store, settings: Settings, promotion: Promotion, signer: Signer) -> list[str]:
    """Halt in the ledger what the store has halted, in every tier where it is; what was written or refused, in words.

    Each order is written once: what people resume by approval afterwards is not halted again for its sake.
    """
    candidates = {each.release: each.candidate for each in settings.rollouts if each.candidate}
    orders = {release: order for release, order in store.orders().items() if release in candidates}
    if not orders:
        return []
    said, board = [], promotion.board()
    for release, order in orders.items():
        candidate = candidates[release]
        for place in list(board.placements.values()):
            if (
                place.candidate.sha256 != candidate
                or not place.live
                or _written(board, place.tier, candidate, order)
            ):
                continue
            reason = f"{order.who}: {order.reason}"[:REASON_LIMIT]
            try:
                promotion.halt(candidate, place.tier, signer, reason)
                said.append(f"{place.candidate} in tier {place.tier} is halted in the ledger.")
            except (Refused, ConfigurationError) as error:
                said.append(f"{place.candidate} in tier {place.tier} is not halted in the ledger: {error}")
    return said


def _written(board: Board, tier: str, candidate: str, order: Order) -> bool:
    begun = datetime.fromtimestamp(int(order.at), UTC)
    return any(
        isinstance(line.entry, Halt)
        and (line.entry.candidate, line.entry.tier) == (candidate, tier)
        and line.entry.at >= begun
        for line in board.lines
    )

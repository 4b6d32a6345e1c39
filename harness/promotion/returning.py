"""Where hosts may go back to, and what a version lacks to be such a place. Pure."""

from harness.gate.ways_back import REMEDY, WayBack
from harness.model.gate import Verdict
from harness.promotion.board import Board, Placement
from harness.promotion.denial import Cause, Denial, deny

PROOF = f"To prove a way back: {REMEDY[:1].lower()}{REMEDY[1:]}"


def before_it(board: Board, placement: Placement) -> list[Placement]:
    """What was in the tier before, the newest first."""
    return [each for each in board.in_tier(placement.tier) if each.since < placement.since]


def returns(board: Board, placement: Placement) -> list[Placement]:
    """Where hosts may go back to: versions that were in the tier before, and were not halted there.

    The candidate's own gate must have shown the way: its upgrade and downgrade scenarios passed with them.
    """
    gate = placement.asked.request.gate
    shown = gate.returns_to if gate else ()
    return [each for each in before_it(board, placement) if each.live and each.candidate.sha256 in shown]


def no_way_back(placement: Placement, to: str = "") -> Denial:
    """That a version, or any at all, was not shown to be a way back."""
    if to:
        text = (
            f"{to[:12]} is no way back from {placement.candidate}: it was not in tier {placement.tier} before, was"
            " halted there, or no gate has shown upgrade and downgrade between the two."
        )
    else:
        text = (
            f"No earlier version in tier {placement.tier} passed the upgrade and downgrade scenarios with"
            f" {placement.candidate}: there is none to roll back to."
        )
    remedy = "It can be halted: bvt halt. Then mend it, and gate the new candidate."
    return deny(Cause.RETURN, text, remedy, Verdict.INCOMPLETE)


def what_lacks(placement: Placement, earlier: Placement, way: WayBack | None) -> Denial:
    """Why an earlier version is no way back, and what would prove it. `way`: what the candidate's gate shows of it."""
    if earlier.halted is not None:
        text = f"{earlier.candidate}: it was halted in tier {earlier.tier} itself."
        return deny(Cause.RETURN, text, verdict=Verdict.INCOMPLETE)
    if way is None:
        name = placement.candidate.version or "the candidate"
        words = f"the gate of {name} was not run with it as an earlier release."
    else:
        words = " ".join(way.lacks)
    return deny(Cause.RETURN, f"{earlier.candidate}: {words}", PROOF, Verdict.INCOMPLETE)

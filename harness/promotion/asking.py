"""What may be asked for: a promotion, a larger share, a resumption, other tiers. Pure."""

from collections.abc import Iterator

from harness.model.errors import ConfigurationError
from harness.model.gate import Verdict
from harness.promotion.board import TIERS_FILE, Board, Placement
from harness.promotion.denial import Cause, Denial, deny
from harness.promotion.entries import (
    Request,
    What,
    shown,
)
from harness.promotion.gate_check import POLICY_FILE
from harness.promotion.tiers import Tier, Tiers
from harness.promotion.tiers_file import tiers_of
from harness.signing.policy_file import policy_of


def policy_fits(tiers: Tiers, policy: str) -> None:
    """Raises `ConfigurationError` unless the gate policy is one, and judges every tier."""
    have = policy_of(policy.encode(), POLICY_FILE).policy.tiers
    for tier in tiers.tiers:
        if tier.judged_as not in have:
            raise ConfigurationError(
                f"it has no tier {tier.judged_as!r}, which tier {tier.name!r} is judged by.",
                file=str(POLICY_FILE),
                key="tiers",
                hint=f"Tiers there: {', '.join(have)}.",
            )


def tier_named(board: Board, name: str) -> Tier | None:
    """The tier of this name; None if there is none any more."""
    try:
        return board.rules.tier(name)
    except ConfigurationError:
        return None


def request_denials(board: Board, tiers: Tiers, entry: Request) -> Iterator[Denial]:
    """Why this may not be asked for."""
    if entry.what is What.TIERS:
        try:
            policy_fits(tiers_of(entry.tiers, TIERS_FILE), entry.policy)
        except ConfigurationError as error:
            yield deny(Cause.TIERS, str(error))
        if board.open_request(What.TIERS, "", ""):
            yield deny(Cause.REQUEST, "Other tiers are proposed already.", "Approve or reject them first.")
        return
    tier, candidate = tier_named(board, entry.tier), entry.candidate
    if tier is None or candidate is None:
        yield deny(Cause.TIERS, f"There is no tier {entry.tier!r}, or no candidate.")
        return
    if not set(tiers.people[entry.by].roles) & set(tier.request):
        roles = " or ".join(tier.request)
        yield deny(Cause.ROLE, f"{entry.by} may not ask for tier {tier.name}: that takes the role {roles}.")
    if open_ := board.open_request(entry.what, candidate.sha256, tier.name):
        text = f"The same is asked for already, by {open_.request.by} at {shown(open_.request.at)}."
        yield deny(Cause.REQUEST, text, f"Approve or reject it: {open_.id[:12]}")
    placement = board.placement(candidate.sha256, tier.name)
    match entry.what:
        case What.PROMOTE:
            yield from _promotion(board, tier, entry, placement)
        case What.RAISE:
            yield from raise_denials(tier, entry, placement)
            yield from _same(entry, placement)
        case What.RESUME:
            if placement is None or placement.live:
                yield deny(Cause.HALTED, f"{candidate} is not halted in tier {tier.name}.")
            elif placement.returned_to:
                text = f"{candidate} was rolled back in tier {tier.name}: it does not come again."
                yield deny(Cause.HALTED, text, "Mend it, and gate the new candidate.")
            yield from _same(entry, placement)


def _same(entry: Request, placement: Placement | None) -> Iterator[Denial]:
    """Whoever approves reads name and version: they must be those of the digest."""
    if placement is not None and entry.candidate != placement.candidate:
        text = f"It calls the candidate {entry.candidate}; in tier {placement.tier} that is {placement.candidate}."
        yield deny(Cause.BOUND, text)


def _promotion(board: Board, tier: Tier, entry: Request, placement: Placement | None) -> Iterator[Denial]:
    candidate = entry.candidate
    assert candidate is not None
    if placement is not None:
        state = "is" if placement.live else "was halted"
        yield deny(
            Cause.ORDER, f"{candidate} {state} in tier {tier.name} already, since {shown(placement.since)}."
        )
    before = board.rules.before(tier.name)
    if before is not None:
        yield from came_through(board, candidate.sha256, before, str(candidate))
    if entry.gate is None:
        yield deny(
            Cause.GATE,
            f"There is no gate for {candidate}.",
            "Gate it with bvt run, sign that with bvt gate sign, and name the bundle with --gate.",
            Verdict.INCOMPLETE,
        )
    elif (newest := board.newest_gate.get(candidate.sha256)) and entry.gate.time_verified < newest:
        text = f"The gate is older than the newest one known of this candidate ({shown(newest)})."
        yield deny(Cause.GATE, text, "Use the newest bundle.", Verdict.STALE)


def came_through(board: Board, sha256: str, before: Tier, name: str) -> Iterator[Denial]:
    """What is amiss with the candidate's stay in the tier before."""
    was = board.placement(sha256, before.name)
    if was is None:
        text = f"{name} has not been in tier {before.name}, which comes first."
        yield deny(Cause.ORDER, text, f"bvt promote … --to {before.name}", Verdict.INCOMPLETE)
    elif not was.live:
        assert was.halted is not None
        text = f"{name} is halted in tier {before.name}, by {was.halted.by} at {shown(was.halted.at)}."
        yield deny(Cause.HALTED, text, "Resume it first, or mend it.", Verdict.FAIL)


def raise_denials(tier: Tier, entry: Request, placement: Placement | None) -> Iterator[Denial]:
    """Why the candidate's share of the tier may not become the one asked for."""
    if placement is None:
        yield deny(Cause.ORDER, f"{entry.candidate} is not in tier {tier.name}.", verdict=Verdict.INCOMPLETE)
        return
    if not placement.live:
        yield deny(Cause.HALTED, f"{entry.candidate} is halted in tier {tier.name}.", verdict=Verdict.FAIL)
    following = next((step for step in tier.steps if step > placement.percent), None)
    if following is None:
        yield deny(Cause.STEP, f"Tier {tier.name} is at its last step, {placement.percent:g} %.")
    elif entry.percent != following:
        text = f"The step after {placement.percent:g} % is {following:g} %, not {entry.percent:g} %."
        remedy = "A share is never lowered: halt it, or roll it back." if entry.percent < following else ""
        yield deny(Cause.STEP, text, remedy)

"""When a bundle says that its results and its summaries were made, and whether that is now. Pure."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from harness.gate.refusals import Ground, Refusal
from harness.model.base import DAY_S
from harness.model.gate import Verdict
from harness.model.plan import Plan
from harness.signing.claims import SummaryClaim
from harness.signing.demand import Demand
from harness.signing.reading import Contents, Statement, refusal
from harness.signing.summaries import OWN_TIER

CLOCK_SKEW_S = 300.0
"""How far ahead the clock of who signed may be."""
AGAIN = "Run the gate again."


def summary_of(contents: Contents, tier: str) -> tuple[Statement, SummaryClaim] | None:
    """The VSA of this tier."""
    return next((pair for pair in contents.vsas if pair[1].tier == tier), None)


def required_ends(contents: Contents, plan: Plan) -> list[datetime]:
    """When the required cells ended."""
    required = {cell.id for cell in plan.cells if cell.required}
    return [_utc(claim.ended) for _, claim in contents.cells if claim.cell in required]


def time_verified(statement: Statement) -> datetime | None:
    """When a summary says that it was made; None if it says nothing that can be read."""
    try:
        return _utc(datetime.fromisoformat(str(statement.predicate.get("timeVerified"))))
    except ValueError:
        return None


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def time_refusals(contents: Contents, plan: Plan, demand: Demand) -> Iterator[Refusal]:
    """Too old, from the future, or older than one that is known."""
    found = summary_of(contents, demand.tier) or summary_of(contents, OWN_TIER)
    verified = time_verified(found[0]) if found else None
    if verified is None:
        yield refusal(Ground.FRESHNESS, "The summary does not say when it was made.")
        return
    ends = required_ends(contents, plan)
    latest = demand.now + timedelta(seconds=CLOCK_SKEW_S)
    if verified > latest or max(ends, default=verified) > latest:
        text = "The bundle says that it was made in the future, so its age is unknown."
        yield refusal(Ground.FRESHNESS, text, remedy="Set the clock of this machine or of the gate's right.")
    # The oldest result counts: signing an old run again does not make it fresh.
    oldest = min([verified, *ends])
    age_s = (demand.now - oldest).total_seconds()
    if age_s > demand.max_age_s and not (demand.policy and demand.tier):
        text = f"The oldest result is {_days(age_s)} old; at most {_days(demand.max_age_s)} are allowed."
        yield Refusal(ground=Ground.FRESHNESS, verdict=Verdict.STALE, text=text, remedy=AGAIN)
    if demand.not_before is not None and verified < demand.not_before:
        text = f"The bundle is older than one already known for this candidate ({demand.not_before.isoformat()})."
        yield Refusal(
            ground=Ground.ROLLBACK, verdict=Verdict.STALE, text=text, remedy="Use the newest bundle."
        )


def _days(seconds: float) -> str:
    return f"{seconds / DAY_S:.1f} days"

"""A bundle against the gate of the last release. Pure."""

from harness.gate.differences import difference
from harness.gate.verdict import Judgement
from harness.model.difference import Difference
from harness.model.gate import Gate
from harness.signing.claims import PlanClaim, Seal
from harness.signing.demand import Demand


def since_last(claim: PlanClaim, seal: Seal, today: Judgement, demand: Demand) -> Difference | None:
    """Against the gate of the last release, if the tier bounds regressions: it takes a moment."""
    tier = demand.policy.policy.tiers.get(demand.tier) if demand.policy else None
    if demand.baseline is None or tier is None or not tier.regression.bound:
        return None
    return difference(demand.baseline, gate_of(claim, seal, today))


def gate_of(claim: PlanClaim, seal: Seal, judgement: Judgement) -> Gate:
    """What the statements say, as a gate: without times of phases and without evidence."""
    return Gate(
        run_id=claim.run_id,
        created=seal.created,
        harness_version=seal.harness_version,
        plan=claim.plan,
        plan_digest=claim.plan_digest,
        verdict=judgement.verdict,
        reasons=judgement.reasons,
        cells=judgement.cells,
        duration_s=0.0,
    )

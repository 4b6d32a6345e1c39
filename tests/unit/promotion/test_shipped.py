from harness.cli.shipped import shipped_baseline
from tests.unit.gate.samples import CANDIDATE, a_cell, a_gate, a_plan, a_report
from tests.unit.promotion.world import World


def test_a_candidate_is_compared_with_what_is_out_in_the_widest_tier(world: World) -> None:
    plan = a_plan(a_cell())
    other = plan.model_copy(update={"candidate": CANDIDATE.model_copy(update={"sha256": "9" * 64})})
    gate = a_gate(other, [a_report(other, other.cells[0])])
    assert shipped_baseline(world.ledger, gate, world.at) is None
    world.in_beta()
    found = shipped_baseline(world.ledger, gate, world.at)
    assert found is not None
    assert found.shipped is not None
    assert (found.shipped.tier, found.verified) == ("beta", True)
    assert found.difference.new.sha256 == "9" * 64
    stranger = CANDIDATE.model_copy(update={"sha256": "9" * 64, "product_name": "Another"})
    named = gate.model_copy(update={"plan": plan.model_copy(update={"candidate": stranger})})
    assert shipped_baseline(world.ledger, named, world.at) is None

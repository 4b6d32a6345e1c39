"""What the rules for novelty demand of a candidate besides what its tier asks of everyone. Pure."""

from harness.model.inventory import Novelty
from harness.promotion.tiers import Approvals, NoveltyRule, Soak, Tier


def rules_for(tier: Tier, found: Novelty | None) -> tuple[NoveltyRule, ...]:
    """Those of the tier's rules that concern what is new in a candidate."""
    return tuple(rule for rule in tier.novelty if found is not None and found.concerns(rule.kinds))


def further_approvals(tier: Tier, found: Novelty | None) -> tuple[Approvals, ...]:
    """Who must agree besides. Two rules that want the same role want the same people."""
    most: dict[str, int] = {}
    for rule in rules_for(tier, found):
        for each in rule.approvals:
            most[each.role] = max(each.count, most.get(each.role, 0))
    return tuple(Approvals(role=role, count=count) for role, count in most.items())


def soak_of(tier: Tier, found: Novelty | None) -> Soak:
    """The longest that is asked for, by the clock and in host hours each."""
    asked = [tier.soak, *(rule.soak for rule in rules_for(tier, found))]
    return Soak(hours=max(each.hours for each in asked), host_hours=max(each.host_hours for each in asked))

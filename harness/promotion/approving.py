"""Who must agree, and who has. Pure."""

from collections.abc import Sequence

from harness.model.gate import Verdict
from harness.model.inventory import novelty_words
from harness.promotion.board import Asked
from harness.promotion.demanding import further_approvals
from harness.promotion.denial import Cause, Denial, deny
from harness.promotion.entries import What
from harness.promotion.tiers import Approvals, Tiers


def needed(tiers: Tiers, asked: Asked) -> tuple[Approvals, ...]:
    """Who must agree to a request."""
    request = asked.request
    if request.what is What.TIERS:
        return tiers.change_tiers
    tier = tiers.tier(request.tier)
    if request.what is What.RESUME:
        return tier.to_resume
    return (*tier.approvals, *further_approvals(tier, asked.novelty))


def further_roles(tiers: Tiers, asked: Asked) -> set[str]:
    """The roles that are asked for because of what is new in the candidate."""
    if asked.novelty is None:
        return set()
    return {each.role for each in further_approvals(tiers.tier(asked.request.tier), asked.novelty)}


def people_for(tiers: Tiers, rules: Sequence[Approvals]) -> set[str]:
    """Everybody who can be one of those."""
    roles = {rule.role for rule in rules}
    return {name for name, person in tiers.people.items() if roles & set(person.roles)}


def missing(tiers: Tiers, rules: Sequence[Approvals], approvers: Sequence[str]) -> dict[str, int]:
    """How many of each role are still missing. Somebody with two roles counts for one of them only."""
    seats = [rule.role for rule in rules for _ in range(rule.count)]
    roles = {name: set(tiers.people[name].roles) for name in approvers if name in tiers.people}
    taken: dict[int, str] = {}

    def seated(name: str, tried: set[int]) -> bool:
        for seat, role in enumerate(seats):
            if role in roles[name] and seat not in tried:
                tried.add(seat)
                if seat not in taken or seated(taken[seat], tried):
                    taken[seat] = name
                    return True
        return False

    for name in roles:
        seated(name, set())
    left: dict[str, int] = {}
    for seat, role in enumerate(seats):
        if seat not in taken:
            left[role] = left.get(role, 0) + 1
    return left


def approval_waits(tiers: Tiers, asked: Asked) -> list[Denial]:
    """The approvals that a request still waits for."""
    left = missing(
        tiers, needed(tiers, asked), [name for name in asked.approvals if name != asked.request.by]
    )
    found = []
    further = further_roles(tiers, asked)
    for role, count in left.items():
        able = sorted(
            name
            for name, person in tiers.people.items()
            if role in person.roles and name != asked.request.by and name not in asked.approvals
        )
        text = f"It waits for {count} more of role {role} ({', '.join(able) or 'nobody is left who could'})."
        if role in further and asked.novelty is not None:
            text = f"{text} {novelty_words(asked.novelty)}"
        remedy = f"bvt approve {asked.id[:12]} --sign NAME.key"
        found.append(deny(Cause.APPROVALS, text, remedy, Verdict.INCOMPLETE))
    return found

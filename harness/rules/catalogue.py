"""Every rule that ships, and what an MSI breaks of them."""

from collections.abc import Sequence
from functools import cache

from harness.rules import (
    access,
    actions,
    carried_out,
    commands,
    components,
    foreign,
    of_users,
    order,
    properties,
    references,
    releases,
    replacing,
    sequence,
    services,
    system,
    upgrade,
)
from harness.rules.rule import Finding, Msi, Rule

MODULES = (
    upgrade,
    releases,
    components,
    services,
    actions,
    commands,
    properties,
    access,
    system,
    sequence,
    foreign,
    carried_out,
    replacing,
    of_users,
    references,
    order,
)


@cache
def rules() -> tuple[Rule, ...]:
    """In the order of their modules, and in a module as they are written."""
    return tuple(value for module in MODULES for value in vars(module).values() if isinstance(value, Rule))


def look(msi: Msi) -> Sequence[Finding]:
    """Everything that breaks a rule."""
    return [finding for each in rules() for finding in each.findings(msi)]

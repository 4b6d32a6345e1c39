"""Every check that ships. A new module of checks is one line here, so that import-linter sees it as pytest does."""

from functools import cache

from harness.cell.check import Check, check_of
from harness.checks import (
    test_check_in,
    test_control,
    test_delivery,
    test_exactness,
    test_health,
    test_install,
    test_install_access,
    test_install_foreign,
    test_install_msi,
    test_install_services,
    test_last_look,
    test_machine,
    test_reboot,
    test_reboot_clean,
    test_residue,
    test_residue_machine,
    test_secrets,
    test_trust,
    test_uninstall,
)
from harness.model.report import Phase

MODULES = (
    test_machine,
    test_install,
    test_install_msi,
    test_install_access,
    test_install_services,
    test_install_foreign,
    test_check_in,
    test_trust,
    test_delivery,
    test_control,
    test_exactness,
    test_reboot,
    test_health,
    test_last_look,
    test_secrets,
    test_uninstall,
    test_residue,
    test_residue_machine,
    test_reboot_clean,
)
"""Inside a phase, checks run in the order of their modules, and in a module as they are written."""


@cache
def catalogue() -> tuple[Check, ...]:
    """Every check that ships, in the order in which they run: by phase, in it what others stand on first."""
    found = {
        described.id: described
        for module in MODULES
        for value in vars(module).values()
        if (described := check_of(value)) is not None
    }
    modules = {module.__name__.rpartition(".")[2]: number for number, module in enumerate(MODULES)}
    return tuple(
        sorted(
            found.values(),
            key=lambda check: (check.phase.order, not check.essential, modules[check.module], check.line),
        )
    )


def first_checks() -> dict[Phase, tuple[str, ...]]:
    """Per phase, the ids of the checks without which the rest of it is moot."""
    found: dict[Phase, tuple[str, ...]] = {}
    for described in catalogue():
        if described.first:
            found[described.phase] = (*found.get(described.phase, ()), described.id)
    return found


def essential_checks() -> dict[Phase, frozenset[str]]:
    """Per phase, the ids of the checks without which later phases make no sense."""
    by_phase: dict[Phase, set[str]] = {}
    for described in catalogue():
        if described.essential:
            by_phase.setdefault(described.phase, set()).add(described.id)
    return {phase: frozenset(ids) for phase, ids in by_phase.items()}

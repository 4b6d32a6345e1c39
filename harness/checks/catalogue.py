"""Every check that ships. A new module of checks is one line here, so that import-linter sees it as pytest does."""

from collections.abc import Sequence
from functools import cache

from harness.cell.check import Check, after, check_of
from harness.checks import (
    test_burst,
    test_check_in,
    test_completeness,
    test_control,
    test_delivery,
    test_downgrade,
    test_exactness,
    test_health,
    test_hindered,
    test_in_use,
    test_install,
    test_install_access,
    test_install_entry,
    test_install_foreign,
    test_install_msi,
    test_install_payload,
    test_install_running,
    test_install_services,
    test_last_look,
    test_live_query,
    test_machine,
    test_own_log,
    test_reboot,
    test_reboot_clean,
    test_reinstall,
    test_repair,
    test_residue,
    test_residue_machine,
    test_restart,
    test_secrets,
    test_soak,
    test_started,
    test_trust,
    test_uninstall,
    test_upgrade,
)
from harness.model.phases import CHANGING
from harness.model.report import Phase
from harness.model.steps import Step, judged

MODULES = (
    test_machine,
    test_hindered,
    test_install,
    test_install_payload,
    test_install_entry,
    test_install_msi,
    test_install_access,
    test_install_services,
    test_install_running,
    test_install_foreign,
    test_upgrade,
    test_repair,
    test_reinstall,
    test_check_in,
    test_trust,
    test_delivery,
    test_control,
    test_live_query,
    test_exactness,
    test_burst,
    test_downgrade,
    test_soak,
    test_reboot,
    test_health,
    test_own_log,
    test_in_use,
    test_started,
    test_completeness,
    test_last_look,
    test_secrets,
    test_restart,
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
    for described in [each for each in found.values() if each.phase is Phase.INSTALL]:
        for phase in CHANGING:
            # One that the phase's own module has in other words stays as it is there.
            if phase is Phase.UPGRADE or not described.once:
                again = after(phase, described)
                found.setdefault(again.id, again)
    modules = {module.__name__.rpartition(".")[2]: number for number, module in enumerate(MODULES)}
    return tuple(
        sorted(
            found.values(),
            key=lambda check: (check.phase.order, not check.essential, modules[check.module], check.line),
        )
    )


def checks_for(steps: Sequence[Step]) -> tuple[str, ...]:
    """The ids of the checks of a scenario with these steps, in the order of the catalogue."""
    phases = {step.action for step in judged(steps) if step.claims}
    kept = {each for step in judged(steps) for each in step.keeps}
    return tuple(
        check.id
        for check in catalogue()
        if check.phase in phases and (check.keeps is None or check.keeps in kept)
    )


@cache
def variants() -> dict[tuple[str, int], tuple[Check, ...]]:
    """Every check by where it is written: one of phase `install` is asked again after other steps."""
    found: dict[tuple[str, int], tuple[Check, ...]] = {}
    for described in catalogue():
        place = (described.module, described.line)
        found[place] = (*found.get(place, ()), described)
    return found


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

"""Which phases need which: data for blocking, and the rule that applies it."""

from collections.abc import Mapping

from harness.model.report import Outcome, Phase

NEEDS: dict[Phase, tuple[Phase, ...]] = {
    Phase.MACHINE: (),
    Phase.INSTALL: (Phase.MACHINE,),
    Phase.CHECK_IN: (Phase.MACHINE, Phase.INSTALL),
    Phase.FUNCTIONS: (Phase.MACHINE, Phase.INSTALL, Phase.CHECK_IN),
    Phase.REBOOT: (Phase.MACHINE, Phase.INSTALL),
    Phase.UNINSTALL: (Phase.MACHINE,),  # runs even after a failed install: cleaning up is part of the job
    Phase.RESIDUE: (Phase.MACHINE,),  # a failed install must not leave anything either
    Phase.REBOOT_CLEAN: (Phase.MACHINE,),  # what comes back at the next boot was left behind too
}
"""A phase is blocked when an essential check of a phase it needs did not succeed."""


def blocked_by(
    phase: Phase, outcomes: Mapping[str, Outcome], essential: Mapping[Phase, frozenset[str]]
) -> str | None:
    """The essential check that blocks `phase`, or None. A check that has not run blocks nothing."""
    for needed in NEEDS[phase]:
        for check in sorted(essential.get(needed, frozenset())):
            outcome = outcomes.get(check, Outcome.PASSED)
            if outcome not in (Outcome.PASSED, Outcome.NOT_APPLICABLE):
                return check
    return None

"""What stands on what in a cell, and what stands for a phase: data, and the rules that apply it. Pure."""

from collections.abc import Collection, Iterable, Mapping

from harness.model.report import UNPROVEN, Outcome, Phase

NEEDS: dict[Phase, tuple[Phase, ...]] = {
    Phase.MACHINE: (),
    Phase.HINDERED: (Phase.MACHINE,),
    Phase.POWER_CUT: (Phase.MACHINE,),
    Phase.INSTALL: (Phase.MACHINE,),
    Phase.UPGRADE: (Phase.MACHINE,),
    Phase.CHECK_IN: (Phase.MACHINE, Phase.INSTALL, Phase.UPGRADE),
    Phase.FUNCTIONS: (Phase.MACHINE, Phase.INSTALL, Phase.UPGRADE, Phase.CHECK_IN),
    Phase.REPAIR: (Phase.MACHINE, Phase.INSTALL, Phase.UPGRADE),
    Phase.REINSTALL: (Phase.MACHINE, Phase.INSTALL, Phase.UPGRADE),
    Phase.DOWNGRADE: (Phase.MACHINE, Phase.INSTALL, Phase.UPGRADE),
    Phase.SOAK: (Phase.MACHINE, Phase.INSTALL, Phase.UPGRADE),
    Phase.REBOOT: (Phase.MACHINE, Phase.INSTALL, Phase.UPGRADE),
    Phase.UNINSTALL: (Phase.MACHINE,),  # an agent whose service is dead must go all the same
    Phase.RESIDUE: (Phase.MACHINE,),  # a failed install must not leave anything either
    Phase.REBOOT_CLEAN: (Phase.MACHINE,),  # what comes back at the next boot was left behind too
}
"""Of the phases that a scenario has. A phase is blocked when an essential check of a phase it needs did not succeed.

What a single check needs besides stands beside it: `requires` of `harness.cell.check.check`.
"""

ARRIVES = ("install.exit_code", "upgrade.exit_code")
"""The checks of which a scenario has one: whether the candidate came onto the machine."""
CHANGES = ("hindered.exit_code", "repair.exit_code", "reinstall.exit_code", "downgrade.exit_code")

FOLLOWS: dict[Phase, tuple[str, ...]] = {
    Phase.RESIDUE: (*ARRIVES, *CHANGES, "uninstall.exit_code"),
    Phase.REBOOT_CLEAN: (*ARRIVES, *CHANGES, "uninstall.exit_code"),
}
"""A phase runs although one of these checks failed; what fails in it then follows from that, and is shown under it.

What a single check follows from besides stands beside it: `follows` of `harness.cell.check.check`.
"""

FINE = (Outcome.PASSED, *UNPROVEN)


def blocked_by(
    phase: Phase,
    outcomes: Mapping[str, Outcome],
    essential: Mapping[Phase, frozenset[str]],
    requires: Iterable[str] = (),
) -> str | None:
    """The check that blocks one of `phase` which `requires` others, or None. A check that has not run blocks nothing."""
    for needed in NEEDS[phase]:
        for check in sorted(essential.get(needed, frozenset())):
            if outcomes.get(check, Outcome.PASSED) not in FINE:
                return check
    return next((check for check in requires if outcomes.get(check, Outcome.PASSED) not in FINE), None)


def follows_from(phase: Phase, outcomes: Mapping[str, Outcome], follows: Iterable[str] = ()) -> str:
    """The failed check that a failure in `phase` is a consequence of; empty if it stands for itself.

    Only what failed itself explains another failure: what the lab lost explains none.
    """
    causes = (*FOLLOWS.get(phase, ()), *follows)
    return next((check for check in causes if outcomes.get(check) is Outcome.FAILED), "")


STANDS_FOR = (
    Outcome.FAILED,
    Outcome.INFRA,
    Outcome.BLOCKED,
    Outcome.PASSED,
    Outcome.NOT_TESTED,
    Outcome.NOT_APPLICABLE,
)
"""Which outcome stands for a phase, the strongest first. One check that passed outranks those that prove nothing."""


def phase_outcome(outcomes: Mapping[str, Outcome], watching: Collection[str]) -> Outcome | None:
    """What stands for a phase whose checks came to `outcomes`; None if there is none.

    A check that is `watching` (it looks at what the others provoke) proves nothing by itself: where no other check
    passed, the phase is not tested, however well the watcher fared.
    """
    found = {
        Outcome.NOT_TESTED if outcome is Outcome.PASSED and check in watching else outcome
        for check, outcome in outcomes.items()
    }
    return next((outcome for outcome in STANDS_FOR if outcome in found), None)

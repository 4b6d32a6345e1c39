"""Which phases need which, and what stands for a phase: data, and the rules that apply it."""

from collections.abc import Collection, Mapping

from harness.model.report import UNPROVEN, Outcome, Phase

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
            if outcome not in (Outcome.PASSED, *UNPROVEN):
                return check
    return None


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

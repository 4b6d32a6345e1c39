"""Every phase with what it is; what stands on what in a cell; what stands for a phase. Data, and its rules. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from harness.model.report import UNPROVEN, Outcome, Phase

_THERE = (Phase.MACHINE, Phase.INSTALL, Phase.UPGRADE)
"""The candidate is on the machine, by one of these."""
_WORK = ("logs/", "machine/")
_LEFT = ("whole-machine/", "uninstall/", "machine/changed.txt")


@dataclass(frozen=True)
class Traits:
    """What a phase is, beside its checks and what is done in it."""

    title: str
    heading: str
    """Five characters at most, for a terminal of 80 columns."""
    needs: tuple[Phase, ...]
    """Of the phases that a scenario has. A phase is blocked when an essential check of one that it needs failed.

    What a single check needs besides stands beside it: `requires` of `harness.cell.check.check`.
    """
    evidence: tuple[str, ...] = _WORK
    """Where in a cell's folder its evidence lies."""
    changes: bool = False
    """Whether the whole of the installed product is looked at again after it."""
    with_release: bool = False
    """Whether its step names a release: `install: candidate`."""


PHASES: Mapping[Phase, Traits] = {
    Phase.MACHINE: Traits("Machine", "mach", (), ("machine/",)),
    Phase.HINDERED: Traits("Hindered", "hind", (Phase.MACHINE,), ("hindered/", *_WORK)),
    Phase.POWER_CUT: Traits("Power cut", "cut", (Phase.MACHINE,), ("machine/",)),
    Phase.INSTALL: Traits(
        "Install",
        "inst",
        (Phase.MACHINE,),
        ("install/", "whole-machine/", *_WORK),
        with_release=True,
    ),
    Phase.UPGRADE: Traits(
        "Upgrade",
        "upgr",
        (Phase.MACHINE,),
        ("upgrade/", "backend.jsonl", "logs/"),
        changes=True,
        with_release=True,
    ),
    Phase.CHECK_IN: Traits("Check-in", "chck", _THERE, ("backend.jsonl", "logs/")),
    Phase.FUNCTIONS: Traits("Functions", "func", (*_THERE, Phase.CHECK_IN), ("backend.jsonl", "logs/")),
    Phase.REPAIR: Traits("Repair", "rep", _THERE, ("repair/", *_WORK), changes=True),
    Phase.REINSTALL: Traits(
        "Reinstall", "rein", _THERE, ("reinstall/", *_WORK), changes=True, with_release=True
    ),
    Phase.DOWNGRADE: Traits(
        "Downgrade", "down", _THERE, ("downgrade/", *_WORK), changes=True, with_release=True
    ),
    Phase.SOAK: Traits("Soak", "soak", _THERE, ("backend.jsonl", "logs/")),
    Phase.REBOOT: Traits("Reboot", "boot", _THERE, ("backend.jsonl", *_WORK)),
    # An agent whose service is dead must go all the same.
    Phase.UNINSTALL: Traits("Uninstall", "unin", (Phase.MACHINE,), ("uninstall/", *_WORK)),
    # A failed install must not leave anything either.
    Phase.RESIDUE: Traits("Residue", "resi", (Phase.MACHINE,), _LEFT),
    # What comes back at the next boot was left behind, too.
    Phase.REBOOT_CLEAN: Traits("Clean reboot", "clean", (Phase.MACHINE,), _LEFT),
}

CHANGING = tuple(phase for phase, traits in PHASES.items() if traits.changes)
"""Actions after which the whole of the installed product is looked at again."""

ARRIVES = ("install.exit_code", "upgrade.exit_code")
"""The checks of which a scenario has one: whether the candidate came onto the machine."""
CHANGES = ("hindered.exit_code", *(f"{phase}.exit_code" for phase in CHANGING if phase is not Phase.UPGRADE))

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
    for needed in PHASES[phase].needs:
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

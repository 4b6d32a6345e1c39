"""What can be said of a check before it runs: whether it will have a result of its own, and if not, why. Pure."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from harness.backend.interface import BackendFeature
from harness.cell.check import Check
from harness.cell.declared import never_introduced
from harness.model.candidate import InstallerKind
from harness.model.plan import Cell, Plan
from harness.model.profile import AgentProfile
from harness.model.report import Outcome, Phase
from harness.model.steps import Step, cannot_be_made
from harness.model.substrate import ON_WINDOWS, GuestSystem, Substrate, why_not

ENROLLED = "check-in.enrolled"


@dataclass(frozen=True)
class BackendWord:
    """What a backend calls itself and what it offers."""

    name: str
    features: frozenset[BackendFeature]


@dataclass(frozen=True)
class Prospect:
    """One check of a plan. Without an outcome it is to be run."""

    check: Check
    scenarios: tuple[str, ...]
    outcome: Outcome | None
    reason: str = ""


def cannot_show(
    check: Check,
    backend: BackendWord,
    system: GuestSystem | None,
    installer: InstallerKind,
    profile: AgentProfile,
    steps: Sequence[Step] = (),
) -> str:
    """Why this backend, guest system (None: not known yet) or kind of installer cannot show it; empty if they can."""
    missing = check.features - backend.features
    if missing:
        return f"backend {backend.name} offers no {', '.join(sorted(missing))}"
    if check.msi_only and installer is InstallerKind.EXE:
        return check.msi_only
    if system is None:
        return ""
    # Where the scenario cannot be played no check of it means anything; what the machine is can be asked all the same.
    unplayed = cannot_be_made(steps, system) if check.phase is not Phase.MACHINE else ""
    return unplayed or why_not(system, check.needs - check.shows(profile)) or ""


def cannot_enrol(check: Check, backend: str, profile: AgentProfile) -> str:
    """Why a check that counts on the agent at its backend has nothing to look at; empty if it has, or counts on none."""
    counts_on_it = check.features or check.phase is Phase.CHECK_IN or ENROLLED in check.requires
    return never_introduced(profile, backend) if counts_on_it else ""


def prospects(
    plan: Plan, checks: Iterable[Check], profile: AgentProfile, backend: BackendWord
) -> tuple[Prospect, ...]:
    """Every check that a cell of the plan has, in the order in which they run."""
    system = guest_system(plan.cells)
    found = []
    for check in checks:
        cells = [cell for cell in plan.cells if check.id in cell.checks]
        scenarios = tuple(dict.fromkeys(cell.scenario for cell in cells))
        undeclared = check.declared(profile) or cannot_enrol(check, backend.name, profile)
        # One scenario in which it can be shown is enough for it to be run.
        kind = plan.candidate.kind
        reasons = [cannot_show(check, backend, system, kind, profile, cell.steps) for cell in cells]
        why = undeclared or (reasons[0] if reasons and all(reasons) else "")
        outcome = Outcome.NOT_TESTED if undeclared else Outcome.NOT_APPLICABLE if why else None
        if scenarios:
            found.append(Prospect(check, scenarios, outcome, why))
    return tuple(found)


def only_if_no_task(plan: Plan, profile: AgentProfile, backend: BackendWord) -> str:
    """What to know of a pool on Wine about an agent without a service that runs; empty if nothing is."""
    runs = any(service.running for service in profile.services)
    if guest_system(plan.cells) is not GuestSystem.WINE or runs or never_introduced(profile, backend.name):
        return ""
    return (
        "The profile declares no service that runs. If a scheduled task starts the agent, this pool shows nothing of"
        f" its check-in (INFRA), for Wine never runs one. {ON_WINDOWS}."
    )


def guest_system(cells: Collection[Cell]) -> GuestSystem | None:
    """What answers the Windows API in these cells; None where only the images of a lab can tell."""
    return (
        GuestSystem.WINE if {one for cell in cells for one in cell.substrates} == {Substrate.WINE} else None
    )

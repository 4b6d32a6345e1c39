"""What happened in one cell: every check, attempt, duration and piece of evidence."""

from enum import StrEnum

from pydantic import AwareDatetime, Field

from harness.model.base import Frozen
from harness.model.substrate import GuestSystem, Substrate


class Phase(StrEnum):
    """What a step of a scenario does. The order is that of the scenario; this one is for lists over many scenarios."""

    MACHINE = "machine"
    HINDERED = "hindered"
    POWER_CUT = "power-cut"
    INSTALL = "install"
    UPGRADE = "upgrade"
    CHECK_IN = "check-in"
    FUNCTIONS = "functions"
    REPAIR = "repair"
    REINSTALL = "reinstall"
    DOWNGRADE = "downgrade"
    SOAK = "soak"
    REBOOT = "reboot"
    UNINSTALL = "uninstall"
    RESIDUE = "residue"
    REBOOT_CLEAN = "reboot-clean"

    @property
    def order(self) -> int:
        """Position in lists over many scenarios."""
        return ORDER[self]


ORDER = {phase: position for position, phase in enumerate(Phase)}


class Outcome(StrEnum):
    """What one check came to. Only PASSED counts as passed."""

    PASSED = "passed"
    FAILED = "failed"
    BLOCKED = "blocked"  # a phase it needs did not succeed
    NOT_TESTED = "not-tested"  # the profile declares nothing to test it by; says what
    NOT_APPLICABLE = (
        "not-applicable"  # the substrate, the backend or this kind of installer cannot show it; says why
    )
    INFRA = "infra"  # the lab failed


UNPROVEN = (Outcome.NOT_TESTED, Outcome.NOT_APPLICABLE)
"""What is no reason against a candidate and none for it: shown with its reason, never counted as passed."""


class Evidence(Frozen):
    """One file kept from a cell, relative to the cell's directory."""

    path: str
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    size: int = Field(ge=0)
    what: str = ""


class ExcusedBy(StrEnum):
    """Who answers for something that a check found and does not hold against the candidate."""

    PROFILE = "profile"
    SUBSTRATE = "substrate"


class Excuse(Frozen):
    """Something that would have failed a check, and why it did not."""

    what: str
    by: ExcusedBy
    reason: str


class CheckResult(Frozen):
    """One check in one cell."""

    check: str = Field(description="stable id, `<phase>.<name>`")
    title: str
    phase: Phase
    outcome: Outcome
    message: str = Field(default="", description="why it did not pass, in words; empty when it did")
    because: str = Field(
        default="", description="id of the check whose failure this one follows from, or that blocks it"
    )
    transcript: tuple[int, int] | None = Field(
        default=None, description="first and last line that it wrote in the cell's transcript; null: none"
    )
    duration_s: float = Field(ge=0)
    details: dict[str, str] = Field(default_factory=dict)
    excuses: tuple[Excuse, ...] = ()


class Attempt(Frozen):
    """One machine that was tried for a cell."""

    number: int = Field(ge=1)
    machine_id: str
    began: AwareDatetime
    ended: AwareDatetime | None = None
    outcome: Outcome
    message: str = ""


class PhaseTiming(Frozen):
    """Where a phase's time went, in seconds."""

    phase: Phase
    total_s: float = Field(ge=0)
    guest_s: float = Field(ge=0, description="inside guest commands")
    waiting_s: float = Field(ge=0, description="waiting for the agent or the machine")

    @property
    def harness_s(self) -> float:
        """The harness's own share."""
        return max(0.0, self.total_s - self.guest_s - self.waiting_s)


class CellReport(Frozen):
    """The sealed report of one cell."""

    schema_version: int = 2
    run_id: str
    plan_digest: str
    cell_id: str
    substrate: Substrate
    guest_system: GuestSystem
    image: str
    image_digest: str
    began: AwareDatetime
    ended: AwareDatetime
    attempts: tuple[Attempt, ...]
    checks: tuple[CheckResult, ...]
    timings: tuple[PhaseTiming, ...] = ()
    evidence: tuple[Evidence, ...] = ()

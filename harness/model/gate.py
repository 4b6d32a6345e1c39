"""The gate: the published result, and the verdict's names and exit codes."""

from enum import StrEnum

from pydantic import AwareDatetime, Field

from harness.model.base import Frozen
from harness.model.errors import CandidateError, ConfigurationError, EvidenceError, HarnessError
from harness.model.plan import Plan
from harness.model.report import CellReport, Outcome
from harness.model.waiver import WaiverDebt


class Verdict(StrEnum):
    """One meaning per exit code."""

    PASS = "PASS"  # noqa: S105 - a verdict, not a password
    FAIL = "FAIL"
    INCOMPLETE = "INCOMPLETE"
    INFRA = "INFRA"
    INVALID = "INVALID"
    STALE = "STALE"

    @property
    def exit_code(self) -> int:
        """The process exit code; 2 is kept for usage and configuration errors."""
        return EXIT_CODES[self]


EXIT_CODES = {
    Verdict.PASS: 0,
    Verdict.FAIL: 1,
    Verdict.INCOMPLETE: 3,
    Verdict.INFRA: 4,
    Verdict.INVALID: 5,
    Verdict.STALE: 6,
}

USAGE_EXIT_CODE = 2
"""A command or a file is wrong; nothing ran."""


def exit_code_of(error: HarnessError) -> int:
    """What a command ends with that raised this.

    2 for the user's mistakes, 1 for the candidate's, 5 for evidence that was changed or forged, 4 for the lab's.
    """
    if isinstance(error, ConfigurationError):
        return USAGE_EXIT_CODE
    if isinstance(error, EvidenceError):
        return EXIT_CODES[Verdict.INVALID]
    return EXIT_CODES[Verdict.FAIL if isinstance(error, CandidateError) else Verdict.INFRA]


SEVERITY = (Verdict.INVALID, Verdict.FAIL, Verdict.INFRA, Verdict.INCOMPLETE, Verdict.STALE, Verdict.PASS)
"""Worst first: the worst one wins."""


class Consequence(Frozen):
    """What a check came to because another one failed: it failed too, or could not have a result."""

    check: str
    outcome: Outcome
    text: str


class Reason(Frozen):
    """One reason for the verdict, in words."""

    verdict: Verdict
    cell: str = ""
    check: str = ""
    text: str
    remedy: str = Field(default="", description="what would take this reason away")
    counted: bool = Field(default=True, description="false for advisory cells: shown, without weight")
    waived_by: tuple[str, ...] = Field(
        default=(), description="ids of the waivers that let this failure pass: shown, without weight"
    )
    follows: tuple[Consequence, ...] = Field(
        default=(), description="what follows from it in the same cell, in the order of time"
    )


class CellVerdict(Frozen):
    """What one planned cell came to."""

    cell: str
    required: bool
    verdict: Verdict
    report: CellReport | None = None
    report_sha256: str = ""


class MergedRun(Frozen):
    """A run that a merged gate was put together from."""

    run_id: str
    gate_sha256: str = Field(pattern="^[0-9a-f]{64}$", description="of its own gate.json")
    cells: tuple[str, ...] = Field(description="the cells that were taken from it")


class Gate(Frozen):
    """`gate.json`."""

    schema_version: int = 3
    run_id: str
    created: AwareDatetime
    harness_version: str
    plan: Plan
    plan_digest: str
    verdict: Verdict
    reasons: tuple[Reason, ...]
    cells: tuple[CellVerdict, ...]
    duration_s: float = Field(
        ge=0,
        description="how long the run was at work, in seconds of wall time; pauses before a --resume are not counted",
    )
    interrupted: bool = Field(
        default=False,
        description="true if somebody stopped the run before its end; `bvt run --resume` goes on",
    )
    merged: tuple[MergedRun, ...] = Field(
        default=(), description="the runs that this gate was merged from; empty for a run of its own"
    )
    waivers: tuple[WaiverDebt, ...] = Field(
        default=(), description="every waiver that was given to this gate, and what rests on it"
    )

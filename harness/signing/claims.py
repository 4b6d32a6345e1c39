"""What our statements say besides the fields of their standard predicates: each under one key of ours."""

import functools

from pydantic import AwareDatetime, Field

from harness.model.base import Frozen
from harness.model.gate import Verdict
from harness.model.passage import Passage
from harness.model.plan import Plan
from harness.model.report import UNPROVEN, Attempt, CellReport, CheckResult, Outcome, Phase
from harness.model.substrate import GuestSystem, Substrate

CELL_FIELD = "urn:agent-bvt:cell:1"
SUMMARY_FIELD = "urn:agent-bvt:summary:1"
PLAN_PREDICATE = "urn:agent-bvt:plan:1"
SEAL_PREDICATE = "urn:agent-bvt:seal:1"
TEST_RESULT_PREDICATE = "https://in-toto.io/attestation/test-result/v0.1"
VSA_PREDICATE = "https://slsa.dev/verification_summary/v1"
SVR_PREDICATE = "https://in-toto.io/attestation/svr/v0.2"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
VERIFIER = "urn:agent-bvt:gate:3"
PROPERTY = "AGENT_BVT"
"""Begins the verified levels and properties of ours (SLSA keeps `SLSA_` for itself)."""

Sha256 = Field(pattern="^[0-9a-f]{64}$")


class NotPassed(Frozen):
    """A check that did not pass, and why."""

    check: str
    outcome: Outcome
    reason: str
    because: str = Field(default="", description="the check that this one follows from")


class CellClaim(Frozen):
    """What one cell came to, beside the fields of the test-result predicate (`urn:agent-bvt:cell:1`).

    With `passedTests` it is all that the verdict is made of, so whoever verifies makes the verdict anew.
    """

    run_id: str
    plan_digest: str = Sha256
    suite: str
    cell: str
    verdict: Verdict = Field(description="what the run's own gate made of it")
    report_sha256: str = Field(pattern="^[0-9a-f]{64}$", description="of the cell's sealed report.json")
    substrate: Substrate
    guest_system: GuestSystem
    image: str
    image_digest: str
    began: AwareDatetime
    ended: AwareDatetime
    attempts: tuple[Attempt, ...]
    not_passed: tuple[NotPassed, ...] = Field(
        description="failed, blocked, lost to the lab, not tested, not applicable: in the order of time"
    )
    passages: tuple[Passage, ...] = Field(
        default=(), description="from which release to which its steps upgrade and downgrade went, by digest"
    )

    @classmethod
    def of(
        cls,
        report: CellReport,
        *,
        suite: str,
        verdict: Verdict,
        report_sha256: str,
        passages: tuple[Passage, ...] = (),
    ) -> "CellClaim":
        """The claim of a sealed report."""
        return cls(
            run_id=report.run_id,
            plan_digest=report.plan_digest,
            suite=suite,
            cell=report.cell_id,
            verdict=verdict,
            report_sha256=report_sha256,
            substrate=report.substrate,
            guest_system=report.guest_system,
            image=report.image,
            image_digest=report.image_digest,
            began=report.began,
            ended=report.ended,
            attempts=report.attempts,
            not_passed=tuple(
                NotPassed(check=each.check, outcome=each.outcome, reason=each.message, because=each.because)
                for each in report.checks
                if each.outcome is not Outcome.PASSED
            ),
            passages=passages,
        )

    def report(self, passed: tuple[str, ...]) -> CellReport:
        """The report as far as the verdict needs it; `passed`: ids from `passedTests`."""
        results = [(check, Outcome.PASSED, "", "") for check in passed]
        results += [(each.check, each.outcome, each.reason, each.because) for each in self.not_passed]
        checks = tuple(_result(*each) for each in results)
        return CellReport.model_construct(
            run_id=self.run_id,
            plan_digest=self.plan_digest,
            cell_id=self.cell,
            substrate=self.substrate,
            guest_system=self.guest_system,
            image=self.image,
            image_digest=self.image_digest,
            began=self.began,
            ended=self.ended,
            attempts=self.attempts,
            checks=checks,
            # Given too, because pydantic works out a default anew for every object.
            schema_version=2,
            timings=(),
            evidence=(),
        )

    @property
    def unproven(self) -> tuple[NotPassed, ...]:
        """What was not tested or does not apply."""
        return tuple(each for each in self.not_passed if each.outcome in UNPROVEN)


DID_NOT_PASS = "The check did not pass"  # noqa: S105
"""Stands for a check's title, which statements do not repeat for each cell."""


@functools.lru_cache(maxsize=10_000)
def _result(check: str, outcome: Outcome, reason: str, because: str) -> CheckResult:
    """A result as the verdict needs it. The same in thousands of cells, so it is made once."""
    return CheckResult(
        check=check,
        title=DID_NOT_PASS,
        # Of a check whose id names no phase the verdict says that the plan does not know it.
        phase=PHASES.get(check.partition(".")[0], Phase.MACHINE),
        outcome=outcome,
        message=reason,
        because=because,
        duration_s=0.0,
    )


PHASES = {phase.value: phase for phase in Phase}


class PlanClaim(Frozen):
    """Predicate `urn:agent-bvt:plan:1`: the sealed plan, whole."""

    run_id: str
    plan: Plan
    plan_digest: str = Sha256


class SealedStatement(Frozen):
    """One line of the bundle before the seal."""

    what: str = Field(description="`plan`, `waiver`, or the id of the cell")
    sha256: str = Sha256


class MissingCell(Frozen):
    """A planned cell without a result."""

    cell: str
    verdict: Verdict
    reason: str


class Seal(Frozen):
    """Predicate `urn:agent-bvt:seal:1`: every line of the bundle by the digest of its payload, in order.

    A line that is removed, doubled, swapped, or comes from another run no longer fits.
    """

    run_id: str
    plan_digest: str = Sha256
    created: AwareDatetime
    harness_version: str
    gate_sha256: str = Field(pattern="^[0-9a-f]{64}$", description="of gate.json")
    statements: tuple[SealedStatement, ...]
    missing: tuple[MissingCell, ...] = ()
    merged: tuple[str, ...] = Field(default=(), description="ids of the runs that the cells come from too")
    tiers: tuple[str, ...] = Field(
        description="whose summaries follow, in order; empty text: the gate's own, whatever the tier"
    )


class SummaryClaim(Frozen):
    """What our summary says beside the VSA's fields (`urn:agent-bvt:summary:1`)."""

    run_id: str
    plan_digest: str = Sha256
    suite: str
    pool: str
    tier: str = Field(description="empty: no tier's policy, the gate's own verdict")
    seal_sha256: str = Field(pattern="^[0-9a-f]{64}$", description="of the seal's payload")
    verdict: Verdict
    reasons: tuple[str, ...] = Field(default=(), description="the first ones, worst first")
    not_tested: int = Field(ge=0, description="different checks")
    not_applicable: int = Field(ge=0, description="different checks")
    waived: tuple[str, ...] = Field(default=(), description="ids of the waivers that it rests on")
    substrates: tuple[Substrate, ...]

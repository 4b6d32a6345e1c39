"""What a gate came to for one tier, as statements in two forms. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from harness.model.gate import Gate, Reason, Verdict
from harness.model.report import CellReport, Outcome
from harness.signing.claims import (
    PLAN_PREDICATE,
    PROPERTY,
    SEAL_PREDICATE,
    SUMMARY_FIELD,
    SVR_PREDICATE,
    VERIFIER,
    VSA_PREDICATE,
    SummaryClaim,
)
from harness.signing.statement import sha256_of_bytes, statement, timestamp

REASONS_SHOWN = 20
OWN_TIER = ""
"""The gate's own summary, made without any tier's policy."""


@dataclass(frozen=True)
class Summary:
    """What the gate came to for one tier."""

    tier: str
    verdict: Verdict
    reasons: tuple[Reason, ...]
    policy: tuple[str, str] | None = None
    """Name and SHA-256 of the policy that it was judged by."""
    waived: tuple[str, ...] = ()

    @classmethod
    def of_gate(cls, gate: Gate) -> "Summary":
        """The gate's own verdict."""
        return cls(OWN_TIER, gate.verdict, gate.reasons)


def levels(suite: str, tier: str) -> list[str]:
    """What a pass is called in a VSA's `verifiedLevels` and an SVR's `properties`."""
    names = [f"{PROPERTY}_SUITE_{suite}"] + ([f"{PROPERTY}_TIER_{tier}"] if tier else [])
    return [name.upper().replace("-", "_").replace(".", "_") for name in names]


def _policies(summary: Summary) -> list[dict[str, Any]]:
    if summary.policy is None:
        return []
    name, digest = summary.policy
    return [{"uri": f"urn:agent-bvt:policy:{name}", "digest": {"sha256": digest}}]


def vsa(gate: Gate, summary: Summary, claim: SummaryClaim, now: datetime, inputs: Sequence[bytes]) -> bytes:
    """A verification summary attestation (SLSA). `inputs`: plan and seal, as they stand in the bundle."""
    passed = summary.verdict is Verdict.PASS
    predicate: dict[str, Any] = {
        "verifier": {"id": VERIFIER, "version": {"agent-bvt": gate.harness_version}},
        "timeVerified": timestamp(now),
        "resourceUri": f"urn:agent-bvt:candidate:sha256:{gate.plan.candidate.sha256}",
        # The standard wants a policy: without one it is the plan, which says what is required.
        "policy": (_policies(summary) or [_plan_as_policy(gate)])[0],
        "inputAttestations": [
            {"uri": uri, "digest": {"sha256": sha256_of_bytes(payload)}}
            for uri, payload in zip((PLAN_PREDICATE, SEAL_PREDICATE), inputs, strict=True)
        ],
        "verificationResult": "PASSED" if passed else "FAILED",
        "verifiedLevels": levels(gate.plan.suite, summary.tier) if passed else ["FAILED"],
        "slsaVersion": "1.1",
        SUMMARY_FIELD: claim.model_dump(mode="json"),
    }
    return statement(gate.plan, VSA_PREDICATE, predicate)


def _plan_as_policy(gate: Gate) -> dict[str, Any]:
    return {"uri": f"urn:agent-bvt:plan:{gate.plan_digest}", "digest": {"sha256": gate.plan_digest}}


def summary_claim(gate: Gate, summary: Summary, seal_sha256: str) -> SummaryClaim:
    """What both forms hold beside what their standards name."""
    required = [entry.report for entry in gate.cells if entry.required and entry.report]
    counted = [reason for reason in summary.reasons if reason.counted][:REASONS_SHOWN]
    return SummaryClaim(
        run_id=gate.run_id,
        plan_digest=gate.plan_digest,
        suite=gate.plan.suite,
        pool=gate.plan.pool,
        tier=summary.tier,
        seal_sha256=seal_sha256,
        verdict=summary.verdict,
        reasons=tuple(
            ": ".join(part for part in (reason.cell, reason.check, reason.text) if part) for reason in counted
        ),
        not_tested=_different(required, Outcome.NOT_TESTED),
        not_applicable=_different(required, Outcome.NOT_APPLICABLE),
        waived=summary.waived,
        substrates=tuple(sorted({report.substrate for report in required})),
    )


def _different(reports: Sequence[CellReport], outcome: Outcome) -> int:
    return len({check.check for report in reports for check in report.checks if check.outcome is outcome})


def svr(gate: Gate, summary: Summary, claim: SummaryClaim, now: datetime) -> bytes:
    """A simple verification result (in-toto)."""
    predicate: dict[str, Any] = {
        "verifier": {"id": VERIFIER, "policies": _policies(summary)},
        "timeCreated": timestamp(now),
        "properties": levels(gate.plan.suite, summary.tier) if summary.verdict is Verdict.PASS else [],
        SUMMARY_FIELD: claim.model_dump(mode="json"),
    }
    return statement(gate.plan, SVR_PREDICATE, predicate)

"""From a gate to in-toto statements: the plan, one per cell, the seal, and a summary in two forms. Pure."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from harness.model.candidate import Candidate
from harness.model.gate import CellVerdict, Gate, Reason, Verdict
from harness.model.passage import passages
from harness.model.plan import Cell, Plan
from harness.model.report import UNPROVEN, CellReport, Outcome
from harness.signing.claims import (
    CELL_FIELD,
    PLAN_PREDICATE,
    PROPERTY,
    SEAL_PREDICATE,
    STATEMENT_TYPE,
    SUMMARY_FIELD,
    SVR_PREDICATE,
    TEST_RESULT_PREDICATE,
    VERIFIER,
    VSA_PREDICATE,
    CellClaim,
    MissingCell,
    PlanClaim,
    Seal,
    SealedStatement,
    SummaryClaim,
)

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


def statements_of(
    gate: Gate,
    gate_sha256: str,
    summaries: Sequence[Summary],
    *,
    now: datetime,
    waivers: Sequence[bytes] = (),
) -> tuple[list[bytes], list[bytes]]:
    """The payloads of the bundle in its order, in two parts: what stands before the waivers' lines, and after.

    `waivers`: their payloads, which people have signed already. `now`: when the summaries are made.
    """
    reports = [(cell, entry) for cell, entry in zip(gate.plan.cells, gate.cells, strict=True) if entry.report]
    before = [_plan_statement(gate)] + [_cell_statement(gate, cell, entry) for cell, entry in reports]
    names = ["plan", *(cell.id for cell, _ in reports), *("waiver" for _ in waivers)]
    sealed = [
        SealedStatement(what=name, sha256=sha256_of_bytes(payload))
        for name, payload in zip(names, [*before, *waivers], strict=True)
    ]
    seal = _seal_statement(gate, gate_sha256, sealed, [summary.tier for summary in summaries])
    inputs = [before[0], seal]
    after = [seal]
    for summary in summaries:
        claim = _summary_claim(gate, summary, sha256_of_bytes(seal))
        after += [_vsa(gate, summary, claim, now, inputs), _svr(gate, summary, claim, now)]
    return before, after


def subjects(candidate: Candidate) -> list[dict[str, Any]]:
    """The candidate, and what it installs from besides itself."""
    beside = [{"name": each.name, "digest": {"sha256": each.sha256}} for each in candidate.beside]
    return [{"name": candidate.path.name, "digest": {"sha256": candidate.sha256}}, *beside]


def sha256_of_bytes(payload: bytes) -> str:
    """In hexadecimal."""
    return hashlib.sha256(payload).hexdigest()


def timestamp(moment: datetime) -> str:
    """As in-toto writes one: RFC 3339 in UTC."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _statement(plan: Plan, predicate_type: str, predicate: dict[str, Any]) -> bytes:
    document = {
        "_type": STATEMENT_TYPE,
        "subject": subjects(plan.candidate),
        "predicateType": predicate_type,
        "predicate": predicate,
    }
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def _plan_statement(gate: Gate) -> bytes:
    candidate = gate.plan.candidate
    # Where the file lay on the machine that ran the gate is nobody's business; its name is.
    plan = gate.plan.model_copy(
        update={"candidate": candidate.model_copy(update={"path": type(candidate.path)(candidate.path.name)})}
    )
    claim = PlanClaim(run_id=gate.run_id, plan=plan, plan_digest=gate.plan_digest)
    return _statement(gate.plan, PLAN_PREDICATE, claim.model_dump(mode="json"))


def _cell_statement(gate: Gate, cell: Cell, entry: CellVerdict) -> bytes:
    report = entry.report
    assert report is not None
    claim = CellClaim.of(
        report,
        suite=gate.plan.suite,
        verdict=entry.verdict,
        report_sha256=entry.report_sha256,
        passages=passages(gate.plan, cell),
    )
    predicate = {
        "result": _result(entry, report),
        "configuration": _configuration(gate.plan, cell, report),
        "passedTests": _checks(report, Outcome.PASSED),
        "warnedTests": _checks(report, *UNPROVEN),
        "failedTests": _checks(report, Outcome.FAILED),
        CELL_FIELD: claim.model_dump(mode="json"),
    }
    return _statement(gate.plan, TEST_RESULT_PREDICATE, predicate)


def _result(entry: CellVerdict, report: CellReport) -> str:
    """The predicate knows neither "lost to the lab" nor "not tested": the former is no pass, the latter a warning."""
    if entry.verdict is not Verdict.PASS:
        return "FAILED"
    return "WARNED" if _checks(report, *UNPROVEN) else "PASSED"


def _checks(report: CellReport, *outcomes: Outcome) -> list[str]:
    return [each.check for each in report.checks if each.outcome in outcomes]


def _configuration(plan: Plan, cell: Cell, report: CellReport) -> list[dict[str, Any]]:
    """Every input by digest."""
    inputs = [
        ("profile", plan.profile_sha256),
        ("matrix", plan.matrix_sha256),
        ("checks", plan.checks_sha256),
        ("image", report.image_digest.removeprefix("sha256:")),
    ]
    return [{"name": name, "digest": {"sha256": digest}} for name, digest in inputs if digest] + [
        {"name": "cell", "uri": f"urn:agent-bvt:cell:{cell.id}"}
    ]


def _seal_statement(
    gate: Gate, gate_sha256: str, sealed: Sequence[SealedStatement], tiers: Sequence[str]
) -> bytes:
    missing = []
    for entry in gate.cells:
        if entry.report is None:
            said = next((reason.text for reason in gate.reasons if reason.cell == entry.cell), "")
            missing.append(
                MissingCell(cell=entry.cell, verdict=entry.verdict, reason=said or "It has no result.")
            )
    seal = Seal(
        run_id=gate.run_id,
        plan_digest=gate.plan_digest,
        created=gate.created,
        harness_version=gate.harness_version,
        gate_sha256=gate_sha256,
        statements=tuple(sealed),
        missing=tuple(missing),
        merged=tuple(part.run_id for part in gate.merged),
        tiers=tuple(tiers),
    )
    return _statement(gate.plan, SEAL_PREDICATE, seal.model_dump(mode="json"))


def levels(suite: str, tier: str) -> list[str]:
    """What a pass is called in a VSA's `verifiedLevels` and an SVR's `properties`."""
    names = [f"{PROPERTY}_SUITE_{suite}"] + ([f"{PROPERTY}_TIER_{tier}"] if tier else [])
    return [name.upper().replace("-", "_").replace(".", "_") for name in names]


def _policies(summary: Summary) -> list[dict[str, Any]]:
    if summary.policy is None:
        return []
    name, digest = summary.policy
    return [{"uri": f"urn:agent-bvt:policy:{name}", "digest": {"sha256": digest}}]


def _vsa(gate: Gate, summary: Summary, claim: SummaryClaim, now: datetime, inputs: Sequence[bytes]) -> bytes:
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
    return _statement(gate.plan, VSA_PREDICATE, predicate)


def _plan_as_policy(gate: Gate) -> dict[str, Any]:
    return {"uri": f"urn:agent-bvt:plan:{gate.plan_digest}", "digest": {"sha256": gate.plan_digest}}


def _summary_claim(gate: Gate, summary: Summary, seal_sha256: str) -> SummaryClaim:
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


def _svr(gate: Gate, summary: Summary, claim: SummaryClaim, now: datetime) -> bytes:
    predicate: dict[str, Any] = {
        "verifier": {"id": VERIFIER, "policies": _policies(summary)},
        "timeCreated": timestamp(now),
        "properties": levels(gate.plan.suite, summary.tier) if summary.verdict is Verdict.PASS else [],
        SUMMARY_FIELD: claim.model_dump(mode="json"),
    }
    return _statement(gate.plan, SVR_PREDICATE, predicate)

"""From a gate to in-toto statements: the plan, one per cell, the seal, and a summary in two forms. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from harness.model.gate import CellVerdict, Gate, Verdict
from harness.model.passage import passages
from harness.model.plan import Cell, Plan
from harness.model.report import UNPROVEN, CellReport, Outcome
from harness.signing.claims import (
    CELL_FIELD,
    PLAN_PREDICATE,
    SEAL_PREDICATE,
    TEST_RESULT_PREDICATE,
    CellClaim,
    MissingCell,
    PlanClaim,
    Seal,
    SealedStatement,
)
from harness.signing.statement import sha256_of_bytes, statement
from harness.signing.summaries import Summary, summary_claim, svr, vsa


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
        claim = summary_claim(gate, summary, sha256_of_bytes(seal))
        after += [vsa(gate, summary, claim, now, inputs), svr(gate, summary, claim, now)]
    return before, after


def _plan_statement(gate: Gate) -> bytes:
    candidate = gate.plan.candidate
    # Where the file lay on the machine that ran the gate is nobody's business; its name is.
    plan = gate.plan.model_copy(
        update={"candidate": candidate.model_copy(update={"path": type(candidate.path)(candidate.path.name)})}
    )
    claim = PlanClaim(run_id=gate.run_id, plan=plan, plan_digest=gate.plan_digest)
    return statement(gate.plan, PLAN_PREDICATE, claim.model_dump(mode="json"))


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
    return statement(gate.plan, TEST_RESULT_PREDICATE, predicate)


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
    return statement(gate.plan, SEAL_PREDICATE, seal.model_dump(mode="json"))

"""What `bvt gate verify` says: lines for people, one document for scripts."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from harness.model.plural import plural
from harness.model.substrate import Substrate
from harness.reports.waived import debt_lines
from harness.reports.words import SUBSTRATES, one_line
from harness.signing.verification import Verification

SHOWN = 12
"""Refusals printed before the rest is only counted."""


def verification_lines(found: Verification) -> Iterator[str]:
    """The verdict first, then why, then what would take it away."""
    plan = found.plan
    name = f"  {plan.candidate.product_name} {plan.candidate.version}" if plan else ""
    where = f" for tier {found.tier}" if found.tier else ""
    yield one_line(f"{'ACCEPTED' if found.accepted else f'REFUSED ({found.verdict.value})'}{where}{name}")
    for refusal in found.refusals[:SHOWN]:
        yield f"  {refusal.verdict.value}: {one_line(str(refusal))}"
    if len(found.refusals) > SHOWN:
        yield f"  … and {plural(len(found.refusals) - SHOWN, 'more reason')}"
    for remedy in dict.fromkeys(each.remedy for each in found.refusals if each.remedy):
        yield f"To pass: {remedy}"
    if plan is None:
        return
    yield f"candidate sha256 {plan.candidate.sha256}"
    yield f"run {found.run_id}, suite {plan.suite}, pool {plan.pool}, {plural(len(plan.cells), 'cell')}"
    substrates = ", ".join(sorted(SUBSTRATES[each] for each in found.substrates)) or "nothing"
    windows = " (not Windows)" if Substrate.WINE in found.substrates else ""
    yield f"ran on {substrates}{windows}; {found.not_tested} checks not tested, {found.not_applicable} not applicable"
    if found.coverage is not None:
        uncovered = ", ".join(f"{image} ({weight:g} %)" for image, weight in found.coverage.uncovered)
        rest = f"; not covered: {uncovered}" if uncovered else ""
        unknown = f"; {found.coverage.unknown:g} % unknown" if found.coverage.unknown else ""
        yield one_line(f"covers {found.coverage.percent:g} % of the fleet{rest}{unknown}")
    if found.uncompared:
        yield f"NOT COMPARED: tier {found.tier} bounds regressions, and no --baseline was given"
    for way in found.ways_back:
        proven = "a proven way back" if way.proven else f"no proven way back: {' '.join(way.lacks)}"
        yield one_line(f"{way.name} release {way.release.version}: {proven}")
    yield from (one_line(line) for line in debt_lines(found.waivers))
    yield from (one_line(str(each)) for each in found.flaky)
    if found.oldest_result and found.time_verified:
        yield f"oldest result {found.oldest_result:%Y-%m-%d %H:%M} UTC, judged {found.time_verified:%Y-%m-%d %H:%M} UTC"
    yield f"signed by {plural(len(found.signed_by), 'key')}: {', '.join(sorted(found.signed_by))}"


def verification_document(found: Verification) -> dict[str, Any]:
    """Everything, for scripts."""
    plan = found.plan
    return {
        "accepted": found.accepted,
        "verdict": found.verdict.value,
        "exit_code": found.verdict.exit_code,
        "tier": found.tier or None,
        "refusals": [each.model_dump(mode="json") | {"sentence": str(each)} for each in found.refusals],
        "bundle_sha256": found.bundle_sha256,
        "signed_by": sorted(found.signed_by),
        "run_id": found.run_id or None,
        "candidate": (
            {
                "product_name": plan.candidate.product_name,
                "version": plan.candidate.version,
                "sha256": plan.candidate.sha256,
            }
            if plan
            else None
        ),
        "suite": plan.suite if plan else None,
        "pool": plan.pool if plan else None,
        "plan_digest": found.plan_digest or None,
        "substrates": sorted(found.substrates),
        "time_verified": found.time_verified.isoformat() if found.time_verified else None,
        "oldest_result": found.oldest_result.isoformat() if found.oldest_result else None,
        "not_tested": found.not_tested,
        "not_applicable": found.not_applicable,
        "waivers": [each.model_dump(mode="json") for each in found.waivers],
        "flaky": [each.model_dump(mode="json") for each in found.flaky],
        "coverage": asdict(found.coverage) if found.coverage else None,
        "regression_compared": not found.uncompared,
        "ways_back": [
            {
                "release": way.name.value,
                "version": way.release.version,
                "sha256": way.release.sha256,
                "proven": way.proven,
                "lacks": list(way.lacks),
            }
            for way in found.ways_back
        ],
    }

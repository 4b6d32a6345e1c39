"""Bundles that open no tier: each with what the refusal says, and the verdict that it is refused with."""

import hashlib
from collections.abc import Callable
from functools import partial
from typing import Any

from securesystemslib.signer import CryptoSigner

from harness.gate.waivers import waived_gate
from harness.model.gate import Verdict
from harness.model.report import Outcome
from harness.model.substrate import Substrate
from harness.signing.envelope import read_envelope
from tests.unit.gate.samples import CANDIDATE, a_cell, with_outcome
from tests.unit.promotion.world import BUNDLE
from tests.unit.signing.people import ANA, BEN, EVE, a_waiver
from tests.unit.signing.people import signed as signed_waiver
from tests.unit.signing.samples import (
    NOW,
    OTHER_SIGNER,
    a_signed_gate,
    bundle_of,
    gate_of,
    in_run,
    joined,
    lines_of,
    resigned,
)

FAILING = gate_of([a_cell()], partial(with_outcome, check="check-in.enrolled", outcome=Outcome.FAILED))


def lost(report: Any) -> Any:
    return report.model_copy(update={"checks": report.checks[:1]})


def waived(*signers: CryptoSigner, **changes: Any) -> bytes:
    waiver = a_waiver(**changes)
    return bundle_of(waived_gate(FAILING, [waiver], NOW), waivers=[signed_waiver(waiver, *signers)])


def merged_with_conflict() -> bytes:
    """What `bvt gate merge` refuses to make: two results of one cell, sealed and signed with the gate's own key."""
    plan, first, *rest = lines_of(BUNDLE)
    at = [b"urn:agent-bvt:seal:1" in read_envelope(line).payload for line in rest].index(True)
    again = resigned(first, lambda document: _cell_of(document).update(report_sha256="9" * 64))
    also = {"sha256": _digest(again), "what": "win11-24h2/fresh"}
    seal = resigned(rest[at], lambda document: document["predicate"]["statements"].append(also))
    summaries = [resigned(line, partial(_of_seal, sha256=_digest(seal))) for line in rest[at + 1 :]]
    return joined([plan, first, *rest[:at], again, seal, *summaries])


def _cell_of(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["predicate"]["urn:agent-bvt:cell:1"]
    return found


def _of_seal(document: dict[str, Any], sha256: str) -> None:
    predicate = document["predicate"]
    predicate["urn:agent-bvt:summary:1"]["seal_sha256"] = sha256
    for each in predicate.get("inputAttestations", []):
        if each["uri"] == "urn:agent-bvt:seal:1":
            each["digest"]["sha256"] = sha256


def _digest(line: bytes) -> str:
    return hashlib.sha256(read_envelope(line).payload).hexdigest()


ANOTHER = CANDIDATE.model_copy(update={"sha256": "cd" * 32})
INVALID_GATES: dict[str, tuple[Callable[[], bytes], str, Verdict]] = {
    "failed": (lambda: bundle_of(FAILING), "check-in.enrolled", Verdict.FAIL),
    "incomplete": (lambda: bundle_of(gate_of([a_cell()], lost)), "no result", Verdict.INCOMPLETE),
    "smoke for full": (
        lambda: bundle_of(a_signed_gate(suite="smoke")),
        "takes suite full",
        Verdict.INCOMPLETE,
    ),
    "wrong substrate": (
        lambda: bundle_of(
            gate_of(
                [a_cell(substrates=(Substrate.WINE, Substrate.TCG))],
                lambda report: report.model_copy(update={"substrate": Substrate.TCG}),
            )
        ),
        "counts only wine",
        Verdict.INCOMPLETE,
    ),
    "waived by its author": (
        lambda: waived(BEN, author="ben", approver="ben"),
        "",
        Verdict.INVALID,
    ),
    "waiver signed by its author alone": (lambda: waived(ANA), "is not signed by ben", Verdict.INVALID),
    "waiver by a stranger": (lambda: waived(ANA, EVE, approver="eve"), "does not know", Verdict.INVALID),
    "of another candidate": (
        lambda: bundle_of(a_signed_gate(candidate=ANOTHER)),
        "is about another candidate",
        Verdict.INVALID,
    ),
    "signed with another key": (
        lambda: bundle_of(a_signed_gate(), OTHER_SIGNER),
        "which is none of the keys given",
        Verdict.INVALID,
    ),
    "a line of another run in it": (
        lambda: joined(
            [
                *lines_of(BUNDLE)[:2],
                lines_of(bundle_of(in_run(a_signed_gate(), "other")))[2],
                *lines_of(BUNDLE)[3:],
            ]
        ),
        "belongs to run 'other'",
        Verdict.INVALID,
    ),
    "a cell twice, with two results": (
        lambda: joined([*lines_of(BUNDLE)[:2], lines_of(bundle_of(FAILING))[1], *lines_of(BUNDLE)[2:]]),
        "accounted for 2 times",
        Verdict.INVALID,
    ),
    "merged with conflict, and sealed so": (
        merged_with_conflict,
        "win11-24h2/fresh: The cell is accounted for 2 times",
        Verdict.INVALID,
    ),
    "a line removed": (
        lambda: joined(lines_of(BUNDLE)[:-2]),
        "summaries are those of none",
        Verdict.INVALID,
    ),
    "empty": (lambda: b"", "The bundle is empty.", Verdict.INVALID),
    "nonsense": (lambda: b"gate: PASS\n", "it is no JSON", Verdict.INVALID),
}

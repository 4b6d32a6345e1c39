import json
from datetime import timedelta
from functools import partial

from harness.gate.refusals import Ground
from harness.model.gate import Verdict
from harness.model.report import Outcome
from harness.model.substrate import Substrate
from harness.signing.bundle import co_signed
from harness.signing.claims import CELL_FIELD, SUMMARY_FIELD
from harness.signing.envelope import read_envelope
from tests.unit.gate.samples import BEGAN, a_cell, a_gate, with_outcome
from tests.unit.signing.samples import (
    KEY,
    NOW,
    OTHER_KEY,
    OTHER_SIGNER,
    a_signed_gate,
    bundle_of,
    gate_of,
    lines_of,
    verified,
)

GATE = a_signed_gate()
BUNDLE = bundle_of(GATE)


def test_a_signed_gate_is_accepted_and_says_what_it_is_worth() -> None:
    found = verified(BUNDLE)
    assert found.accepted, [str(each) for each in found.refusals]
    assert found.signed_by == {KEY.fingerprint}
    assert found.run_id == GATE.run_id
    assert found.substrates == {Substrate.WINE}
    assert (found.not_applicable, found.not_tested) == (1, 0)
    assert found.time_verified == NOW
    assert found.oldest_result == BEGAN + timedelta(seconds=12.4)


def test_there_is_a_line_for_the_plan_each_cell_the_seal_and_both_summaries() -> None:
    kinds = [json.loads(read_envelope(line).payload)["predicateType"] for line in lines_of(BUNDLE)]
    assert kinds == [
        "urn:agent-bvt:plan:1",
        *["https://in-toto.io/attestation/test-result/v0.1"] * 3,
        "urn:agent-bvt:seal:1",
        "https://slsa.dev/verification_summary/v1",
        "https://in-toto.io/attestation/svr/v0.2",
    ]


def test_a_cell_says_what_was_not_proven_and_why_and_never_counts_it_as_passed() -> None:
    predicate = json.loads(read_envelope(lines_of(BUNDLE)[1]).payload)["predicate"]
    assert predicate["result"] == "WARNED"
    assert predicate["warnedTests"] == ["install.service"]
    assert "install.service" not in predicate["passedTests"]
    (unproven,) = predicate[CELL_FIELD]["not_passed"]
    assert unproven["outcome"] == "not-applicable"
    assert unproven["reason"] == "install.service says why"
    digests = {each["name"] for each in predicate["configuration"] if "digest" in each}
    assert digests == {"profile", "matrix", "checks", "image"}


def test_the_candidates_path_on_the_machine_that_ran_the_gate_is_not_published() -> None:
    assert b"dist" not in b"".join(read_envelope(line).payload for line in lines_of(BUNDLE))


def test_a_lost_cell_is_told_from_a_failed_one() -> None:
    cell = a_cell()
    for outcome, verdict in ((Outcome.INFRA, Verdict.INFRA), (Outcome.FAILED, Verdict.FAIL)):
        gate = gate_of([cell], partial(with_outcome, check="check-in.enrolled", outcome=outcome))
        found = verified(bundle_of(gate))
        assert found.verdict is verdict
        assert found.refusals[0].ground is Ground.RESULT
        assert found.refusals[0].check == "check-in.enrolled"


def test_a_missing_cell_is_named_and_makes_the_bundle_incomplete() -> None:
    gate = a_signed_gate()
    lost = gate.cells[1].model_copy(update={"report": None, "verdict": Verdict.INCOMPLETE})
    reports = [entry.report for entry in (gate.cells[0], gate.cells[2]) if entry.report]
    gate = a_gate(gate.plan, reports)
    gate = gate.model_copy(
        update={"cells": tuple(each.model_copy(update={"report_sha256": "8" * 64}) for each in gate.cells)}
    )
    found = verified(bundle_of(gate))
    assert found.verdict is Verdict.INCOMPLETE
    assert found.refusals[0].cell == lost.cell


def test_evidence_that_the_run_found_damaged_stays_damaged() -> None:
    gate = a_signed_gate()
    entries = (gate.cells[0].model_copy(update={"verdict": Verdict.INVALID}), *gate.cells[1:])
    found = verified(bundle_of(gate.model_copy(update={"cells": entries, "verdict": Verdict.INVALID})))
    assert found.verdict is Verdict.INVALID
    assert any("The run itself judged this cell INVALID" in each.text for each in found.refusals)


def test_two_keys_sign_one_bundle_and_each_counts() -> None:
    both = co_signed(BUNDLE, OTHER_SIGNER)
    found = verified(both, keys=[KEY, OTHER_KEY], threshold=2)
    assert found.accepted, found.refusals
    assert len(found.signed_by) == 2
    assert verified(both).accepted  # whoever trusts one key needs no more
    assert verified(BUNDLE, keys=[KEY, OTHER_KEY], threshold=2).refusals[0].ground is Ground.THRESHOLD


def test_both_summaries_say_the_same_in_their_own_words() -> None:
    vsa, svr = (json.loads(read_envelope(line).payload)["predicate"] for line in lines_of(BUNDLE)[-2:])
    assert vsa["timeVerified"] == svr["timeCreated"] == "2026-01-01T14:00:00Z"
    assert vsa["verificationResult"] == "PASSED"
    assert vsa["verifiedLevels"] == svr["properties"] == ["AGENT_BVT_SUITE_FULL"]
    assert vsa[SUMMARY_FIELD] == svr[SUMMARY_FIELD]
    assert svr["verifier"]["policies"] == []

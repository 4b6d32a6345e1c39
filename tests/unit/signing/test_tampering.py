"""Whoever changes a bundle is refused, each kind of change with a sentence of its own, and a second verifier agrees."""

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from securesystemslib.signer import CryptoSigner, SSlibKey

from harness.gate.refusals import Ground
from harness.model.gate import Gate, Verdict
from harness.model.report import Outcome
from harness.signing.claims import SUMMARY_FIELD
from harness.signing.envelope import read_envelope
from harness.signing.keys import TrustedKey
from harness.signing.summaries import Summary
from tests.unit.gate.samples import CANDIDATE, a_cell, with_outcome
from tests.unit.signing.samples import (
    KEY,
    NOW,
    OTHER_KEY,
    OTHER_SIGNER,
    SIGNER,
    a_signed_gate,
    bundle_of,
    edited,
    gate_of,
    in_run,
    joined,
    lines_of,
    resigned,
    verified,
)
from tests.unit.signing.second_verifier import accepts

GATE = a_signed_gate()
BETA = Summary("beta", Verdict.PASS, GATE.reasons)
BUNDLE = bundle_of(GATE, summaries=[BETA])
LINES = lines_of(BUNDLE)
PLAN, CELL, SEAL, VSA, SVR, BETA_VSA, BETA_SVR = 0, 1, 4, 5, 6, 7, 8
OTHER_RUN = lines_of(bundle_of(in_run(GATE, "20260101-130000-ffff"), summaries=[BETA]))
EARLIER = lines_of(
    bundle_of(GATE, summaries=[BETA], now=NOW - timedelta(hours=1))
)  # the same run, signed before
OTHER_CANDIDATE = lines_of(
    bundle_of(a_signed_gate(candidate=CANDIDATE.model_copy(update={"sha256": "cd" * 32})), summaries=[BETA])
)
SMOKE = lines_of(bundle_of(a_signed_gate(suite="smoke"), summaries=[BETA]))
PUBLIC: Any = SIGNER.public_key._crypto_key()


def by_second(bundle: bytes) -> bool:
    return accepts(bundle, PUBLIC, CANDIDATE.sha256)


def refused(
    bundle: bytes, ground: Ground, words: str, *, verdict: Verdict = Verdict.INVALID, **demand: Any
) -> None:
    found = verified(bundle, **demand)
    assert not found.accepted
    sentences = [str(each) for each in found.refusals if each.ground is ground]
    assert any(words in sentence for sentence in sentences), [str(each) for each in found.refusals]
    assert found.verdict is verdict


def test_the_bundle_itself_is_accepted_by_both() -> None:
    assert verified(BUNDLE).accepted
    assert verified(BUNDLE, tier="beta").accepted
    assert by_second(BUNDLE)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_changed_byte_is_refused_by_both(data: st.DataObject) -> None:
    raw = bytearray(BUNDLE)
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    found = verified(bytes(raw))
    assert not found.accepted
    assert found.verdict is Verdict.INVALID
    assert all(str(each).endswith(".") and "\n" not in str(each) for each in found.refusals)
    assert not by_second(bytes(raw))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(0, len(LINES) - 1), max_size=12))
def test_any_other_sequence_of_its_lines_is_refused_by_both(order: list[int]) -> None:
    """Lines removed, doubled, swapped, in every way at once."""
    bundle = joined([LINES[index] for index in order])
    is_whole = order == list(range(len(LINES)))
    assert verified(bundle).accepted is is_whole
    assert by_second(bundle) is is_whole


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, len(LINES) - 1),
    st.sampled_from([OTHER_RUN, EARLIER, OTHER_CANDIDATE, SMOKE]),
    st.booleans(),
)
def test_a_line_of_another_bundle_by_the_same_key_is_refused_by_both(
    index: int, other: list[bytes], added: bool
) -> None:
    bundle = joined([*LINES[:index], other[index], *LINES[index + (not added) :]])
    if bundle != BUNDLE:
        assert not verified(bundle).accepted
        # The second one does not look into what summaries say of tiers and times.
        assert not by_second(bundle) or (other is EARLIER and index > SEAL and not added)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(BUNDLE) - 1))
def test_a_bundle_that_is_cut_off_is_refused_by_both(length: int) -> None:
    assert not verified(BUNDLE[:length]).accepted
    assert not by_second(BUNDLE[:length])


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_refused_and_never_more(raw: bytes) -> None:
    found = verified(raw)
    assert not found.accepted
    assert found.verdict is Verdict.INVALID


def changed_payload(document: dict[str, Any]) -> None:
    payload = base64.b64decode(document["payload"])
    document["payload"] = base64.b64encode(payload.replace(b"WARNED", b"PASSED")).decode()


def changed_signature(document: dict[str, Any]) -> None:
    signature = bytearray(base64.b64decode(document["signatures"][0]["sig"]))
    signature[3] ^= 1
    document["signatures"][0]["sig"] = base64.b64encode(bytes(signature)).decode()


def changed_key_id(document: dict[str, Any]) -> None:
    document["signatures"][0]["keyid"] = "0" * 64


def half_a_character(document: dict[str, Any]) -> None:
    """Nobody can print it: whoever verifies would end in a traceback."""
    document["signatures"][0]["keyid"] = "\ud800"


def no_key_id(document: dict[str, Any]) -> None:
    del document["signatures"][0]["keyid"]


def no_signature(document: dict[str, Any]) -> None:
    document["signatures"] = []


def other_type(document: dict[str, Any]) -> None:
    document["payloadType"] = "application/json"


@pytest.mark.parametrize(
    ("change", "ground", "words"),
    [
        (changed_payload, Ground.SIGNATURE, "does not fit the payload"),
        (changed_signature, Ground.SIGNATURE, "does not fit the payload"),
        (changed_key_id, Ground.KEY_ID, "none of the keys given"),
        (no_key_id, Ground.FORM, "has no key id"),
        (half_a_character, Ground.FORM, "holds half a character"),
        (no_signature, Ground.SIGNATURE, "is not signed"),
        (other_type, Ground.PAYLOAD_TYPE, "payload type is 'application/json'"),
    ],
)
@pytest.mark.parametrize("index", [PLAN, CELL, SEAL, VSA])
def test_a_changed_envelope_says_what_was_changed(
    change: Callable[[dict[str, Any]], None], ground: Ground, words: str, index: int
) -> None:
    if change is changed_payload:
        index = CELL
    lines = list(LINES)
    lines[index] = edited(lines[index], change)
    refused(joined(lines), ground, f"line {index + 1}: ")
    refused(joined(lines), ground, words)
    assert not by_second(joined(lines))


@pytest.mark.parametrize(
    ("lines", "ground", "words"),
    [
        ([*LINES[:2], *LINES[3:]], Ground.SEAL, "it was removed"),
        (LINES[1:], Ground.PLAN, "has no plan"),
        ([*LINES[:SEAL], *LINES[SEAL + 1 :]], Ground.SEAL, "has no seal"),
        ([*LINES[:BETA_VSA]], Ground.SUMMARY, "sealed are the gate, beta"),
        ([*LINES[:VSA], *LINES[BETA_VSA:]], Ground.SUMMARY, "VSA summaries are those of beta"),
        ([*LINES[:SVR], *LINES[BETA_VSA:]], Ground.SUMMARY, "SVR summaries are those of beta"),
        ([*LINES[:2], LINES[1], *LINES[2:]], Ground.SEAL, "doubles line 2"),
        ([LINES[0], LINES[2], LINES[1], *LINES[3:]], Ground.SEAL, "lines were swapped"),
        ([*LINES[:1], OTHER_RUN[1], *LINES[2:]], Ground.SEAL, "comes from another bundle"),
        ([*LINES[:1], OTHER_RUN[1], *LINES[2:]], Ground.RUN, "belongs to run '20260101-130000-ffff'"),
        (
            [*LINES[:1], OTHER_CANDIDATE[1], *LINES[2:]],
            Ground.CANDIDATE,
            "about another candidate than the plan",
        ),
        ([*LINES[:SEAL], OTHER_RUN[SEAL], *LINES[SEAL + 1 :]], Ground.SUMMARY, "made of another bundle"),
        ([*LINES[:VSA], EARLIER[VSA], *LINES[SVR:]], Ground.SUMMARY, "at another time than the VSA"),
        ([*LINES[:VSA], SMOKE[VSA], *LINES[SVR:]], Ground.SUITE, "is of suite 'smoke'"),
        ([*LINES[:VSA], LINES[BETA_VSA], *LINES[SVR:]], Ground.SUMMARY, "those of beta, beta"),
    ],
)
def test_lines_that_do_not_belong_together_say_why(lines: list[bytes], ground: Ground, words: str) -> None:
    refused(joined(lines), ground, words)


def test_another_candidate_is_refused() -> None:
    refused(BUNDLE, Ground.CANDIDATE, "about another candidate", candidate_sha256="cd" * 32)
    refused(joined(OTHER_CANDIDATE), Ground.CANDIDATE, "about another candidate")


def test_what_lies_beside_the_candidate_counts_as_the_candidate() -> None:
    beside = [{"name": "data/agent.cab", "sha256": "ee" * 32, "size": 3}]
    candidate = CANDIDATE.model_validate(CANDIDATE.model_dump() | {"beside": beside})
    bundle = bundle_of(a_signed_gate(candidate=candidate))
    assert verified(bundle, beside={"data/agent.cab": "ee" * 32}).accepted
    refused(bundle, Ground.CANDIDATE, "is not there")
    refused(bundle, Ground.CANDIDATE, "not the one that was gated", beside={"data/agent.cab": "ef" * 32})


def test_a_digest_changed_by_who_holds_the_key_is_refused() -> None:
    def change(document: dict[str, Any]) -> None:
        document["predicate"]["statements"][1]["sha256"] = "0" * 64

    lines = list(LINES)
    lines[SEAL] = resigned(lines[SEAL], change)
    refused(joined(lines), Ground.SEAL, "is none of the sealed ones")

    def other_plan(document: dict[str, Any]) -> None:
        document["predicate"]["plan"]["cells"].pop()

    refused(
        joined([resigned(LINES[PLAN], other_plan), *LINES[1:]]), Ground.PLAN, "whose digest stands beside"
    )


def test_a_summary_that_claims_more_than_the_results_is_refused_although_its_key_is_good() -> None:
    cells = [a_cell()]
    failing: Gate = gate_of(cells, _failing)
    lie = failing.model_copy(update={"verdict": Verdict.PASS})
    refused(bundle_of(lie), Ground.SUMMARY, "claims PASS; the results come to FAIL")


def _failing(report: Any) -> Any:
    return with_outcome(report, "check-in.enrolled", Outcome.FAILED)


def test_a_summary_whose_standard_fields_say_something_else_is_refused() -> None:
    for index, name, value in (
        (VSA, "verificationResult", "FAILED"),
        (VSA, "verifiedLevels", ["SLSA_BUILD_LEVEL_3"]),
        (VSA, "inputAttestations", []),
        (SVR, "properties", []),
    ):
        lines = list(LINES)
        lines[index] = resigned(lines[index], partial(_set, name=name, value=value))
        refused(joined(lines), Ground.SUMMARY, "contradicts itself")


def _set(document: dict[str, Any], name: str, value: object) -> None:
    document["predicate"][name] = value


def test_a_tier_without_a_summary_is_refused() -> None:
    refused(BUNDLE, Ground.TIER, "no summary for tier 'preview'", tier="preview", verdict=Verdict.INCOMPLETE)


def test_another_suite_is_not_enough() -> None:
    refused(joined(SMOKE), Ground.SUITE, "suite 'full' is needed", verdict=Verdict.INCOMPLETE)
    assert verified(joined(SMOKE), suite="smoke").accepted


def test_an_older_bundle_is_refused() -> None:
    old = {"now": NOW + timedelta(days=8)}
    refused(BUNDLE, Ground.FRESHNESS, "The oldest result is 8.1 days old", verdict=Verdict.STALE, **old)
    refused(
        joined(EARLIER),
        Ground.ROLLBACK,
        "older than one already known",
        verdict=Verdict.STALE,
        not_before=NOW,
    )
    refused(BUNDLE, Ground.FRESHNESS, "made in the future", now=NOW - timedelta(hours=1))


def test_signing_an_old_run_again_does_not_make_it_fresh() -> None:
    later = NOW + timedelta(days=30)
    refused(bundle_of(GATE, now=later), Ground.FRESHNESS, "30.1 days old", verdict=Verdict.STALE, now=later)


def test_inputs_that_changed_since_make_it_stale() -> None:
    assert verified(BUNDLE, profile_sha256="1" * 64, matrix_sha256="2" * 64).accepted
    refused(BUNDLE, Ground.INPUTS, "The profile has changed", verdict=Verdict.STALE, profile_sha256="9" * 64)
    refused(BUNDLE, Ground.INPUTS, "The matrix has changed", verdict=Verdict.STALE, matrix_sha256="9" * 64)
    refused(BUNDLE, Ground.GATE_FILE, "not the one that was signed", gate_sha256="9" * 64)


def test_one_key_under_two_ids_counts_once() -> None:
    alias = SSlibKey("alias", "ed25519", "ed25519", SIGNER.public_key.keyval)
    twice = joined(
        [read_envelope(line).signed(CryptoSigner(SIGNER._private_key, alias)).line for line in LINES]
    )
    keys = [KEY, TrustedKey.of(alias)]
    assert verified(twice, keys=keys).accepted
    refused(twice, Ground.THRESHOLD, "a key under two ids counts once", keys=keys, threshold=2)


def test_a_signature_too_many_or_by_another_key_on_one_line_is_refused() -> None:
    lines = list(LINES)
    lines[CELL] = read_envelope(lines[CELL]).signed(OTHER_SIGNER).line
    refused(joined(lines), Ground.KEY_ID, "other key ids than line 1", keys=[KEY, OTHER_KEY])
    refused(BUNDLE, Ground.KEY_ID, "none of the keys given", keys=[OTHER_KEY])


def test_a_summary_field_that_is_no_summary_is_refused_in_one_sentence() -> None:
    lines = list(LINES)
    lines[VSA] = resigned(
        lines[VSA], lambda document: document["predicate"].update({SUMMARY_FIELD: {"tier": 5}})
    )
    refused(joined(lines), Ground.STATEMENT, "cannot be read")


def test_json_that_says_a_thing_twice_is_refused() -> None:
    line = LINES[CELL]
    twice = line[:-1] + b',"payloadType":"application/vnd.in-toto+json"}'
    refused(joined([LINES[0], twice, *LINES[2:]]), Ground.FORM, "given twice")
    spaced = json.dumps(json.loads(line)).encode()
    refused(joined([LINES[0], spaced, *LINES[2:]]), Ground.FORM, "not written as bvt writes it")

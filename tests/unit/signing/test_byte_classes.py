"""Every class of bytes of a bundle, changed: refused with a sentence of its own, and a second verifier agrees."""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from securesystemslib.signer import CryptoSigner, SSlibKey

from harness.gate.waivers import waived_gate
from harness.model.gate import Verdict
from harness.signing.bundle import WAIVER_TYPE
from harness.signing.envelope import Envelope, read_envelope
from harness.signing.keys import TrustedKey
from harness.signing.summaries import Summary
from harness.signing.waiver_files import payload_of
from tests.unit.gate.samples import CANDIDATE
from tests.unit.signing.people import ANA, BEN, a_policy, a_waiver, signed
from tests.unit.signing.samples import (
    KEY,
    NOW,
    SIGNER,
    a_signed_gate,
    bundle_of,
    edited,
    in_run,
    joined,
    lines_of,
    resigned,
    verified,
)
from tests.unit.signing.second_verifier import accepts, key_id
from tests.unit.signing.test_policy_and_waivers import FAILING

LATER = NOW + timedelta(hours=1)
GATE = a_signed_gate()
BETA = Summary("beta", Verdict.PASS, GATE.reasons)
BUNDLE = bundle_of(GATE, summaries=[BETA])
LINES = lines_of(BUNDLE)
PLAN, CELL, SEAL, VSA, BETA_VSA = 0, 1, 4, 5, 7
WAIVED = waived_gate(FAILING, [a_waiver()], NOW)
WITH_WAIVER = bundle_of(WAIVED, waivers=[signed(a_waiver())])


def public(signer: CryptoSigner) -> Any:
    return signer.public_key._crypto_key()


PEOPLE = {"people": {"ana": public(ANA), "ben": public(BEN)}, "approvers": frozenset({"ben"}), "now": LATER}
ALIAS = SSlibKey("alias", "ed25519", "ed25519", SIGNER.public_key.keyval)


@dataclass(frozen=True)
class Tried:
    """What is shown to both verifiers, and what each of them is asked."""

    bundle: bytes
    demand: Mapping[str, Any] = field(default_factory=dict)
    second: Mapping[str, Any] = field(default_factory=dict)


def change(index: int, how: Callable[[dict[str, Any]], Any]) -> bytes:
    lines = list(LINES)
    lines[index] = edited(lines[index], how)
    return joined(lines)


def payload(document: dict[str, Any]) -> None:
    text = base64.b64decode(document["payload"]).replace(b"WARNED", b"PASSED")
    document["payload"] = base64.b64encode(text).decode()


def signature(document: dict[str, Any]) -> None:
    raw = bytearray(base64.b64decode(document["signatures"][0]["sig"]))
    raw[7] ^= 1
    document["signatures"][0]["sig"] = base64.b64encode(bytes(raw)).decode()


def digest() -> bytes:
    """By whoever holds the gate's key."""

    def other(document: dict[str, Any]) -> None:
        document["predicate"]["statements"][1]["sha256"] = "0" * 64

    return joined([*LINES[:SEAL], resigned(LINES[SEAL], other), *LINES[SEAL + 1 :]])


def widened() -> bytes:
    """Two people signed for one check in one cell; it says one check in every cell now."""
    narrow = a_waiver(cell="win11-24h2/fresh")
    wide = Envelope(payload_of(a_waiver()), WAIVER_TYPE, signed(narrow).signatures)
    return bundle_of(WAIVED, waivers=[wide])


def other_candidate() -> bytes:
    candidate = CANDIDATE.model_copy(update={"sha256": "cd" * 32})
    return bundle_of(a_signed_gate(candidate=candidate), summaries=[BETA])


def swapped() -> bytes:
    return joined([LINES[0], LINES[2], LINES[1], *LINES[3:]])


def twice() -> bytes:
    """Each line signed by one key under two ids."""
    again = CryptoSigner(SIGNER._private_key, ALIAS)
    return joined([read_envelope(line).signed(again).line for line in LINES])


def smoke() -> bytes:
    return bundle_of(a_signed_gate(suite="smoke"), summaries=[BETA])


def with_foreign_line() -> bytes:
    other = lines_of(bundle_of(in_run(GATE, "20260101-130000-ffff"), summaries=[BETA]))
    return joined([LINES[PLAN], other[CELL], *LINES[2:]])


TWO = {"keys": [KEY, TrustedKey.of(ALIAS)], "threshold": 2}
TWO_IDS = {"keys": {key_id(public(SIGNER)): public(SIGNER), "alias": public(SIGNER)}, "threshold": 2}
EXPIRED = {"now": LATER, "policy_expires": NOW}
CLASSES: dict[str, tuple[Tried, str]] = {
    "payload": (Tried(change(CELL, payload)), "does not fit the payload"),
    "signature": (Tried(change(SEAL, signature)), "line 5: "),
    "key id": (
        Tried(change(CELL, lambda it: it["signatures"][0].update(keyid="0" * 64))),
        "none of the keys given",
    ),
    "digest": (Tried(digest()), "is none of the sealed ones"),
    "removed line": (Tried(joined([*LINES[:2], *LINES[3:]])), "it was removed"),
    "doubled line": (Tried(joined([*LINES[:2], LINES[1], *LINES[2:]])), "doubles line 2"),
    "swapped line": (Tried(swapped()), "lines were swapped"),
    "foreign line": (Tried(with_foreign_line()), "belongs to run"),
    "an older bundle": (
        Tried(bundle_of(GATE, now=NOW - timedelta(hours=1)), {"not_before": NOW}, {"newest": NOW}),
        "older than one already known",
    ),
    "another candidate": (Tried(other_candidate()), "is about another candidate"),
    "another tier's summary": (
        Tried(joined([*LINES[:VSA], LINES[BETA_VSA], *LINES[VSA + 1 :]])),
        "those of beta, beta",
    ),
    "a tier without a summary": (
        Tried(BUNDLE, {"tier": "preview"}, {"tier": "preview"}),
        "no summary for tier 'preview'",
    ),
    "another suite's summary": (
        Tried(joined([*LINES[:VSA], lines_of(smoke())[VSA], *LINES[VSA + 1 :]])),
        "is of suite 'smoke'",
    ),
    "another suite's bundle": (Tried(smoke()), "suite 'full' is needed"),
    "one key under two ids": (Tried(twice(), TWO, TWO_IDS), "a key under two ids counts once"),
    "an expired policy": (
        Tried(BUNDLE, {"tier": "beta", "policy": a_policy(expires=NOW)}, EXPIRED),
        "expired on",
    ),
    "a widened waiver": (
        Tried(widened(), {"tier": "beta", "policy": a_policy()}, PEOPLE),
        "its scope was widened",
    ),
}


def sentences(tried: Tried) -> list[str]:
    found = verified(tried.bundle, **tried.demand)
    assert not found.accepted
    return [str(each) for each in found.refusals]


def by_second(tried: Tried) -> bool:
    return accepts(tried.bundle, public(SIGNER), CANDIDATE.sha256, **tried.second)


@pytest.mark.parametrize("name", CLASSES)
def test_each_class_is_refused_in_words_of_its_own_and_by_both(name: str) -> None:
    tried, words = CLASSES[name]
    said = [each for each in sentences(tried) if words in each]
    assert said, sentences(tried)
    assert all(each.endswith(".") and "\n" not in each for each in said)
    assert not by_second(tried)


def test_no_two_classes_share_a_sentence() -> None:
    said = [next(each for each in sentences(tried) if words in each) for tried, words in CLASSES.values()]
    assert len(set(said)) == len(CLASSES)


@pytest.mark.parametrize(
    "good",
    [
        Tried(BUNDLE),
        Tried(BUNDLE, {"tier": "beta"}, {"tier": "beta"}),
        Tried(BUNDLE, {"not_before": NOW}, {"newest": NOW}),
        Tried(smoke(), {"suite": "smoke"}, {"suite": "smoke"}),
        Tried(twice(), {**TWO, "threshold": 1}, {**TWO_IDS, "threshold": 1}),
        Tried(
            BUNDLE,
            {"tier": "beta", "policy": a_policy(expires=LATER + timedelta(hours=1))},
            {"now": LATER, "policy_expires": LATER + timedelta(hours=1)},
        ),
        Tried(WITH_WAIVER, {"tier": "beta", "policy": a_policy()}, PEOPLE),
    ],
)
def test_the_good_twin_of_each_is_accepted_by_both(good: Tried) -> None:
    found = verified(good.bundle, **good.demand)
    assert found.accepted, [str(each) for each in found.refusals]
    assert by_second(good)


@given(st.data())
def test_any_changed_byte_of_a_bundle_with_waivers_is_refused_by_both(data: st.DataObject) -> None:
    raw = bytearray(WITH_WAIVER)
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    tried = Tried(bytes(raw), {"tier": "beta", "policy": a_policy()}, PEOPLE)
    assert sentences(tried)
    assert not by_second(tried)


@given(st.sampled_from(sorted(CLASSES)), st.integers(0, 400), st.integers(1, 255))
def test_a_second_change_never_makes_up_for_the_first(name: str, place: int, bits: int) -> None:
    tried, _ = CLASSES[name]
    raw = bytearray(tried.bundle)
    raw[place * (len(raw) - 1) // 400] ^= bits
    both = Tried(bytes(raw), tried.demand, tried.second)
    assert sentences(both)
    assert not by_second(both)


def test_the_lines_of_the_table_are_what_they_are_called() -> None:
    kinds = [json.loads(read_envelope(line).payload)["predicateType"].rpartition("/")[2] for line in LINES]
    assert kinds[PLAN] == "urn:agent-bvt:plan:1"
    assert kinds[SEAL] == "urn:agent-bvt:seal:1"

"""A bundle verified by a policy: what its tier asks for, and whose waivers count."""

import base64
import json
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from harness.gate.refusals import Ground
from harness.gate.waivers import waived_gate
from harness.model.errors import ConfigurationError
from harness.model.gate import Verdict
from harness.model.report import Outcome
from harness.signing.bundle import WAIVER_TYPE
from harness.signing.envelope import Envelope
from harness.signing.keys import TrustedKey
from harness.signing.policy_file import load_policy, policy_envelope
from harness.signing.waiver_files import payload_of, read_waivers
from tests.unit.gate.samples import CANDIDATE, a_cell, an_attempt, with_outcome
from tests.unit.signing.people import ANA, BEN, EVE, a_policy, a_waiver, policy_yaml, signed
from tests.unit.signing.samples import (
    KEY,
    NOW,
    SIGNER,
    a_signed_gate,
    bundle_of,
    edited,
    gate_of,
    joined,
    lines_of,
    verified,
)
from tests.unit.signing.second_verifier import accepts

BUNDLE = bundle_of(a_signed_gate())
FAILING = gate_of([a_cell()], partial(with_outcome, check="check-in.enrolled", outcome=Outcome.FAILED))


def waived(*waivers: Envelope, gate: Any = FAILING, by: Any = None) -> bytes:
    """A bundle whose gate rests on these waivers."""
    models = by or [a_waiver()]
    return bundle_of(waived_gate(gate, models, NOW), waivers=waivers)


def beta(bundle: bytes, policy: Any = None, **demand: Any) -> Any:
    return verified(bundle, tier="beta", policy=policy or a_policy(), **demand)


def refused(found: Any, ground: Ground, words: str, verdict: Verdict) -> None:
    sentences = [str(each) for each in found.refusals if each.ground is ground]
    assert any(words in sentence for sentence in sentences), [str(each) for each in found.refusals]
    assert found.verdict is verdict


def test_a_gate_that_gives_what_the_tier_asks_for_is_accepted() -> None:
    tier = {"cells": ["*/fresh"], "substrates": ["wine"], "coverage": 95, "retries": {"total": 0}}
    found = beta(BUNDLE, a_policy(tier))
    assert found.accepted, [str(each) for each in found.refusals]
    assert found.coverage.percent == 95


@pytest.mark.parametrize(
    ("tier", "ground", "words", "verdict"),
    [
        ({"suites": ["nightly"]}, Ground.SUITE, "takes suite nightly", Verdict.INCOMPLETE),
        ({"cells": ["win7*/fresh"]}, Ground.TIER, "the plan has none", Verdict.INCOMPLETE),
        (
            {"substrates": ["kvm"]},
            Ground.SUBSTRATE,
            "ran on wine; tier beta counts only kvm",
            Verdict.INCOMPLETE,
        ),
        ({"guest_systems": ["windows"]}, Ground.SUBSTRATE, "guest was wine", Verdict.INCOMPLETE),
        ({"coverage": 99}, Ground.COVERAGE, "covers 95 % of the fleet", Verdict.INCOMPLETE),
        ({"max_age_days": 0.05}, Ground.FRESHNESS, "takes at most 0.05", Verdict.STALE),
        ({"signatures": 2}, Ground.THRESHOLD, "2 distinct keys; there are 1", Verdict.INVALID),
        (
            {"rules": [{"name": "r", "must": "coverage > 99.0", "otherwise": "Too little."}]},
            Ground.RULE,
            "Rule r: Too little.",
            Verdict.INCOMPLETE,
        ),
        (
            {"rules": [{"name": "r", "must": "cells[50].required", "otherwise": "No."}]},
            Ground.RULE,
            "cannot be answered",
            Verdict.INCOMPLETE,
        ),
    ],
)
def test_each_thing_that_a_tier_asks_for_can_refuse(
    tier: dict[str, Any], ground: Ground, words: str, verdict: Verdict
) -> None:
    refused(beta(BUNDLE, a_policy(tier)), ground, words, verdict)


def test_the_uncovered_part_of_the_fleet_is_named_heaviest_first() -> None:
    bundle = bundle_of(a_signed_gate("server-2022/fresh"))
    found = beta(bundle, a_policy({"coverage": 60}))
    refused(found, Ground.COVERAGE, "win11-24h2 (50 %), win10-22h2 (30 %); 5 %", Verdict.INCOMPLETE)


def test_a_retry_budget_counts_machines_after_the_first() -> None:
    attempts = (an_attempt(1, Outcome.INFRA, "lost"), an_attempt(2))
    gate = gate_of([a_cell()], lambda report: report.model_copy(update={"attempts": attempts}))
    assert beta(bundle_of(gate)).accepted
    for budget in ({"per_cell": 0}, {"total": 0}):
        found = beta(bundle_of(gate), a_policy({"retries": budget}))
        refused(found, Ground.RETRIES, "takes at most 0", Verdict.INCOMPLETE)


def test_an_expired_policy_lets_nothing_through() -> None:
    found = beta(BUNDLE, a_policy(expires=NOW))
    refused(found, Ground.POLICY, "expired on 2026-01-01 14:00 UTC", Verdict.STALE)


def test_an_expired_policy_lets_nothing_through_without_a_tier_either() -> None:
    found = verified(waived(signed(a_waiver())), policy=a_policy(expires=NOW))
    refused(found, Ground.POLICY, "expired on 2026-01-01 14:00 UTC", Verdict.STALE)


def test_a_waiver_that_nothing_rests_on_need_not_be_believed_without_a_policy() -> None:
    gate = waived_gate(a_signed_gate(), [a_waiver()], NOW)
    assert verified(bundle_of(gate, waivers=[signed(a_waiver())])).accepted


def test_a_tier_that_the_policy_does_not_have_is_refused() -> None:
    found = verified(BUNDLE, tier="preview", policy=a_policy())
    refused(found, Ground.TIER, "has no tier 'preview'", Verdict.INCOMPLETE)


def test_a_failure_passes_through_a_waiver_that_two_people_signed_and_no_other_way() -> None:
    bundle = waived(signed(a_waiver()))
    found = beta(bundle)
    assert found.accepted, [str(each) for each in found.refusals]
    assert found.waivers[0].failures == ("win11-24h2/fresh: check-in.enrolled",)
    refused(verified(bundle), Ground.WAIVER, "counts only with the policy", Verdict.FAIL)
    refused(beta(waived()), Ground.SUMMARY, "claims PASS; the results come to FAIL", Verdict.INVALID)


@pytest.mark.parametrize(
    ("envelope", "words"),
    [
        (signed(a_waiver(), ANA), "is not signed by ben"),
        (signed(a_waiver(), BEN), "is not signed by ana"),
        (signed(a_waiver(), ANA, EVE), "is not signed by ben"),
        (signed(a_waiver(approver="eve"), ANA, EVE), "'eve', whom the policy does not know"),
        (signed(a_waiver(author="ben", approver="ana"), ANA, BEN), "who may not approve"),
        (
            Envelope(
                payload_of(a_waiver(check="", cell="win11-24h2/fresh")),
                WAIVER_TYPE,
                signed(a_waiver()).signatures,
            ),
            "its scope was widened",
        ),
        (Envelope(b"{}", WAIVER_TYPE, {}), "cannot be read"),
        (
            Envelope(payload_of(a_waiver()).replace(b'"check-in.enrolled"', b'"*"'), WAIVER_TYPE, {})
            .signed(ANA)
            .signed(BEN),
            "come to FAIL",
        ),
    ],
)
def test_a_forged_or_widened_waiver_is_refused(envelope: Envelope, words: str) -> None:
    found = beta(waived(envelope))
    assert found.verdict is Verdict.INVALID
    assert any(words in str(each) for each in found.refusals), [str(each) for each in found.refusals]


def test_nobody_approves_with_the_authors_key_or_the_gates() -> None:
    policy = a_policy()
    same = replace(policy, people=policy.people | {"ben": policy.people["ana"]})
    refused(
        beta(waived(signed(a_waiver())), same), Ground.WAIVER, "nobody approves their own", Verdict.INVALID
    )
    gates = replace(policy, people=policy.people | {"ben": KEY})
    envelope = signed(a_waiver(), ANA, SIGNER)
    refused(beta(waived(envelope), gates), Ground.WAIVER, "signs the gate itself", Verdict.INVALID)


def test_a_waiver_that_expired_since_makes_the_failure_count_and_nobody_a_liar() -> None:
    bundle = waived(signed(a_waiver(expires=NOW + timedelta(hours=2))))
    assert beta(bundle).accepted
    found = beta(bundle, now=NOW + timedelta(hours=3))
    refused(found, Ground.RESULT, "Waiver W-1 does not let it pass", Verdict.FAIL)


def test_a_tier_takes_only_so_much_debt() -> None:
    bundle = waived(signed(a_waiver()))
    refused(beta(bundle, a_policy({"waivers": {"most": 0}})), Ground.WAIVER, "takes at most 0", Verdict.FAIL)
    long = a_policy({"waivers": {"most": 2, "longest_days": 10}})
    refused(beta(bundle, long), Ground.WAIVER, "lasts 21 days", Verdict.FAIL)


def test_two_waivers_of_one_name_are_refused() -> None:
    bundle = waived(signed(a_waiver()), signed(a_waiver(cell="win11-24h2/fresh")))
    refused(beta(bundle), Ground.WAIVER, "A second waiver is called W-1", Verdict.INVALID)


def test_a_waivers_line_is_sealed_like_any_other() -> None:
    lines = lines_of(waived(signed(a_waiver())))
    without = joined([line for line in lines if WAIVER_TYPE.encode() not in line])
    refused(beta(without), Ground.SEAL, "sealed line of waiver", Verdict.INVALID)
    again = lines_of(waived(signed(a_waiver(), ANA, EVE)))
    swapped = joined(
        [other if WAIVER_TYPE.encode() in line else line for line, other in zip(lines, again, strict=True)]
    )
    refused(beta(swapped), Ground.WAIVER, "is not signed by ben", Verdict.INVALID)
    public: Any = SIGNER.public_key._crypto_key()
    assert not accepts(joined(lines), public, CANDIDATE.sha256)  # it knows no waivers, and denies


def test_a_policy_is_read_bare_or_signed(tmp_path: Path) -> None:
    path = policy_yaml(tmp_path)
    loaded = load_policy(path)
    assert loaded.policy.tiers["beta"].coverage == 50
    assert set(loaded.people) == {"ana", "ben"}
    key = TrustedKey.of(ANA.public_key)
    with pytest.raises(ConfigurationError, match="the policy is not signed"):
        load_policy(path, [key])
    signed_path = tmp_path / "gate-policy.signed"
    signed_path.write_bytes(policy_envelope(path).signed(ANA).line + b"\n")
    again = load_policy(signed_path, [key])
    assert (again.policy, again.sha256) == (loaded.policy, loaded.sha256)
    assert again.signed_by == {key.fingerprint}
    with pytest.raises(ConfigurationError, match="signed by none of the keys"):
        load_policy(signed_path, [TrustedKey.of(EVE.public_key)])

    def weaker(document: dict[str, Any]) -> None:
        text = base64.b64decode(document["payload"]).replace(b"coverage: 50", b"coverage: 1")
        document["payload"] = base64.b64encode(text).decode()

    signed_path.write_bytes(edited(signed_path.read_bytes().rstrip(), weaker) + b"\n")
    with pytest.raises(ConfigurationError, match="or was changed"):
        load_policy(signed_path, [key])


@pytest.mark.parametrize(
    ("changes", "line", "key", "words"),
    [
        ({"weight": "80"}, 4, "fleet", "add up to 110"),
        ({"weight": "fifty"}, 5, "fleet.win11-24h2", "number"),
        ({"coverage": "90"}, 17, "tiers.beta.coverage", "the fleet names 80 %"),
        ({"coverage": "120"}, 17, "tiers.beta.coverage", "100"),
        ({"substrates": "[hyperv]"}, 18, "tiers.beta.substrates", "kvm"),
        ({"must": "cells.all(c, c.atempts <= 2)"}, 22, "tiers.beta.rules[0].must", "no 'atempts'"),
        ({"must": "cels.all(c, true)"}, 22, "tiers.beta.rules[0].must", "cels"),
        ({"must": "1 +"}, 22, "tiers.beta.rules[0].must", "syntax error"),
        ({"must": "size(cells)"}, 22, "tiers.beta.rules[0].must", "neither true nor false"),
        ({"key": "nonsense"}, 11, "people.ben.key", "no public key"),
        ({"expires": "2027-01-01"}, 3, "expires", "time"),
        ({"most": "1, mots: 2"}, 19, "tiers.beta.waivers.mots", "mots"),
    ],
)
def test_a_mistake_in_a_policy_is_one_sentence_with_line_and_key(
    tmp_path: Path, changes: dict[str, str], line: int, key: str, words: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_policy(policy_yaml(tmp_path, **changes))
    assert (caught.value.line, words in str(caught.value)) == (line, True), str(caught.value)
    assert caught.value.key.startswith(key)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_waiver_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.waiver").write_bytes(signed(a_waiver()).line + b"\n")
    assert [each.payload for each in read_waivers([tmp_path])] == [payload_of(a_waiver())]
    for content, words in (
        (b"reason: none", "no signed waiver"),
        (Envelope(b"{}", WAIVER_TYPE, {}).line, "but no waiver"),
        (Envelope(json.dumps({}).encode(), "text/plain", {}).line, "but no waiver"),
    ):
        (tmp_path / "a.waiver").write_bytes(content)
        with pytest.raises(ConfigurationError, match=words):
            read_waivers([tmp_path])


def test_the_clock_of_a_waiver_starts_when_it_was_created() -> None:
    bundle = waived(signed(a_waiver()))
    assert beta(bundle).waivers[0].days_old == pytest.approx(1.1, abs=0.05)

"""The way into a tier: a signed gate, verified offline by the policy that the ledger holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from harness.gate.refusals import Refusal
from harness.gate.ways_back import WayBack
from harness.promotion.entries import CandidateRef, GateRecord
from harness.promotion.tiers import GateKeys, public_key
from harness.signing.demand import Demand
from harness.signing.gate_in import gate_in
from harness.signing.keys import TrustedKey
from harness.signing.policy_file import LoadedPolicy, policy_of
from harness.signing.verification import verify_bundle

POLICY_FILE = Path("gate-policy.yaml")
"""What messages call the policy in the ledger."""


@dataclass(frozen=True)
class GateAsk:
    """What a tier asks of a bundle. `tier`: of the gate policy. `not_before`: the newest bundle known of the candidate.

    `beside`: SHA-256 by name of what lies beside the candidate. `baseline`: the bundle of the tier's last release, which
    was verified when that one came.
    """

    candidate: CandidateRef
    tier: str
    keys: GateKeys
    policy: str
    now: datetime
    not_before: datetime | None = None
    beside: Mapping[str, str] = field(default_factory=dict)
    baseline: bytes | None = None


@dataclass(frozen=True)
class GateAnswer:
    """Refused for these reasons; or for none, and then on record as this."""

    refusals: tuple[Refusal, ...]
    record: GateRecord | None = None
    candidate: CandidateRef | None = None
    """The candidate with the name and version that the gate says."""
    ways: tuple[WayBack, ...] = ()
    """What it shows of each earlier release that it was run with."""


class GateCheck(Protocol):
    """Verifies a bundle."""

    def __call__(self, bundle: bytes, ask: GateAsk) -> GateAnswer: ...


def check_signed_gate(bundle: bytes, ask: GateAsk) -> GateAnswer:
    """Verify the bundle as `bvt gate verify --policy … --tier …` does."""
    policy = _policy(ask.policy)
    wanted = policy.policy.tiers.get(ask.tier)
    before = ask.baseline if wanted and wanted.regression.bound else None
    found = verify_bundle(
        bundle,
        Demand(
            candidate_sha256=ask.candidate.sha256,
            keys=_keys(ask.keys.keys),
            now=ask.now,
            threshold=ask.keys.threshold,
            tier=ask.tier,
            policy=policy,
            not_before=ask.not_before,
            beside=ask.beside,
            baseline=gate_in(before, "the gate of the last release") if before else None,
        ),
    )
    if found.refusals or found.plan is None or found.time_verified is None:
        return GateAnswer(found.refusals)
    plan = found.plan
    record = GateRecord(
        bundle_sha256=found.bundle_sha256,
        suite=plan.suite,
        time_verified=found.time_verified,
        substrates=tuple(sorted(each.value for each in found.substrates)),
        beside={each.name: each.sha256 for each in plan.candidate.beside},
        inventory=plan.candidate.inventory,
        returns_to=tuple(each.release.sha256 for each in found.ways_back if each.proven),
    )
    named = ask.candidate.model_copy(
        update={"name": plan.candidate.product_name, "version": plan.candidate.version}
    )
    return GateAnswer((), record, named, found.ways_back)


@lru_cache(maxsize=8)
def _policy(text: str) -> LoadedPolicy:
    return policy_of(text.encode(), POLICY_FILE)


def _keys(texts: Sequence[str]) -> list[TrustedKey]:
    return [public_key(text) for text in texts]

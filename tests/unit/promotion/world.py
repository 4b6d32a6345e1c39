"""A ledger with tiers, people with keys, a clock that one can turn, and gates that were really signed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from securesystemslib.signer import CryptoSigner

from harness.promotion.entries import CandidateRef, HealthReport
from harness.promotion.gate_check import GateAnswer, GateAsk, GateCheck, check_signed_gate
from harness.promotion.ledger.store import Ledger
from harness.promotion.service import Promotion
from tests.unit.gate.samples import CANDIDATE
from tests.unit.signing.people import ANA, BEN, pem_of
from tests.unit.signing.samples import NOW, SIGNER, a_signed_gate, bundle_of

PEOPLE = {
    name: CryptoSigner.generate_ed25519()
    for name in ("ci", "ann", "bob", "cyd", "own", "oda", "bot", "srv", "eve")
}
"""`eve` is nobody's name in tiers.yaml."""
AGENT = CandidateRef(sha256=CANDIDATE.sha256, name=CANDIDATE.product_name, version=CANDIDATE.version)
BUNDLE = bundle_of(a_signed_gate())


def key(signer: CryptoSigner) -> str:
    return "".join(pem_of(signer).splitlines()[1:-1])


TIERS = """\
schema_version: 1
people:
  ci: {key: CI, roles: [builder], via: [srv]}
  ann: {key: ANN, roles: [release-manager], via: [srv]}
  bob: {key: BOB, roles: [release-manager], via: [srv]}
  cyd: {key: CYD, roles: [release-manager, security], via: [srv]}
  own: {key: OWN, roles: [owner], via: [srv]}
  oda: {key: ODA, roles: [owner]}
  bot: {key: BOT, roles: [health]}
  srv: {key: SRV, roles: [server]}
gates: {keys: [GATE]}
change_tiers:
  - {role: owner}
request_valid_hours: 240
action_hosts: 100
tiers:
  - name: internal
    request: [builder, release-manager]
    soak: {hours: 24, host_hours: 500}
    health: {min_hosts: 10, max_crashed: 0, max_silent: 0.1, max_age_hours: 24}
  - name: beta
    opt_in: true
    request: [builder, release-manager]
    approvals: [{role: release-manager, count: 2}]
    soak: {hours: 48}
  - name: production
    request: [release-manager]
    approvals: [{role: release-manager}, {role: security}]
    steps: [1, 5, 20, 50, 100]
    soak: {hours: 72}
    health: {max_crashed: 0.01, max_age_hours: 12}
    change_windows:
      - {days: [mon, tue, wed, thu], from: "08:00", to: "16:00", zone: Europe/Berlin}
"""
for _name, _signer in PEOPLE.items():
    TIERS = TIERS.replace(f"key: {_name.upper()},", f"key: {key(_signer)},")
TIERS = TIERS.replace("GATE", key(SIGNER))

POLICY = """\
schema_version: 1
name: releases
expires: "2099-01-01T00:00:00Z"
people:
  ana: {key: "ANA"}
  ben: {key: "BEN", approves: true}
tiers:
  internal: {substrates: [wine], max_age_days: 30}
  beta: {substrates: [wine], max_age_days: 7, waivers: {most: 2}}
  production: {substrates: [wine], max_age_days: 30}
"""
for _name, _signer in (("ANA", ANA), ("BEN", BEN)):
    POLICY = POLICY.replace(_name, pem_of(_signer).replace("\n", "\\n"))


@dataclass
class World:
    folder: Path
    check: GateCheck = check_signed_gate
    at: datetime = NOW + timedelta(hours=1)
    policy: str = POLICY
    tiers: str = TIERS
    hours: float = field(default=0)
    """Host hours reported so far."""

    def __post_init__(self) -> None:
        self.ledger = Ledger(str(self.folder / "ledger.db"))
        self.promotion = Promotion(self.ledger, self.check, lambda: self.at)
        self.promotion.found(self.tiers, self.policy, PEOPLE["own"])

    def later(self, **delta: float) -> None:
        self.at += timedelta(**delta)

    def healthy(self, tier: str, sha256: str = AGENT.sha256, **changes: Any) -> None:
        """A report of 50 hosts that have run it for a thousand hours more."""
        self.hours += 1000
        fields: dict[str, Any] = {
            "by": "-",
            "at": self.at,
            "candidate": sha256,
            "tier": tier,
            "hosts": 50,
            "host_hours": self.hours,
        }
        self.promotion.report_health(HealthReport(**(fields | changes)), PEOPLE["bot"])

    def in_internal(self, candidate: CandidateRef = AGENT, bundle: bytes = BUNDLE) -> None:
        assert self.promotion.promote(candidate, "internal", bundle, PEOPLE["ci"]).done

    def soaked(self, candidate: CandidateRef = AGENT, bundle: bytes = BUNDLE) -> None:
        self.in_internal(candidate, bundle)
        self.later(hours=25)
        self.healthy("internal", candidate.sha256)

    def in_beta(self, candidate: CandidateRef = AGENT, bundle: bytes = BUNDLE) -> None:
        self.soaked(candidate, bundle)
        asked = self.promotion.promote(candidate, "beta", bundle, PEOPLE["ci"]).asked
        self.promotion.approve(asked.id, PEOPLE["ann"])
        assert self.promotion.approve(asked.id, PEOPLE["bob"]).done


class Shown:
    """A gate check that believes every bundle, and says which releases its scenarios went back to."""

    def __init__(self, returns_to: Mapping[str, tuple[str, ...]]) -> None:
        self._returns_to = returns_to

    def __call__(self, bundle: bytes, ask: GateAsk) -> GateAnswer:
        answer = check_signed_gate(BUNDLE, GateAsk(AGENT, ask.tier, ask.keys, ask.policy, NOW))
        assert answer.record is not None
        ways = self._returns_to.get(ask.candidate.sha256, ())
        record = answer.record.model_copy(update={"returns_to": ways})
        return GateAnswer((), record, ask.candidate)

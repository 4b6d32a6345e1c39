"""People with keys, a policy that knows them, and waivers that they sign."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from securesystemslib.signer import CryptoSigner

from harness.gate.gate_policy import GatePolicy
from harness.model.waiver import Waiver
from harness.signing.bundle import WAIVER_TYPE
from harness.signing.envelope import Envelope
from harness.signing.keys import TrustedKey
from harness.signing.policy_file import LoadedPolicy
from harness.signing.waiver_files import payload_of
from tests.unit.gate.samples import BEGAN, CANDIDATE

ANA, BEN, EVE = (CryptoSigner.generate_ed25519() for _ in range(3))


def pem_of(signer: CryptoSigner) -> str:
    key: Any = signer._private_key
    public: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return public.decode()


def a_policy(tier: dict[str, Any] | None = None, **changes: Any) -> LoadedPolicy:
    fields: dict[str, Any] = {
        "schema_version": 1,
        "expires": BEGAN + timedelta(days=365),
        "fleet": {"win11-24h2": 50.0, "win10-22h2": 30.0, "server-2022": 15.0},
        "people": {"ana": {"key": pem_of(ANA)}, "ben": {"key": pem_of(BEN), "approves": True}},
        "tiers": {"beta": {"waivers": {"most": 2}} | (tier or {})},
    }
    policy = GatePolicy.model_validate(fields | changes)
    people = {name: TrustedKey.of_pem(person.key.encode()) for name, person in policy.people.items()}
    return LoadedPolicy(policy, "5" * 64, people)


def a_waiver(**changes: Any) -> Waiver:
    fields: dict[str, Any] = {
        "schema_version": 1,
        "id": "W-1",
        "check": "check-in.enrolled",
        "candidate_sha256": CANDIDATE.sha256,
        "reason": "The backend of the test lab answers late.",
        "issue": "https://issues.example.org/17",
        "author": "ana",
        "approver": "ben",
        "created": BEGAN - timedelta(days=1),
        "expires": BEGAN + timedelta(days=20),
    }
    return Waiver.model_validate(fields | changes)


def signed(waiver: Waiver, *signers: CryptoSigner) -> Envelope:
    envelope = Envelope(payload_of(waiver), WAIVER_TYPE, {})
    for signer in signers or (ANA, BEN):
        envelope = envelope.signed(signer)
    return envelope


def policy_yaml(folder: Path, **changes: str) -> Path:
    """A policy file, with parts of its text replaced."""
    text = POLICY
    for old, new in changes.items():
        text = text.replace(f"<{old}>", new)
    for name, default in DEFAULTS.items():
        text = text.replace(f"<{name}>", default)
    path = folder / "gate-policy.yaml"
    path.write_text(text)
    return path


DEFAULTS = {
    "expires": "2099-01-01T00:00:00Z",
    "weight": "50",
    "coverage": "50",
    "substrates": "[wine]",
    "must": "cells.all(c, c.attempts <= 2)",
    "key": pem_of(BEN).replace("\n", "\n      ").rstrip(),
    "most": "1",
}
POLICY = """\
schema_version: 1
name: releases
expires: "<expires>"
fleet:
  win11-24h2: <weight>
  win10-22h2: 30
people:
  ana: {key: "ANA"}
  ben:
    approves: true
    key: |
      <key>
tiers:
  beta:
    coverage: <coverage>
    substrates: <substrates>
    waivers: {most: <most>}
    rules:
      - name: few-attempts
        must: <must>
        otherwise: A cell needed more than two attempts.
""".replace('"ANA"', '"' + pem_of(ANA).replace("\n", "\\n") + '"')

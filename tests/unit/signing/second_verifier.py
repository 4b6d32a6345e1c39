"""A second verifier of bundles, written from docs/signing.md with `cryptography`, `json` and nothing of ours.

It tells only whether every line is signed by the keys and is the one that was sealed, for the given candidate, suite and
tier, by a policy that still holds; whether it is the newest bundle known; and whether people stand behind its waivers.
It judges no result anew.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

STATEMENT, WAIVER = "application/vnd.in-toto+json", "application/vnd.agent-bvt.waiver+json"
SUMMARY = "urn:agent-bvt:summary:1"


class RefusedError(Exception):
    pass


@dataclass(frozen=True)
class Asked:
    """What a bundle is held against. `people`: whose signature under a waiver counts; `approvers`: of those."""

    candidate: str
    keys: Mapping[str, Ed25519PublicKey]
    threshold: int = 1
    suite: str = "full"
    tier: str = ""
    now: datetime | None = None
    newest: datetime | None = None
    policy_expires: datetime | None = None
    people: Mapping[str, Ed25519PublicKey] = field(default_factory=dict)
    approvers: frozenset[str] = frozenset()


def key_id(key: Ed25519PublicKey) -> str:
    document = {"keytype": "ed25519", "keyval": {"public": _raw(key).hex()}, "scheme": "ed25519"}
    return hashlib.sha256(json.dumps(document, separators=(",", ":"), sort_keys=True).encode()).hexdigest()


def accepts(bundle: bytes, key: Ed25519PublicKey, candidate_sha256: str, **asked: Any) -> bool:
    keys = asked.pop("keys", {key_id(key): key})
    try:
        _verify(bundle, Asked(candidate_sha256, keys, **asked))
    except (RefusedError, InvalidSignature, ValueError, KeyError, TypeError, IndexError, AttributeError):
        return False
    return True


def _need(condition: object) -> None:
    if not condition:
        raise RefusedError


def _verify(bundle: bytes, asked: Asked) -> None:
    _need(bundle.endswith(b"\n"))
    _need(not asked.policy_expires or (asked.now and asked.now < asked.policy_expires))
    statements: list[tuple[str, dict[str, Any]]] = []
    signers: set[frozenset[str]] = set()
    for line in bundle[:-1].split(b"\n"):
        envelope = json.loads(line)
        _need(json.dumps(envelope, separators=(",", ":")).encode() == line)
        _need(list(envelope) == ["payload", "payloadType", "signatures"])
        kind, payload = envelope["payloadType"], _unpacked(envelope["payload"])
        document = json.loads(payload)
        if kind == WAIVER:
            _waiver(envelope, document, asked)
            document = {"predicateType": WAIVER}
        else:
            _need(kind == STATEMENT)
            _signed(envelope, asked.keys)
            signers.add(frozenset(each["keyid"] for each in envelope["signatures"]))
        statements.append((hashlib.sha256(payload).hexdigest(), document))
    _need(len(signers) == 1)
    (ids,) = signers
    _need(len({_raw(asked.keys[each]) for each in ids}) >= asked.threshold)
    _sealed(statements, asked)


def _sealed(statements: list[tuple[str, dict[str, Any]]], asked: Asked) -> None:
    kinds = [statement["predicateType"] for _, statement in statements]
    at = kinds.index("urn:agent-bvt:seal:1")
    seal = statements[at][1]["predicate"]
    _need([digest for digest, _ in statements[:at]] == [each["sha256"] for each in seal["statements"]])
    wanted = ["https://slsa.dev/verification_summary/v1", "https://in-toto.io/attestation/svr/v0.2"]
    _need(kinds[at + 1 :] == wanted * len(seal["tiers"]))
    _need(asked.tier in seal["tiers"] or asked.people)  # with a policy at hand the tier is judged by that
    tiers = [tier for tier in seal["tiers"] for _ in wanted]
    for number, (_, statement) in enumerate(statements):
        if statement["predicateType"] != WAIVER:
            _need(statement["subject"][0]["digest"]["sha256"] == asked.candidate)
        if number > at:
            summary = statement["predicate"][SUMMARY]
            _need(summary["seal_sha256"] == statements[at][0])
            _need((summary["verdict"], summary["suite"]) == ("PASS", asked.suite))
            _need(summary["tier"] == tiers[number - at - 1])
            made = statement["predicate"].get("timeVerified") or statement["predicate"]["timeCreated"]
            _need(not asked.newest or datetime.fromisoformat(made) >= asked.newest)


def _waiver(envelope: dict[str, Any], waiver: dict[str, Any], asked: Asked) -> None:
    author, approver = waiver["author"], waiver["approver"]
    _need(author != approver and approver in asked.approvers)
    people = {key_id(asked.people[name]): asked.people[name] for name in (author, approver)}
    _need({each["keyid"] for each in envelope["signatures"]} == set(people) and len(people) == 2)
    _signed(envelope, people)
    _need(waiver["candidate_sha256"] == asked.candidate)
    _need(asked.now and asked.now < datetime.fromisoformat(waiver["expires"]))


def _signed(envelope: dict[str, Any], keys: Mapping[str, Ed25519PublicKey]) -> None:
    kind, payload = envelope["payloadType"].encode(), _unpacked(envelope["payload"])
    _need(envelope["signatures"])
    for signature in envelope["signatures"]:
        _need(list(signature) == ["keyid", "sig"])
        text = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
        keys[signature["keyid"]].verify(_unpacked(signature["sig"]), text)


def _raw(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def _unpacked(text: str) -> bytes:
    raw = base64.b64decode(text, validate=True)
    _need(base64.b64encode(raw).decode() == text)
    return raw

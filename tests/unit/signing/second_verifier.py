"""A second verifier of bundles, written from docs/signing.md with `cryptography`, `json` and nothing of ours.

It tells only whether every line is signed by the key and is the one that was sealed, for the given candidate.
"""

import base64
import hashlib
import json
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


class RefusedError(Exception):
    pass


def key_id(key: Ed25519PublicKey) -> str:
    public = key.public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
    document = {"keytype": "ed25519", "keyval": {"public": public}, "scheme": "ed25519"}
    return hashlib.sha256(json.dumps(document, separators=(",", ":"), sort_keys=True).encode()).hexdigest()


def accepts(bundle: bytes, key: Ed25519PublicKey, candidate_sha256: str) -> bool:
    try:
        _verify(bundle, key, candidate_sha256)
    except (RefusedError, InvalidSignature, ValueError, KeyError, TypeError, IndexError, AttributeError):
        return False
    return True


def _need(condition: object) -> None:
    if not condition:
        raise RefusedError


def _verify(bundle: bytes, key: Ed25519PublicKey, candidate: str) -> None:
    _need(bundle.endswith(b"\n"))
    statements: list[tuple[str, dict[str, Any]]] = []
    for line in bundle[:-1].split(b"\n"):
        envelope = json.loads(line)
        _need(json.dumps(envelope, separators=(",", ":")).encode() == line)
        _need(list(envelope) == ["payload", "payloadType", "signatures"])
        kind = envelope["payloadType"].encode()
        _need(kind == b"application/vnd.in-toto+json")
        payload = _unpacked(envelope["payload"])
        (signature,) = envelope["signatures"]
        _need(list(signature) == ["keyid", "sig"] and signature["keyid"] == key_id(key))
        signed = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
        key.verify(_unpacked(signature["sig"]), signed)
        statements.append((hashlib.sha256(payload).hexdigest(), json.loads(payload)))
    kinds = [statement["predicateType"] for _, statement in statements]
    at = kinds.index("urn:agent-bvt:seal:1")
    seal = statements[at][1]["predicate"]
    _need([digest for digest, _ in statements[:at]] == [each["sha256"] for each in seal["statements"]])
    wanted = ["https://slsa.dev/verification_summary/v1", "https://in-toto.io/attestation/svr/v0.2"]
    _need(kinds[at + 1 :] == wanted * len(seal["tiers"]))
    for number, (_, statement) in enumerate(statements):
        _need(statement["subject"][0]["digest"]["sha256"] == candidate)
        if number > at:
            _need(statement["predicate"]["urn:agent-bvt:summary:1"]["seal_sha256"] == statements[at][0])
            _need(statement["predicate"]["urn:agent-bvt:summary:1"]["verdict"] == "PASS")


def _unpacked(text: str) -> bytes:
    raw = base64.b64decode(text, validate=True)
    _need(base64.b64encode(raw).decode() == text)
    return raw

"""DSSE envelopes, one a line, in one form only: who changes a byte, breaks the form or a signature.

The signatures are securesystemslib's (`Envelope` there changes the mapping that it reads and takes a missing key id
for a `KeyError`, so the reading is ours). Source: DSSE, "Envelope" and "Protocol".
"""

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from securesystemslib.dsse import Envelope as Dsse
from securesystemslib.exceptions import UnverifiedSignatureError
from securesystemslib.signer import Signature, Signer

from harness.signing.keys import TrustedKey

LARGEST_LINE = 256 * 1024 * 1024
"""Bytes. A plan of ten thousand cells is 30 MB."""


class MalformedError(Exception):
    """A line is no envelope; the message is one sentence that begins in lower case."""


@dataclass(frozen=True)
class Envelope:
    """One signed payload."""

    payload: bytes
    payload_type: str
    signatures: Mapping[str, str]
    """Signatures in hexadecimal by key id."""

    @property
    def line(self) -> bytes:
        """The one form in which it is written, without the newline."""
        document = {
            "payload": base64.b64encode(self.payload).decode(),
            "payloadType": self.payload_type,
            "signatures": [
                {"keyid": keyid, "sig": base64.b64encode(bytes.fromhex(signature)).decode()}
                for keyid, signature in self.signatures.items()
            ],
        }
        return json.dumps(document, separators=(",", ":")).encode()

    def signed(self, signer: Signer) -> "Envelope":
        """The same with one more signature; one by the same key is replaced. Raises what the signer raises."""
        dsse = Dsse(self.payload, self.payload_type, {})
        signature = dsse.sign(signer)
        return Envelope(
            self.payload, self.payload_type, {**self.signatures, signature.keyid: signature.signature}
        )


def read_envelope(line: bytes) -> Envelope:
    """Read one line. Raises `MalformedError` for anything but what `Envelope.line` writes."""
    if len(line) > LARGEST_LINE:
        raise MalformedError(f"it is longer than {LARGEST_LINE} bytes")
    document = read_json(line)
    if not isinstance(document, dict) or set(document) != {"payload", "payloadType", "signatures"}:
        raise MalformedError("it is no DSSE envelope of payload, payloadType and signatures")
    payload, payload_type, given = document["payload"], document["payloadType"], document["signatures"]
    if not isinstance(payload_type, str) or not isinstance(given, list):
        raise MalformedError("its payloadType is no text or its signatures are no list")
    signatures: dict[str, str] = {}
    for item in given:
        if not isinstance(item, dict) or set(item) != {"keyid", "sig"} or not isinstance(item["keyid"], str):
            raise MalformedError("a signature of it has no key id, or more than key id and signature")
        if item["keyid"] in signatures:
            raise MalformedError("two signatures of it have the same key id")
        signatures[item["keyid"]] = _decoded(item["sig"]).hex()
    if any(not _is_text(text) for text in (payload_type, *signatures)):
        raise MalformedError("a key id or the payloadType of it holds half a character")
    envelope = Envelope(_decoded(payload), payload_type, signatures)
    if envelope.line != line:
        raise MalformedError("it is not written as bvt writes it")
    return envelope


def _is_text(text: str) -> bool:
    """Whether it can be written: JSON may hold one half of a surrogate pair alone, which ends whoever prints it."""
    return text.isascii() or not any("\ud800" <= each <= "\udfff" for each in text)


def _decoded(text: object) -> bytes:
    if not isinstance(text, str):
        raise MalformedError("its base64 is no text")
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise MalformedError("its base64 is damaged") from None


def read_json(raw: bytes) -> Any:
    """Strict JSON: UTF-8, no key twice, no NaN. Raises `MalformedError`."""
    try:
        return json.loads(raw.decode(), object_pairs_hook=_no_key_twice, parse_constant=_no_constant)
    except UnicodeDecodeError:
        raise MalformedError("it is not UTF-8") from None
    except (ValueError, RecursionError):
        raise MalformedError("it is no JSON") from None


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedError("a key of it is given twice")
    return found


def _no_constant(name: str) -> Any:
    raise MalformedError(f"it holds {name}, which is no JSON")


@dataclass(frozen=True)
class Signers:
    """Who signed an envelope, as far as the trusted keys tell."""

    good: frozenset[str]
    """Fingerprints of the trusted keys that did."""
    bad: tuple[str, ...]
    """Key ids of trusted keys whose signature is not theirs."""
    unknown: tuple[str, ...]
    """Key ids of no trusted key."""


def signers_of(envelope: Envelope, keys: Iterable[TrustedKey]) -> Signers:
    """Check every signature. One key counts once, whatever the number of key ids that it goes by."""
    by_id: dict[str, list[TrustedKey]] = {}
    for key in keys:
        by_id.setdefault(key.keyid, []).append(key)
    pae = Dsse(envelope.payload, envelope.payload_type, {}).pae()
    good, bad, unknown = set(), [], []
    for keyid, signature in envelope.signatures.items():
        named = by_id.get(keyid, [])
        verified = [key.fingerprint for key in named if _verifies(key, keyid, signature, pae)]
        good.update(verified)
        if not named:
            unknown.append(keyid)
        elif not verified:
            bad.append(keyid)
    return Signers(frozenset(good), tuple(bad), tuple(unknown))


def _verifies(key: TrustedKey, keyid: str, signature: str, pae: bytes) -> bool:
    try:
        key.key.verify_signature(Signature(keyid, signature), pae)
    except UnverifiedSignatureError:
        return False
    return True

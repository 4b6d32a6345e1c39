"""Waivers as files: written as YAML, signed by author and approver, believed only as far as the policy knows both."""

import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from harness.documents.text import decode, read
from harness.documents.yaml_document import Document
from harness.gate.gate_policy import GatePolicy
from harness.gate.refusals import Ground, Refusal
from harness.model.errors import ConfigurationError
from harness.model.gate import Verdict
from harness.model.waiver import Waiver
from harness.signing.bundle import WAIVER_TYPE
from harness.signing.envelope import Envelope, MalformedError, read_envelope, read_json, signers_of
from harness.signing.keys import TrustedKey

SUFFIX = ".waiver"
"""Ending of a signed waiver's file; `--waivers` takes a folder of them."""
ASK = "Have the waiver written and signed anew, by its author and by an approver that the policy names."


def draft_envelope(path: Path) -> Envelope:
    """The waiver in a YAML file, or the signed one in an envelope. Raises `ConfigurationError`."""
    raw = read(path)
    if raw.startswith(b'{"payload"'):
        return read_waiver(path)
    waiver = Document(str(path), decode(raw, path), described_in="docs/formats/waiver.md").read_as(Waiver)
    return Envelope(payload_of(waiver), WAIVER_TYPE, {})


def payload_of(waiver: Waiver) -> bytes:
    """What is signed."""
    document = waiver.model_dump(mode="json", exclude_defaults=True) | {"schema_version": 1}
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def read_waiver(path: Path) -> Envelope:
    """A signed waiver's envelope. Raises `ConfigurationError`; whether to believe it is asked later."""
    try:
        envelope = read_envelope(read(path).rstrip(b"\n"))
    except MalformedError as error:
        raise ConfigurationError(
            f"this is no signed waiver: {error}.", file=str(path), hint="Sign it with bvt waiver sign."
        ) from None
    if envelope.payload_type != WAIVER_TYPE or waiver_in(envelope) is None:
        raise ConfigurationError("this is a signed file, but no waiver.", file=str(path))
    return envelope


def read_waivers(places: list[Path]) -> list[Envelope]:
    """The signed waivers in these files, and in the `*.waiver` files of these folders. Raises `ConfigurationError`."""
    files: list[Path] = []
    for place in places:
        files += sorted(place.glob(f"*{SUFFIX}")) if place.is_dir() else [place]
    return [read_waiver(file) for file in files]


def waiver_in(envelope: Envelope) -> Waiver | None:
    """What the envelope says, believed or not; None if it says nothing that can be read."""
    try:
        return Waiver.model_validate(read_json(envelope.payload))
    except (MalformedError, ValidationError):
        return None


def doubt(
    envelope: Envelope,
    policy: GatePolicy,
    people: Mapping[str, TrustedKey],
    gate_keys: frozenset[str],
    line: int = 0,
) -> Refusal | None:
    """Why a waiver is not believed; None if it is. `gate_keys`: fingerprints of who signed the gate."""
    waiver = waiver_in(envelope)
    text = _unreadable(envelope) if waiver is None else _doubt(envelope, waiver, policy, people, gate_keys)
    if not text:
        return None
    return Refusal(ground=Ground.WAIVER, verdict=Verdict.INVALID, text=text, remedy=ASK, line=line)


def _unreadable(envelope: Envelope) -> str:
    try:
        said = read_json(envelope.payload)
        author, approver = said["author"], said["approver"]
    except (MalformedError, LookupError, TypeError):
        author = approver = ""
    if author and str(author).casefold() == str(approver).casefold():
        return f"The waiver is approved by {author}, its own author: nobody approves their own."
    return "The waiver cannot be read: it was changed, or names a scope that no waiver may have."


def _doubt(
    envelope: Envelope,
    waiver: Waiver,
    policy: GatePolicy,
    people: Mapping[str, TrustedKey],
    gate_keys: frozenset[str],
) -> str:
    name = f"The waiver {waiver.id}"
    for who in (waiver.author, waiver.approver):
        if who not in people:
            return f"{name} names {who!r}, whom the policy does not know."
    author, approver = people[waiver.author], people[waiver.approver]
    if author.fingerprint == approver.fingerprint:
        return f"{name} has one key for author and approver: nobody approves their own."
    if not policy.people[waiver.approver].approves:
        return f"{name} is approved by {waiver.approver}, who may not approve waivers."
    if approver.fingerprint in gate_keys:
        return f"{name} is approved with the key that signs the gate itself."
    found = signers_of(envelope, [author, approver])
    for who, key in ((waiver.author, author), (waiver.approver, approver)):
        if key.keyid in found.bad:
            return f"{name} was changed after {who} signed it, or its scope was widened."
        if key.fingerprint not in found.good:
            return f"{name} is not signed by {who}."
    return ""

"""Reads `gate-policy.yaml`, bare or in a signed envelope. A mistake is one sentence with file, line and key."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.documents.problem import Problem
from harness.documents.text import decode, read
from harness.documents.yaml_document import Document
from harness.gate.gate_policy import GatePolicy
from harness.gate.rules import expression_problem
from harness.model.errors import ConfigurationError
from harness.signing.envelope import Envelope, MalformedError, read_envelope, signers_of
from harness.signing.keys import TrustedKey

POLICY_TYPE = "application/vnd.agent-bvt.policy+yaml"
DESCRIBED_IN = "docs/formats/gate-policy.md"
WHOLE = 100.0
ROUNDING = 0.01


@dataclass(frozen=True)
class LoadedPolicy:
    """A policy as it was read: `sha256` is that of its YAML, signed or not."""

    policy: GatePolicy
    sha256: str
    people: dict[str, TrustedKey]
    signed_by: frozenset[str] = frozenset()
    """Fingerprints of the given keys that signed it."""


def load_policy(path: Path, keys: Sequence[TrustedKey] = ()) -> LoadedPolicy:
    """Read the policy; with `keys` it must be signed by one of them. Raises `ConfigurationError`.

    An expired policy is read all the same: it lets nothing through (`policy_refusals`), and one must be able to see why.
    """
    return policy_of(read(path), path, keys)


def policy_of(raw: bytes, path: Path, keys: Sequence[TrustedKey] = ()) -> LoadedPolicy:
    """The same of bytes that are at hand; `path` is what messages call them."""
    envelope = _envelope(raw, path)
    text = raw if envelope is None else envelope.payload
    signed_by: frozenset[str] = frozenset()
    if keys:
        signed_by = signers_of(envelope, keys).good if envelope else frozenset()
        if not signed_by:
            how = (
                "is not signed" if envelope is None else "is signed by none of the keys given, or was changed"
            )
            raise ConfigurationError(
                f"the policy {how}.",
                file=str(path),
                hint="Sign it with bvt policy sign, or leave out --policy-key.",
            )
    document = Document(str(path), decode(text, path), described_in=DESCRIBED_IN)
    policy = document.read_as(GatePolicy)
    problems = [*_problems(policy)]
    people = {}
    for name, person in policy.people.items():
        try:
            people[name] = TrustedKey.of_pem(person.key.encode())
        except ValueError:
            problems.append(
                Problem(("people", name, "key"), "this is no public key.", "It must be PEM, the text itself.")
            )
    if problems:
        raise document.error(problems)
    return LoadedPolicy(policy, hashlib.sha256(text).hexdigest(), people, signed_by)


def policy_envelope(path: Path) -> Envelope:
    """The policy in an envelope, unsigned if it was bare. Raises `ConfigurationError` for one with mistakes."""
    load_policy(path)
    raw = read(path)
    return _envelope(raw, path) or Envelope(raw, POLICY_TYPE, {})


def _envelope(raw: bytes, path: Path) -> Envelope | None:
    if not raw.startswith(b'{"payload"'):
        return None
    try:
        envelope = read_envelope(raw.rstrip(b"\n"))
    except MalformedError as error:
        raise ConfigurationError(f"the signed policy is damaged: {error}.", file=str(path)) from None
    if envelope.payload_type != POLICY_TYPE:
        raise ConfigurationError("this is a signed file, but no policy.", file=str(path))
    return envelope


def _problems(policy: GatePolicy) -> Iterator[Problem]:
    total = sum(policy.fleet.values())
    if total > WHOLE + ROUNDING:
        yield Problem(
            ("fleet",), f"the weights are per cent and add up to {total:g}.", "At most 100.", at_key=True
        )
    seen: set[tuple[str, tuple[str, ...]]] = set()
    for number, each in enumerate(policy.flaky):
        if (each.check, each.cells) in seen:
            yield Problem(("flaky", number, "check"), f"{each.check} is named twice for the same cells.")
        seen.add((each.check, each.cells))
    for name, tier in policy.tiers.items():
        if tier.coverage > total + ROUNDING:
            text = f"the tier wants {tier.coverage:g} % of the fleet, and the fleet names {total:g} %."
            yield Problem(("tiers", name, "coverage"), text)
        for index, rule in enumerate(tier.rules):
            if problem := expression_problem(rule.must):
                text = f"the rule cannot be read: {problem}."
                hint = f"The names that it may use are in {DESCRIBED_IN}."
                yield Problem(("tiers", name, "rules", index, "must"), text, hint)

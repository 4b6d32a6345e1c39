"""`gate.intoto.jsonl`: a run's evidence, signed, one envelope a line."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from securesystemslib.signer import Signer

from harness.files import write_atomically
from harness.gate.artifact import GATE_FILE, read_gate
from harness.model.errors import ConfigurationError
from harness.model.gate import Gate
from harness.signing.claims import PAYLOAD_TYPE
from harness.signing.envelope import Envelope, MalformedError, read_envelope
from harness.signing.statements import statements_of
from harness.signing.summaries import Summary

BUNDLE_FILE = "gate.intoto.jsonl"
WAIVER_TYPE = "application/vnd.agent-bvt.waiver+json"
"""Payload type of a waiver's envelope: people sign it, not the gate."""


def make_bundle(
    gate: Gate,
    gate_sha256: str,
    signer: Signer,
    summaries: Sequence[Summary] = (),
    *,
    now: datetime | None = None,
    waivers: Sequence[Envelope] = (),
) -> bytes:
    """The signed bundle. `summaries`: of tiers, besides the gate's own, which is always there.

    Raises what the signer raises: a smart card or a key service may not answer.
    """
    before, after = statements_of(
        gate,
        gate_sha256,
        [Summary.of_gate(gate), *summaries],
        now=now or datetime.now(UTC),
        waivers=[waiver.payload for waiver in waivers],
    )
    envelopes = [
        *(Envelope(payload, PAYLOAD_TYPE, {}).signed(signer) for payload in before),
        *waivers,
        *(Envelope(payload, PAYLOAD_TYPE, {}).signed(signer) for payload in after),
    ]
    return written(envelopes)


def written(envelopes: Sequence[Envelope]) -> bytes:
    """The file's bytes: each line ends with a newline."""
    return b"".join(envelope.line + b"\n" for envelope in envelopes)


def co_signed(bundle: bytes, signer: Signer) -> bytes:
    """The same bundle with the signature of one more key on every line that the gate signs.

    Raises `ConfigurationError` if this is no bundle.
    """
    try:
        envelopes = [read_envelope(line) for line in bundle.splitlines()]
    except MalformedError as error:
        raise ConfigurationError(f"this is no bundle: {error}.") from None
    return written([each if each.payload_type == WAIVER_TYPE else each.signed(signer) for each in envelopes])


def sign_run(
    run: Path,
    signer: Signer,
    summaries: Sequence[Summary] = (),
    *,
    now: datetime | None = None,
    waivers: Sequence[Envelope] = (),
) -> Path:
    """Write the bundle beside the run's gate; its path. Raises `ConfigurationError` and `OSError`."""
    gate = read_gate(run)
    digest = hashlib.sha256((run / GATE_FILE).read_bytes()).hexdigest()
    bundle = make_bundle(gate, digest, signer, summaries, now=now, waivers=waivers)
    return write_atomically(run / BUNDLE_FILE, bundle)

"""A signed gate, to be bent by tests."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from securesystemslib.signer import CryptoSigner

from harness.model.gate import Gate
from harness.model.plan import Cell
from harness.model.report import Outcome
from harness.signing.bundle import make_bundle
from harness.signing.envelope import Envelope, read_envelope
from harness.signing.keys import TrustedKey
from harness.signing.verification import Demand, Verification, verify_bundle
from tests.unit.gate.samples import BEGAN, CANDIDATE, a_cell, a_gate, a_plan, a_report, with_outcome

NOW = BEGAN + timedelta(hours=2)
GATE_SHA256 = "7" * 64
SIGNER = CryptoSigner.generate_ed25519()
OTHER_SIGNER = CryptoSigner.generate_ecdsa()
KEY, OTHER_KEY = TrustedKey.of(SIGNER.public_key), TrustedKey.of(OTHER_SIGNER.public_key)


def a_signed_gate(*names: str, **plan_changes: Any) -> Gate:
    """A passing gate; one check of each cell is not applicable."""
    cells = [a_cell(name) for name in names or ("win11-24h2/fresh", "win10-22h2/fresh", "server-2022/fresh")]
    return gate_of(cells, **plan_changes)


def gate_of(
    cells: Sequence[Cell],
    change: Callable[[Any], Any] = lambda report: report,
    **plan_changes: Any,
) -> Gate:
    plan = a_plan(*cells).model_copy(update=plan_changes)
    reports = [
        change(with_outcome(a_report(plan, cell), "install.service", Outcome.NOT_APPLICABLE))
        for cell in cells
    ]
    gate = a_gate(plan, reports)
    entries = tuple(entry.model_copy(update={"report_sha256": "8" * 64}) for entry in gate.cells)
    return gate.model_copy(update={"cells": entries})


def in_run(gate: Gate, run_id: str) -> Gate:
    """The same gate as another run's."""
    cells = tuple(
        entry.model_copy(update={"report": entry.report.model_copy(update={"run_id": run_id})})
        for entry in gate.cells
        if entry.report
    )
    return gate.model_copy(update={"run_id": run_id, "cells": cells})


def bundle_of(gate: Gate, signer: Any = SIGNER, *, now: datetime = NOW, **how: Any) -> bytes:
    return make_bundle(gate, GATE_SHA256, signer, now=now, **how)


def a_demand(**changes: Any) -> Demand:
    fields: dict[str, Any] = {
        "candidate_sha256": CANDIDATE.sha256,
        "keys": [KEY],
        "now": NOW + timedelta(hours=1),
    }
    return Demand(**(fields | changes))


def verified(bundle: bytes, **changes: Any) -> Verification:
    return verify_bundle(bundle, a_demand(**changes))


def lines_of(bundle: bytes) -> list[bytes]:
    return bundle.splitlines()


def joined(lines: Sequence[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)


def resigned(line: bytes, change: Callable[[dict[str, Any]], None], signer: Any = SIGNER) -> bytes:
    """The same line after a change of its statement, signed anew: what a holder of the key could do."""
    document = json.loads(read_envelope(line).payload)
    change(document)
    payload = json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
    return Envelope(payload, "application/vnd.in-toto+json", {}).signed(signer).line


def edited(line: bytes, change: Callable[[dict[str, Any]], None]) -> bytes:
    """The same line after a change of its envelope, in the form that bvt writes."""
    document = json.loads(line)
    change(document)
    return json.dumps(document, separators=(",", ":")).encode()

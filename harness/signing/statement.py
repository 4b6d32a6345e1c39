"""One in-toto statement about a candidate. Pure.

Source: in-toto attestation framework, "Statement layer specification" v1.
"""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from harness.model.candidate import Candidate
from harness.model.plan import Plan
from harness.signing.claims import STATEMENT_TYPE


def subjects(candidate: Candidate) -> list[dict[str, Any]]:
    """The candidate, and what it installs from besides itself."""
    beside = [{"name": each.name, "digest": {"sha256": each.sha256}} for each in candidate.beside]
    return [{"name": candidate.path.name, "digest": {"sha256": candidate.sha256}}, *beside]


def sha256_of_bytes(payload: bytes) -> str:
    """In hexadecimal."""
    return hashlib.sha256(payload).hexdigest()


def timestamp(moment: datetime) -> str:
    """As in-toto writes one: RFC 3339 in UTC."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def statement(plan: Plan, predicate_type: str, predicate: dict[str, Any]) -> bytes:
    """The payload of one that says this of the plan's candidate."""
    document = {
        "_type": STATEMENT_TYPE,
        "subject": subjects(plan.candidate),
        "predicateType": predicate_type,
        "predicate": predicate,
    }
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()

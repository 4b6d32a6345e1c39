"""The published JSON Schemas: what our statements say, a waiver's payload, a policy.

After a change of the models write them anew with `python -m harness.signing.schema`; a test says when they are stale.
"""

import json
from pathlib import Path

from pydantic import BaseModel

from harness.gate.gate_policy import GatePolicy
from harness.model.waiver import Waiver
from harness.signing.claims import (
    CELL_FIELD,
    PLAN_PREDICATE,
    SEAL_PREDICATE,
    SUMMARY_FIELD,
    CellClaim,
    PlanClaim,
    Seal,
    SummaryClaim,
)

SCHEMAS: dict[str, tuple[str, str, type[BaseModel]]] = {
    "plan": (PLAN_PREDICATE, "predicate of the plan's statement", PlanClaim),
    "cell": (CELL_FIELD, "what a cell's statement says beside its test-result predicate", CellClaim),
    "seal": (SEAL_PREDICATE, "predicate of the seal", Seal),
    "summary": (SUMMARY_FIELD, "what a summary says beside its VSA or SVR predicate", SummaryClaim),
    "waiver": ("urn:agent-bvt:waiver:1", "payload of a signed waiver", Waiver),
    "policy": ("urn:agent-bvt:gate-policy:1", "gate-policy.yaml", GatePolicy),
}


def schema_file(name: str) -> Path:
    """Where the schema is published."""
    return Path(__file__).with_name(f"{name}.schema.json")


def schema_text(name: str) -> str:
    """The schema as the model gives it now."""
    urn, title, model = SCHEMAS[name]
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": urn,
        **model.model_json_schema(mode="validation" if name in ("waiver", "policy") else "serialization"),
        "title": f"agent-bvt: {title}",
    }
    return json.dumps(document, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    for each in SCHEMAS:
        schema_file(each).write_text(schema_text(each), encoding="utf-8")

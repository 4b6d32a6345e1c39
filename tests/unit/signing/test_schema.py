"""What is published obeys its schemas: ours, and what the standards say of theirs."""

import json
from typing import Any

import jsonschema
import pytest
import yaml

from harness.signing.claims import CELL_FIELD, SUMMARY_FIELD
from harness.signing.envelope import read_envelope
from harness.signing.schema import SCHEMAS, schema_file, schema_text
from harness.signing.waiver_files import payload_of
from tests.unit.signing.people import a_waiver, policy_yaml
from tests.unit.signing.samples import a_signed_gate, bundle_of, lines_of

DESCRIPTOR = {
    "type": "object",
    "properties": {"digest": {"type": "object", "additionalProperties": {"type": "string"}}},
    "anyOf": [{"required": ["uri"]}, {"required": ["digest"]}, {"required": ["content"]}],
}
"""in-toto attestation framework v1, "ResourceDescriptor"."""
STATEMENT = {
    "type": "object",
    "required": ["_type", "subject", "predicateType", "predicate"],
    "properties": {
        "_type": {"const": "https://in-toto.io/Statement/v1"},
        "subject": {"type": "array", "minItems": 1, "items": {"required": ["digest"]}},
        "predicateType": {"type": "string", "format": "uri"},
    },
}
TIMESTAMP = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"}
PREDICATES: dict[str, dict[str, Any]] = {
    "https://in-toto.io/attestation/test-result/v0.1": {
        "required": ["result", "configuration"],
        "properties": {
            "result": {"enum": ["PASSED", "WARNED", "FAILED"]},
            "configuration": {"type": "array", "items": DESCRIPTOR},
            **{
                name: {"type": "array", "items": {"type": "string"}}
                for name in ("passedTests", "warnedTests", "failedTests")
            },
        },
    },
    "https://slsa.dev/verification_summary/v1": {
        "required": [
            "verifier",
            "timeVerified",
            "resourceUri",
            "policy",
            "verificationResult",
            "verifiedLevels",
        ],
        "properties": {
            "verifier": {"required": ["id"]},
            "timeVerified": TIMESTAMP,
            "policy": DESCRIPTOR,
            "inputAttestations": {"type": "array", "items": DESCRIPTOR},
            "verificationResult": {"enum": ["PASSED", "FAILED"]},
            "verifiedLevels": {"type": "array", "items": {"not": {"pattern": "^SLSA_"}}},
        },
    },
    "https://in-toto.io/attestation/svr/v0.2": {
        "required": ["verifier", "timeCreated", "properties"],
        "properties": {
            "verifier": {"required": ["id", "policies"]},
            "timeCreated": TIMESTAMP,
            "properties": {"type": "array", "items": {"type": "string"}},
        },
    },
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_published_schemas_are_current(name: str) -> None:
    assert schema_file(name).read_text() == schema_text(name), "run: python -m harness.signing.schema"
    jsonschema.Draft202012Validator.check_schema(json.loads(schema_text(name)))


def obeys(name: str, document: object) -> None:
    jsonschema.validate(document, json.loads(schema_file(name).read_text()))


def test_every_statement_obeys_its_schemas() -> None:
    seen = set()
    for line in lines_of(bundle_of(a_signed_gate())):
        document = json.loads(read_envelope(line).payload)
        jsonschema.validate(document, STATEMENT)
        kind, predicate = document["predicateType"], document["predicate"]
        seen.add(kind)
        if kind in PREDICATES:
            jsonschema.validate(predicate, PREDICATES[kind])
            field = CELL_FIELD if CELL_FIELD in predicate else SUMMARY_FIELD
            obeys(field.split(":")[2], predicate[field])
        else:
            obeys(kind.split(":")[2], predicate)
    assert seen == {*PREDICATES, "urn:agent-bvt:plan:1", "urn:agent-bvt:seal:1"}


def test_a_waiver_and_a_policy_obey_theirs(tmp_path: Any) -> None:
    obeys("waiver", json.loads(payload_of(a_waiver())))
    obeys("policy", yaml.safe_load(policy_yaml(tmp_path).read_text()))
    with pytest.raises(jsonschema.ValidationError):
        obeys("waiver", {"id": "W-1"})

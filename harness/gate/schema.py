"""The published JSON Schema of `gate.json`.

After a change of the model write it anew with `python -m harness.gate.schema`; a test says when it is stale.
"""

import json
from pathlib import Path

from harness.model.gate import Gate

SCHEMA_FILE = Path(__file__).with_name("gate.schema.json")


def schema_text() -> str:
    """The schema as the model gives it now."""
    schema = Gate.model_json_schema(mode="serialization")
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:agent-bvt:gate:3",
        **schema,
        "title": "agent-bvt gate",
    }
    return json.dumps(document, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    SCHEMA_FILE.write_text(schema_text(), encoding="utf-8")

"""Findings as SARIF 2.1.0 (OASIS), for code scanning. Pure."""

import json
from collections.abc import Sequence

from harness.rules.catalogue import rules
from harness.rules.rule import Finding

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif_json(findings: Sequence[Finding], artifact: str, sha256: str, version: str) -> str:
    """One run over one MSI. `artifact`: its file name; `version`: the harness's."""
    order = [each.id for each in rules()]
    run = {
        "tool": {
            "driver": {
                "name": "bvt",
                "version": version,
                "rules": [
                    {
                        "id": each.id,
                        "shortDescription": {"text": each.expected},
                        "help": {"text": f"Windows Installer reference: {each.source}"},
                        "defaultConfiguration": {"level": each.severity.value},
                        "properties": {"tags": [each.group.value]},
                    }
                    for each in rules()
                ],
            }
        },
        "artifacts": [{"location": {"uri": artifact}, "hashes": {"sha-256": sha256}}],
        "results": [
            {
                "ruleId": finding.rule,
                "ruleIndex": order.index(finding.rule),
                "level": finding.severity.value,
                "message": {"text": f"Expected: {finding.expected}. Found: {finding.found}."},
                "locations": [
                    {
                        "physicalLocation": {"artifactLocation": {"uri": artifact, "index": 0}},
                        "logicalLocations": [{"fullyQualifiedName": finding.place}],
                    }
                ],
                "partialFingerprints": {"rulePlace/v1": f"{finding.rule} {finding.place}"},
            }
            for finding in findings
        ],
        "columnKind": "utf16CodeUnits",
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1, ensure_ascii=False)

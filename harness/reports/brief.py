"""A gate in brief, as JSON for scripts. Everything is in `gate.json`; this is what a script asks first."""

import json
from pathlib import Path
from typing import Any

from harness.gate.artifact import GATE_FILE
from harness.model.gate import CellVerdict, Gate, Reason, Verdict
from harness.reports.publish import JUNIT_FILE, PAGE_FILE, SUMMARY_FILE


def brief_json(gate: Gate, run: Path) -> str:
    """One document: verdict, exit code, suite, candidate, the first reason of each cell, and where the files are."""
    candidate = gate.plan.candidate
    document: dict[str, Any] = {
        "verdict": gate.verdict.value,
        "exit_code": gate.verdict.exit_code,
        "interrupted": gate.interrupted,
        "run_id": gate.run_id,
        "suite": gate.plan.suite,
        "pool": gate.plan.pool,
        "plan_digest": gate.plan_digest,
        "candidate": {
            "product_name": candidate.product_name,
            "version": candidate.version,
            "sha256": candidate.sha256,
        },
        "cells": [_cell(entry, gate.reasons) for entry in gate.cells],
        "duration_s": round(gate.duration_s, 3),
        "files": {
            "run": str(run),
            "gate": str(run / GATE_FILE),
            "page": str(run / PAGE_FILE),
            "junit": str(run / JUNIT_FILE),
            "summary": str(run / SUMMARY_FILE),
        },
    }
    return json.dumps(document, indent=1, ensure_ascii=False)


def _cell(entry: CellVerdict, reasons: tuple[Reason, ...]) -> dict[str, Any]:
    first = next(
        (each for each in reasons if each.cell == entry.cell and each.verdict is not Verdict.PASS), None
    )
    return {
        "cell": entry.cell,
        "required": entry.required,
        "verdict": entry.verdict.value,
        "substrate": entry.report.substrate.value if entry.report else None,
        "check": first.check or None if first else None,
        "reason": first.text if first else None,
    }

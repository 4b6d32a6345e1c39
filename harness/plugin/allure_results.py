"""What Allure shows of a cell: the cell as parent suite, the phase as feature, the evidence attached.

allure-pytest does the writing (`--alluredir`); without it every call here does nothing.
"""

import json
from pathlib import Path

import allure

from harness.cell.check import Check
from harness.gate.artifact import REPORT_FILE
from harness.model.plan import Cell
from harness.model.report import CellReport

LARGEST = 20_000_000
"""Bytes. Larger evidence stays in the run directory only."""

TYPES = {
    ".json": allure.attachment_type.JSON,
    ".xml": allure.attachment_type.XML,
    ".png": allure.attachment_type.PNG,
}


def label_check(check: Check, cell: Cell) -> None:
    """Name the running test as people know it. Called while the check runs."""
    allure.dynamic.parent_suite(cell.id)
    allure.dynamic.suite(check.phase.value)
    allure.dynamic.feature(check.phase.value)
    allure.dynamic.title(f"{check.title} [{cell.id}]")  # else cells look alike outside the tree of suites
    allure.dynamic.tag(check.id)
    allure.dynamic.parameter("cell", cell.id)


def attach_details(details: dict[str, str]) -> None:
    """Attach what the check noted."""
    if details:
        allure.attach(json.dumps(details, indent=1), "details", allure.attachment_type.JSON)


def attach_evidence(directory: Path, report: CellReport) -> None:
    """Attach every piece of the cell's evidence, and its report, to the end of the cell."""
    allure.attach.file(directory / REPORT_FILE, REPORT_FILE, allure.attachment_type.JSON)
    for piece in report.evidence:
        path = directory / piece.path
        if piece.size <= LARGEST and path.is_file():
            kind = TYPES.get(path.suffix, allure.attachment_type.TEXT)
            allure.attach.file(path, piece.path, kind)

"""Writes every report of a gate into its run directory."""

import secrets
from pathlib import Path

from harness.model.gate import Gate
from harness.reports.junit import junit_xml
from harness.reports.page import render_page
from harness.reports.summary import summary_markdown

PAGE_FILE = "gate.html"
JUNIT_FILE = "junit.xml"
SUMMARY_FILE = "summary.md"


def write_reports(run: Path, gate: Gate) -> tuple[Path, ...]:
    """Write page, JUnit and summary, each under a temporary name first. Returns their paths in that order."""
    return (
        _write(run / PAGE_FILE, render_page(gate).encode()),
        _write(run / JUNIT_FILE, junit_xml(gate)),
        _write(run / SUMMARY_FILE, summary_markdown(gate).encode()),
    )


def _write(path: Path, content: bytes) -> Path:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path

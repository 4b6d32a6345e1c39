"""Writes every report of a gate into its run directory."""

from pathlib import Path

from harness.files import write_atomically
from harness.model.gate import Gate
from harness.reports.junit import junit_xml
from harness.reports.page import render_page
from harness.reports.summary import summary_markdown

PAGE_FILE = "gate.html"
JUNIT_FILE = "junit.xml"
SUMMARY_FILE = "summary.md"


def write_reports(run: Path, gate: Gate) -> tuple[Path, ...]:
    """Write page, JUnit and summary, each whole or not at all. Returns their paths in that order. Raises `OSError`."""
    return (
        write_atomically(run / PAGE_FILE, render_page(gate).encode()),
        write_atomically(run / JUNIT_FILE, junit_xml(gate)),
        write_atomically(run / SUMMARY_FILE, summary_markdown(gate).encode()),
    )

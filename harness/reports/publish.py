"""Writes every report of a gate into its run directory."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from harness.files import write_atomically
from harness.model.gate import Gate
from harness.reports.allure_report import (
    allurerc_json,
    categories_json,
    environment_properties,
    executor_json,
)
from harness.reports.junit import junit_xml
from harness.reports.page import render_page
from harness.reports.summary import summary_markdown

PAGE_FILE = "gate.html"
JUNIT_FILE = "junit.xml"
SUMMARY_FILE = "summary.md"
ALLURE = "allure"
"""The folder of allure-pytest's results."""


def write_reports(
    run: Path, gate: Gate, environment: Mapping[str, str] = MappingProxyType({})
) -> tuple[Path, ...]:
    """Write page, JUnit and summary, each whole or not at all. Returns their paths in that order. Raises `OSError`.

    What Allure needs besides its results is written where there are any. `environment`: the process's variables, which
    tell the CI build.
    """
    if (run / ALLURE).is_dir():
        _write_for_allure(run, gate, environment)
    return (
        write_atomically(run / PAGE_FILE, render_page(gate, _from_here(run)).encode()),
        write_atomically(run / JUNIT_FILE, junit_xml(gate)),
        write_atomically(run / SUMMARY_FILE, summary_markdown(gate).encode()),
    )


def _from_here(run: Path) -> Path:
    """The run directory as a command given where the run was started would name it."""
    return run.relative_to(Path.cwd()) if run.is_relative_to(Path.cwd()) else run


def _write_for_allure(run: Path, gate: Gate, environment: Mapping[str, str]) -> None:
    write_atomically(run / ALLURE / "environment.properties", environment_properties(gate))
    write_atomically(run / ALLURE / "categories.json", categories_json())
    write_atomically(run / "allurerc.json", allurerc_json(gate))
    if executor := executor_json(gate, environment):
        write_atomically(run / ALLURE / "executor.json", executor)

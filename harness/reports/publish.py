"""Writes every report of a gate into its run directory."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from pydantic import ValidationError

from harness.documents.translate import first_mistake
from harness.files import write_atomically
from harness.model.context import Context
from harness.model.errors import ConfigurationError
from harness.model.gate import Gate
from harness.reports.allure_report import (
    allurerc_json,
    categories_json,
    environment_properties,
    executor_json,
)
from harness.reports.build import meta_of
from harness.reports.junit import junit_xml
from harness.reports.page import render_page
from harness.reports.summary import summary_markdown

if TYPE_CHECKING:
    from harness.signing.signatures import Signed

PAGE_FILE = "gate.html"
JUNIT_FILE = "junit.xml"
SUMMARY_FILE = "summary.md"
CONTEXT_FILE = "context.json"
"""What the page shows beside the gate."""
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
        write_page(run, gate, environment),
        write_atomically(run / JUNIT_FILE, junit_xml(gate)),
        write_atomically(run / SUMMARY_FILE, summary_markdown(gate).encode()),
    )


def write_page(run: Path, gate: Gate, environment: Mapping[str, str] = MappingProxyType({})) -> Path:
    """Write the page alone, with what stands beside the gate by now: its context, its signatures."""
    context = read_context(run)
    context = context.model_copy(update={"meta": meta_of(context, environment)})
    page = render_page(gate, _from_here(run), context, signatures_beside(run))
    return write_atomically(run / PAGE_FILE, page.encode())


def read_context(run: Path) -> Context:
    """What was written beside the run's gate; nothing if nothing was. Raises `ConfigurationError` for a broken file."""
    file = run / CONTEXT_FILE
    try:
        return Context.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        return Context()
    except ValidationError as error:
        raise ConfigurationError(
            f"it cannot be read: {first_mistake(error, Context).sentence}",
            file=str(file),
            hint="Take it away, and name all anew.",
        ) from None


def write_context(run: Path, context: Context) -> Path:
    """Write it beside the run's gate, whole or not at all. Raises `OSError`."""
    return write_atomically(run / CONTEXT_FILE, context.model_dump_json(indent=1) + "\n")


def signatures_beside(run: Path) -> "tuple[Signed, ...]":
    """Who signed the run's bundle; empty if there is none."""
    # What reads envelopes takes a moment to load, and only the end of a run needs it.
    from harness.signing.bundle import BUNDLE_FILE
    from harness.signing.signatures import signed_by

    try:
        return signed_by((run / BUNDLE_FILE).read_bytes())
    except FileNotFoundError:
        return ()


def _from_here(run: Path) -> Path:
    """The run directory as a command given where the run was started would name it."""
    return run.relative_to(Path.cwd()) if run.is_relative_to(Path.cwd()) else run


def _write_for_allure(run: Path, gate: Gate, environment: Mapping[str, str]) -> None:
    write_atomically(run / ALLURE / "environment.properties", environment_properties(gate))
    write_atomically(run / ALLURE / "categories.json", categories_json())
    write_atomically(run / "allurerc.json", allurerc_json(gate))
    if executor := executor_json(gate, environment):
        write_atomically(run / ALLURE / "executor.json", executor)

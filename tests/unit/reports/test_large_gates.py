"""A gate of hundreds of cells: the page and the summary keep their size, whatever the cells say."""

import pytest

from harness.model.gate import Gate
from harness.reports import render_page, summary_markdown
from harness.reports.detail import LARGEST_PAGE, SHORT, SHORTEST, WHOLE, details
from harness.reports.facts import cell_facts
from harness.reports.grid import grid_of
from tests.unit.gate.many import many
from tests.unit.reports.test_reports import failing, passing

JOB_SUMMARY = 1_048_576
"""Bytes that GitHub Actions takes per step (its documentation, "Adding a job summary")."""


@pytest.fixture(scope="module")
def worst() -> Gate:
    """Every cell fails, each with a long message of its own."""
    return many(
        500, failing=lambda _: True, defects=96, why="no such file: " + "c:\\very\\long\\path\\" * 900
    )


def test_a_page_of_cells_that_all_fail_at_length_is_small(worst: Gate) -> None:
    assert len(render_page(worst).encode()) < LARGEST_PAGE


def test_a_job_summary_leads_with_the_verdict_and_fits(worst: Gate) -> None:
    summary = summary_markdown(worst)
    assert summary.startswith("## FAIL")
    assert len(summary.encode()) < JOB_SUMMARY
    assert worst.plan.candidate.sha256 in summary


def test_a_small_gate_is_shown_whole_and_a_large_one_less(worst: Gate) -> None:
    assert list(details(passing())) == [WHOLE, SHORT, SHORTEST]
    assert list(details(worst)) == [SHORT, SHORTEST]


def test_the_matrix_has_versions_by_scenarios_with_failures_first() -> None:
    grid = grid_of(cell_facts(failing()))
    assert grid.columns == ("fresh",)
    # What is required stands before what is advisory, and a failure before what is missing.
    assert [row.image for row in grid.rows] == ["win10-22h2", "win11-24h2", "win7-sp1"]
    assert not any(row.passed for row in grid.rows)
    assert all(row.passed for row in grid_of(cell_facts(passing())).rows)

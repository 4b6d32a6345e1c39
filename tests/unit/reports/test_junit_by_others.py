"""JUnit as a parser of others reads it: the same numbers, one suite a cell, the cause in the failure."""

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped, TestSuite

from harness.model.gate import Gate
from harness.model.report import Outcome
from harness.reports import junit_xml
from tests.unit.reports.test_reports import failing, hostile, passing


def read(gate: Gate) -> JUnitXml:
    return JUnitXml.fromstring(junit_xml(gate))


def kinds(suites: JUnitXml, kind: type) -> int:
    return sum(
        isinstance(result, kind)
        for suite in suites
        if isinstance(suite, TestSuite)
        for case in suite
        for result in case.result
    )


@pytest.mark.parametrize("gate", [passing(), failing(), hostile()], ids=["pass", "fail", "hostile"])
def test_its_numbers_are_those_of_the_gate(gate: Gate) -> None:
    suites = read(gate)
    cases = sum(len(list(suite)) for suite in suites)
    assert (suites.tests, suites.failures, suites.errors, suites.skipped) == (
        cases,
        kinds(suites, Failure),
        kinds(suites, Error),
        kinds(suites, Skipped),
    )


def test_a_cell_without_a_report_is_there_and_no_pass() -> None:
    gate = failing()
    names = {suite.name for suite in read(gate)}
    assert {cell.cell for cell in gate.cells} <= names
    (missing,) = (cell.cell for cell in gate.cells if cell.report is None)
    (suite,) = (suite for suite in read(gate) if suite.name == missing)
    assert list(suite)
    assert all(case.result for case in suite)


def test_a_failure_says_what_was_found() -> None:
    failed = [
        check.message
        for cell in failing().cells
        if cell.report
        for check in cell.report.checks
        if check.outcome is Outcome.FAILED
    ]
    said = [
        f"{result.message}\n{result.text}"
        for suite in read(failing())
        for case in suite
        for result in case.result
        if isinstance(result, Failure)
    ]
    assert failed
    assert all(any(message in words for words in said) for message in failed)

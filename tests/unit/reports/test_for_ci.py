"""What a CI system reads: annotations, the brief JSON, and what says that a gate is not the whole."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.gate import Gate, Verdict
from harness.model.report import Outcome
from harness.reports import junit_xml, render_page, summary_markdown, summary_text
from harness.reports.annotations import LONGEST, SHOWN, github_annotations
from harness.reports.brief import brief_json
from tests.unit.gate.samples import a_cell, a_gate, a_plan, a_report, with_outcome

ONE, TWO = a_cell("win10-22h2/fresh"), a_cell("win11-24h2/fresh")
PLAN = a_plan(ONE, TWO)


def passing(**changes: object) -> Gate:
    return a_gate(PLAN, [a_report(PLAN, ONE), a_report(PLAN, TWO)]).model_copy(update=changes)


def failing(message: str = "it is stopped") -> Gate:
    bad = with_outcome(a_report(PLAN, ONE), "install.service", Outcome.FAILED, message)
    return a_gate(PLAN, [bad])


def smoke(gate: Gate) -> Gate:
    plan = gate.plan.model_copy(update={"suite": "smoke", "left_out": ("server-2022/fresh",)})
    return gate.model_copy(update={"plan": plan})


def test_a_passing_gate_annotates_nothing() -> None:
    assert github_annotations(passing()) == ()


def test_a_failure_is_an_error_and_what_is_missing_a_warning() -> None:
    lines = github_annotations(failing())
    assert lines[0].startswith("::error title=FAIL win10-22h2/fresh install.service::Example Agent 1.2.3: ")
    assert "it is stopped" in lines[0]
    assert any(line.startswith("::warning title=INCOMPLETE win11-24h2/fresh") for line in lines)


@given(st.text())
def test_no_message_begins_a_command_of_its_own(text: str) -> None:
    for line in github_annotations(failing(f"{text}\n::error::forged\r::set-output name=x::y")):
        assert len(line.splitlines()) <= 1 or not any(
            part.startswith("::") for part in line.replace("\u2028", "\n").split("\n")[1:]
        )
        assert "\n" not in line
        assert "\r" not in line


def test_more_reasons_than_github_takes_are_counted_and_long_ones_cut() -> None:
    cells = [a_cell(f"win{number}/fresh") for number in range(SHOWN + 4)]
    plan = a_plan(*cells)
    reports = [
        with_outcome(a_report(plan, cell), check, Outcome.FAILED, "x" * 9000)
        for cell, check in zip(cells, cells[0].checks * 5, strict=False)
    ]
    lines = github_annotations(a_gate(plan, reports))
    assert len(lines) <= SHOWN + 1
    assert all(len(line) < LONGEST + 200 for line in lines)


def test_the_brief_names_the_verdict_the_cause_and_the_files() -> None:
    document = json.loads(brief_json(failing(), Path("reports/r1")))
    assert (document["verdict"], document["exit_code"], document["suite"]) == ("FAIL", 1, "full")
    first, second = document["cells"]
    assert (first["verdict"], first["check"], first["substrate"]) == ("FAIL", "install.service", "wine")
    assert "it is stopped" in first["reason"]
    assert (second["verdict"], second["substrate"]) == ("INCOMPLETE", None)
    assert document["files"]["junit"] == "reports/r1/junit.xml"


@pytest.mark.parametrize("render", [summary_text, summary_markdown, render_page])
def test_nobody_takes_a_suite_for_the_whole(render: object) -> None:
    assert callable(render)
    whole, part = render(passing()), render(smoke(passing()))
    assert "not the full gate" not in whole
    assert "Suite smoke only: 2 of the 3 cells of pool embedded" in part.replace("\\", "")
    assert "not the full gate" in part
    assert summary_text(smoke(passing())).startswith("PASS (suite smoke)  ")


def test_junit_names_the_suite() -> None:
    assert b'<property name="suite" value="smoke"/>' in junit_xml(smoke(passing()))


def test_another_suite_is_another_plan() -> None:
    assert smoke(passing()).plan.digest != passing().plan.digest


@pytest.mark.parametrize("render", [summary_text, summary_markdown, render_page])
def test_a_run_that_was_stopped_says_so(render: object) -> None:
    assert callable(render)
    assert "Interrupted: the run was stopped" in render(passing(interrupted=True)).replace("\\", "")
    assert passing(interrupted=True).verdict is Verdict.PASS  # every cell had ended: nothing is missing

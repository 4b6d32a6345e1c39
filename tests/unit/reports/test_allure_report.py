"""What Allure shows beside the results."""

import json
import re
from pathlib import Path

import pytest

from harness.reports import write_reports
from harness.reports.allure_report import (
    CATEGORIES,
    allurerc_json,
    environment_properties,
    executor_json,
)
from tests.unit.gate.samples import a_cell, a_gate, a_plan, a_report

PLAN = a_plan(a_cell())
GATE = a_gate(PLAN, [a_report(PLAN, a_cell())])

MESSAGES = [
    ("failed", "AssertionError: it is stopped", "The candidate failed"),
    ("broken", "MachineLost: gone", "The lab failed: nothing is said of the candidate"),
    (
        "skipped",
        "Skipped: blocked: blocked by install.exit_code, which did not succeed",
        "Blocked by an earlier check",
    ),
    ("skipped", "blocked: the machine\nis gone", "Blocked by an earlier check"),
    (
        "skipped",
        "Skipped: not-tested: the profile declares no ports",
        "Not tested: the profile declares nothing",
    ),
    ("skipped", "Skipped: not-applicable: Wine has no packet filter", "Not applicable: cannot be shown here"),
]


@pytest.mark.parametrize("whole", [True, False], ids=["allure-2", "allure-3"])
@pytest.mark.parametrize(("status", "message", "category"), MESSAGES)
def test_every_outcome_has_one_category(whole: bool, status: str, message: str, category: str) -> None:
    def fits(rule: dict[str, object]) -> bool:
        pattern = str(rule.get("messageRegex", r"[\s\S]*"))
        # Python's `match` begins at the start, as Java's does; a JavaScript pattern is looked for anywhere.
        found = re.fullmatch(pattern, message) if whole else re.match(pattern, message)
        return status in str(rule["matchedStatuses"]) and found is not None

    assert [rule["name"] for rule in CATEGORIES if fits(rule)] == [category]


def test_the_environment_names_candidate_suite_substrate_and_stays_ascii() -> None:
    candidate = PLAN.candidate.model_copy(update={"product_name": "Agent Ü\n=x"})
    text = environment_properties(
        GATE.model_copy(update={"plan": PLAN.model_copy(update={"candidate": candidate})})
    )
    assert text.isascii()
    assert "Candidate=Agent \\u00dc\\n=x 1.2.3\n" in text
    assert "Suite=full\n" in text
    assert "Substrates=wine\n" in text


@pytest.mark.parametrize(
    ("environment", "name", "url"),
    [
        (
            {"GITHUB_ACTIONS": "true", "GITHUB_SERVER_URL": "https://git.example", "GITHUB_REPOSITORY": "a/b",
             "GITHUB_RUN_ID": "7", "GITHUB_RUN_NUMBER": "3"},
            "GitHub Actions",
            "https://git.example/a/b/actions/runs/7",
        ),
        ({"GITLAB_CI": "true", "CI_JOB_ID": "9", "CI_JOB_URL": "https://g.example/9"}, "GitLab CI", "https://g.example/9"),
        ({"JENKINS_URL": "http://j", "BUILD_NUMBER": "4", "BUILD_URL": "http://j/4"}, "Jenkins", "http://j/4"),
    ],
)  # fmt: skip
def test_the_executor_is_the_ci_build(environment: dict[str, str], name: str, url: str) -> None:
    document = json.loads(executor_json(GATE, environment) or "{}")
    assert (document["name"], document["buildUrl"]) == (name, url)
    assert document["buildName"].startswith("#")


def test_outside_of_ci_there_is_no_executor() -> None:
    assert executor_json(GATE, {"PATH": "/bin"}) is None


def test_the_files_are_written_where_there_are_results_and_nowhere_else(tmp_path: Path) -> None:
    write_reports(tmp_path, GATE, {"GITLAB_CI": "true"})
    assert not (tmp_path / "allurerc.json").exists()
    (tmp_path / "allure").mkdir()
    write_reports(tmp_path, GATE, {"GITLAB_CI": "true"})
    assert sorted(path.name for path in (tmp_path / "allure").iterdir()) == [
        "categories.json", "environment.properties", "executor.json"
    ]  # fmt: skip
    assert json.loads((tmp_path / "allurerc.json").read_text()) == json.loads(allurerc_json(GATE))

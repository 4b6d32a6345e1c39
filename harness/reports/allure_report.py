"""What Allure shows beside the results that allure-pytest writes: environment, executor and categories. Pure.

Sources: Allure Report docs, "Environment files", "Executor file", "Categories". Allure 3 reads its categories from its
own configuration file, `allurerc.json`; the rules there may have the form of Allure 2.
"""

import json
from collections.abc import Mapping
from typing import Any

from harness.model.gate import Gate
from harness.model.report import Outcome
from harness.reports.facts import verdict_words

ANYTHING = r"[\s\S]*"
"""Allure 2 matches a whole message (Java), Allure 3 a part of it (JavaScript); this fits both."""
CATEGORIES: tuple[dict[str, Any], ...] = (
    {"name": "The candidate failed", "matchedStatuses": ["failed"]},
    {"name": "The lab failed: nothing is said of the candidate", "matchedStatuses": ["broken"]},
    {
        "name": "Blocked by an earlier check",
        "matchedStatuses": ["skipped"],
        "messageRegex": f"(Skipped: )?{Outcome.BLOCKED.value}: {ANYTHING}",
    },
    {
        "name": "Not tested: the profile declares nothing",
        "matchedStatuses": ["skipped"],
        "messageRegex": f"(Skipped: )?{Outcome.NOT_TESTED.value}: {ANYTHING}",
    },
    {
        "name": "Not applicable: cannot be shown here",
        "matchedStatuses": ["skipped"],
        "messageRegex": f"(Skipped: )?{Outcome.NOT_APPLICABLE.value}: {ANYTHING}",
    },
)
"""One for each way not to pass. They exclude each other, for Allure 2 lists a result under every one that fits."""


def environment_properties(gate: Gate) -> str:
    """`environment.properties`: what was run, and on what."""
    reports = [entry.report for entry in gate.cells if entry.report]
    facts = {
        "Verdict": verdict_words(gate),
        "Candidate": f"{gate.plan.candidate.product_name} {gate.plan.candidate.version}",
        "Candidate.SHA-256": gate.plan.candidate.sha256,
        "Profile": gate.plan.profile,
        "Suite": gate.plan.suite,
        "Pool": gate.plan.pool,
        "Substrates": ", ".join(sorted({report.substrate.value for report in reports})) or "none",
        "Guest.systems": ", ".join(sorted({report.guest_system.value for report in reports})) or "none",
        "Images": ", ".join(sorted({report.image_digest[:12] for report in reports if report.image_digest})),
        "Harness": gate.harness_version,
        "Plan": gate.plan_digest,
        "Run": gate.run_id,
    }
    return "".join(f"{name}={_escaped(value)}\n" for name, value in facts.items())


def categories_json() -> str:
    """`categories.json`, for Allure 2."""
    return json.dumps(CATEGORIES, indent=1)


def allurerc_json(gate: Gate) -> str:
    """`allurerc.json`, for Allure 3: `allure generate --config allurerc.json allure`, from the run directory."""
    candidate = gate.plan.candidate
    name = f"{verdict_words(gate)}: {candidate.product_name} {candidate.version}"
    return json.dumps({"name": name, "output": "allure-report", "categories": CATEGORIES}, indent=1)


def executor_json(gate: Gate, environment: Mapping[str, str]) -> str | None:
    """`executor.json`: which CI build this was, from the variables that these systems set; None outside of them."""
    found = _github(environment) or _gitlab(environment) or _jenkins(environment)
    return json.dumps({**found, "reportName": f"bvt {gate.run_id}"}, indent=1) if found else None


def _github(environment: Mapping[str, str]) -> dict[str, Any] | None:
    if environment.get("GITHUB_ACTIONS") != "true":
        return None
    server, repository = environment.get("GITHUB_SERVER_URL", ""), environment.get("GITHUB_REPOSITORY", "")
    number, run = environment.get("GITHUB_RUN_NUMBER", ""), environment.get("GITHUB_RUN_ID", "")
    return _build("GitHub Actions", "github", number, f"{server}/{repository}/actions/runs/{run}")


def _gitlab(environment: Mapping[str, str]) -> dict[str, Any] | None:
    if environment.get("GITLAB_CI") != "true":
        return None
    return _build("GitLab CI", "gitlab", environment.get("CI_JOB_ID", ""), environment.get("CI_JOB_URL", ""))


def _jenkins(environment: Mapping[str, str]) -> dict[str, Any] | None:
    if not environment.get("JENKINS_URL"):
        return None
    return _build("Jenkins", "jenkins", environment.get("BUILD_NUMBER", ""), environment.get("BUILD_URL", ""))


def _build(name: str, kind: str, number: str, url: str) -> dict[str, Any]:
    order = {"buildOrder": int(number)} if number.isdecimal() else {}
    return {"name": name, "type": kind, "buildName": f"#{number}", "buildUrl": url, **order}


def _escaped(value: str) -> str:
    """As java.util.Properties reads a value: ASCII alone, one line. JSON's escapes are a part of its."""
    return json.dumps(value)[1:-1]

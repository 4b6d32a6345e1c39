"""The workflows of `docs/ci/`, executed as far as they are shell, in a team's repository with CI's own variables."""

import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from harness.state import StateDirectory
from tests.e2e.running import BVT

pytestmark = [
    pytest.mark.wine,
    pytest.mark.slow,
    pytest.mark.in_turn("documents that are carried out", days=3),
]

EXAMPLES = Path(__file__).parents[2] / "docs" / "ci"
MATRIX = """\
images:
  win11-24h2: {product_name: Windows 11 Pro, major: 10, minor: 0, build: 26100, display_version: 24H2}
  server-2022: {product_name: Windows Server 2022 Standard, major: 10, minor: 0, build: 20348, product_type: ServerNT}
scenarios:
  short: {title: Installed, phases: [machine, install]}
axes: {image: ["*"], scenario: [short]}
suites:
  smoke: {title: The newest client alone, cells: [win11-24h2/short]}
pools:
  embedded: {provider: wine, base_image: wine, substrates: [wine], ready_deadline_s: READY}
"""
GITHUB = {"GITHUB_ACTIONS": "true", "GITHUB_RUN_NUMBER": "7", "GITHUB_RUN_ID": "70",
          "GITHUB_SERVER_URL": "https://git.example", "GITHUB_REPOSITORY": "team/agent"}  # fmt: skip


def github_gate() -> str:
    workflow = yaml.safe_load((EXAMPLES / "github-actions.yml").read_text())
    return str(next(step["run"] for step in workflow["jobs"]["gate"]["steps"] if step.get("id") == "gate"))


def gitlab(job: str) -> str:
    return "\n".join(yaml.safe_load((EXAMPLES / "gitlab-ci.yml").read_text())[job]["script"])


def jenkins(stage: str) -> str:
    text = (EXAMPLES / "Jenkinsfile").read_text()
    of_stage = text[text.index(f"stage('{stage}')") :]
    return str(re.findall(r"'''(.*?)'''", of_stage, re.DOTALL)[0])


@dataclass(frozen=True)
class Repository:
    """A team's repository on a CI machine: candidate, profile, matrix, and `bvt` on the path."""

    root: Path
    variables: dict[str, str]

    def run(self, script: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        """One step, by the shell and with the options that these systems use."""
        path = f"{Path(BVT).parent}{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(
            ["bash", "-e", "-c", script],
            cwd=self.root,
            env=os.environ | {"PATH": path} | self.variables | variables,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def gate(self) -> dict[str, object]:
        document: dict[str, object] = json.loads((self.root / "reports/gate/gate.json").read_text())
        return document


def a_repository(root: Path, candidate: Path, state: StateDirectory, ready: str = "90") -> Repository:
    (root / "dist").mkdir(parents=True)
    (root / "dist" / "agent.msi").write_bytes(candidate.read_bytes())
    (root / "matrix.yaml").write_text(MATRIX.replace("READY", ready))
    (root / "agents").mkdir()
    profile = (EXAMPLES.parents[1] / "agents" / "reference.yaml").read_text()
    (root / "agents" / "reference.yaml").write_text(profile)
    # Images and tools are shared, as a cache of CI's would have them.
    (root / ".bvt").mkdir()
    for part in ("images", "tools"):
        (root / ".bvt" / part).symlink_to(state.part(part))
    variables = {"CANDIDATE": "dist/agent.msi", "PROFILE": "reference", "BVT_HOME": str(root / ".bvt")}
    return Repository(root, variables)


def test_github_shows_a_passed_suite_and_its_outputs(
    tmp_path: Path, candidate: Path, state: StateDirectory
) -> None:
    repository = a_repository(tmp_path / "repository", candidate, state)
    summary, outputs = tmp_path / "summary", tmp_path / "outputs"
    done = repository.run(
        github_gate(),
        SUITE="smoke",
        GITHUB_STEP_SUMMARY=str(summary),
        GITHUB_OUTPUT=str(outputs),
        **GITHUB,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert outputs.read_text() == "verdict=PASS\nsuite=smoke\n"
    assert summary.read_text().startswith("## PASS \\(suite smoke\\)")
    executor = json.loads((repository.root / "reports/gate/allure/executor.json").read_text())
    assert executor["buildUrl"] == "https://git.example/team/agent/actions/runs/70"


def test_github_is_not_red_because_of_the_lab_and_promotes_nothing(
    tmp_path: Path, candidate: Path, state: StateDirectory
) -> None:
    repository = a_repository(tmp_path / "repository", candidate, state, ready="0.01")
    outputs = tmp_path / "outputs"
    done = repository.run(
        github_gate(),
        SUITE="smoke",
        GITHUB_STEP_SUMMARY=str(tmp_path / "summary"),
        GITHUB_OUTPUT=str(outputs),
        **GITHUB,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "verdict=INFRA\n" in outputs.read_text()
    assert "::warning title=INFRA win11-24h2/short" in done.stdout
    assert "::error" not in done.stdout


def test_gitlab_ends_with_the_code_that_it_is_told_to_take_for_a_warning(
    tmp_path: Path, candidate: Path, state: StateDirectory
) -> None:
    repository = a_repository(tmp_path / "repository", candidate, state, ready="0.01")
    assert repository.run(gitlab("gate"), SUITE="smoke", GITLAB_CI="true").returncode == 4
    job = yaml.safe_load((EXAMPLES / "gitlab-ci.yml").read_text())["gate"]
    assert job["allow_failure"] == {"exit_codes": [4]}
    assert (repository.root / job["artifacts"]["reports"]["junit"]).is_file()
    assert repository.run(gitlab("promote")).returncode != 0


def test_jenkins_gates_the_whole_and_only_that_is_promoted(
    tmp_path: Path, candidate: Path, state: StateDirectory
) -> None:
    repository = a_repository(tmp_path / "repository", candidate, state)
    done = repository.run(jenkins("Gate"), SUITE="full", JENKINS_URL="http://127.0.0.1/")
    assert done.returncode == 0, done.stdout + done.stderr
    assert repository.gate()["verdict"] == "PASS"
    assert repository.run(jenkins("Promote")).returncode == 0
    gate = repository.root / "reports/gate/gate.json"
    gate.write_text(gate.read_text().replace('"suite": "full"', '"suite": "smoke"'))
    assert repository.run(jenkins("Promote")).returncode != 0

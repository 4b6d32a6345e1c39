"""Plain pytest as the gate's command: a mistake is one sentence and exit code 2, never 1, which means FAIL."""

import subprocess
import sys
from pathlib import Path

import pytest

import harness

CHECKS = Path(harness.__file__).parent / "checks"
CANDIDATE = ("--candidate", "agent.msi", "--profile", "reference")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--pyargs", "harness.checks"], "--candidate is missing"),
        (["--pyargs", "harness.checks", "-n", "2"], "--candidate is missing"),
        ([str(CHECKS / "test_uninstall.py")], "--candidate is missing"),
        (["--pyargs", "harness.checks", "--candidate", "agent.msi"], "--profile is missing"),
        (
            ["--pyargs", "harness.checks", *CANDIDATE, "--keep", "some"],
            "--keep takes failed, always, never, capsule, not 'some'.",
        ),
        (
            ["--pyargs", "harness.checks", *CANDIDATE, "--infra-retries", "-1"],
            "--infra-retries takes a number of at",
        ),
        (["--pyargs", "harness.checks", *CANDIDATE], "agent.msi: there is no such file."),
    ],
)
def test_a_mistake_is_one_sentence_with_exit_code_2(arguments: list[str], words: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-c", "/dev/null", *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 2, done.stdout + done.stderr
    said = done.stdout + done.stderr
    assert said.count(words) == 1, said
    assert "Traceback" not in said
    assert "ERROR" not in said


def test_other_test_suites_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "test_own.py").write_text("def test_own(): pass\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "/dev/null", str(tmp_path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout

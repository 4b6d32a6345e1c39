"""The pytest that a run starts is the gate's own, whatever the caller's is told."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from harness.cli import carrying_out
from harness.cli.main import application
from harness.cli.output import Output
from harness.plugin import interpreter
from harness.rundir.directory import RunDirectory

VARIABLES = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD")


def test_what_the_callers_tests_are_told_does_not_reach_the_gate(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen: dict[str, str] = {}

    def main(*_: object, **__: object) -> int:
        seen.update(os.environ)  # which workers inherit too
        return 0

    monkeypatch.setattr(pytest, "main", main)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    for name in VARIABLES:
        monkeypatch.setenv(name, "-k nothing")
    carrying_out._run_pytest(RunDirectory(tmp_path), [], 1, Output())
    assert seen
    assert not seen.keys() & set(VARIABLES)


WITHOUT_ASSERTS = "Python runs with -O or PYTHONOPTIMIZE, so no check could fail."


@pytest.mark.parametrize(
    "arguments", [["run", "agent.msi", "--profile", "reference"], ["repro", "run", "--cell", "win11/fresh"]]
)
def test_python_without_asserts_is_refused(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreter, "sys", SimpleNamespace(flags=SimpleNamespace(optimize=1)))
    done = CliRunner().invoke(application(arguments), arguments)
    assert done.exit_code == 2
    assert done.stderr == f"bvt: {WITHOUT_ASSERTS} Start it without.\n"


def test_so_it_is_by_the_plugin(tmp_path: Path) -> None:
    program = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--rootdir={tmp_path}"]
    done = subprocess.run(
        [*program, "--candidate=agent.msi"],
        env=os.environ | {"PYTHONOPTIMIZE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 2
    assert WITHOUT_ASSERTS in done.stderr + done.stdout

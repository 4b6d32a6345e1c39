"""What the shell offers for values, through the protocol of the completion scripts that typer installs."""

from pathlib import Path

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from harness.cli.main import application
from harness.config.load import find_matrix
from harness.machines import kept
from harness.machines.provider import KeptMachine
from harness.model.machine import WinRMAccess
from harness.state import StateDirectory


def offered(line: str) -> list[str]:
    """Names that bash is offered at the end of this line."""
    words = line.split(" ")
    environment = {
        "_BVT_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
    }
    done = CliRunner().invoke(application([]), [], env=environment, prog_name="bvt")
    return done.output.split()


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("bvt run a.msi --profile ref", ["reference"]),
        ("bvt plan a.msi -p os", ["osquery"]),
        ("bvt run a.msi --pool l", ["lab"]),
        ("bvt run a.msi --suite ", ["full", "smoke"]),
        ("bvt run a.msi --cells win11-23h2/", ["win11-23h2/fresh"]),
        ("bvt run a.msi --pool lab --cells ", ["win11-24h2/fresh", "server-2022/fresh"]),
    ],
)
def test_values_come_from_the_project(line: str, names: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(find_matrix().parent)
    assert offered(line) == names


def test_a_broken_matrix_offers_nothing(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text("pools: [")
    assert offered(f"bvt run a.msi --matrix {tmp_path / 'm.yaml'} --pool ") == []


def test_kept_machines_are_offered_by_cell_and_by_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BVT_HOME", str(tmp_path))
    access = WinRMAccess(host="127.0.0.1", port=5986, username="bvt", password=SecretStr("hush"))
    machine = KeptMachine(machine_id="m1", cell_id="win10/fresh", run_id="r", provider="wine", access=access)
    kept.store(StateDirectory.default(), machine)
    assert offered("bvt shell ") == ["win10/fresh", "m1"]
    assert offered("bvt screenshot m") == ["m1"]


def test_cells_of_a_run_are_those_that_it_executed(tmp_path: Path) -> None:
    assert offered(f"bvt repro {tmp_path} --cell ") == []  # no run: nothing to offer, and no error
    (tmp_path / "run.json").write_text("{}")
    assert offered(f"bvt repro {tmp_path} --cell ") == []

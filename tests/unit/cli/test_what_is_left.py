"""Commands that promise a machine, or its removal, say when there is none or it stayed."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from harness.cli import repro as repro_command
from harness.cli.main import application
from harness.machines import hygiene
from harness.machines.kept import store
from harness.machines.provider import KeptMachine
from harness.model.matrix import Pool
from harness.model.substrate import Substrate
from harness.run.directory import RunDirectory, RunSettings
from harness.state import StateDirectory
from tests.unit.gate.samples import a_cell, a_plan
from tests.unit.run.stand_ins import ACCESS, PROFILE


def bvt(*line: str) -> Result:
    return CliRunner().invoke(application([*line]), [*line])


def cleaned(monkeypatch: pytest.MonkeyPatch, *said: str) -> Result:
    monkeypatch.setattr(hygiene, "clean", lambda *_, **__: list(said))
    return bvt("clean")


def test_what_could_not_be_removed_is_not_counted_as_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    done = cleaned(monkeypatch, "m1: removed process 7", "m2: not removed: its host does not answer")
    assert done.exit_code == 4
    assert done.stdout.splitlines()[-1] == "1 removed, 1 not removed"


def test_a_machine_of_which_nothing_was_left_is_no_removal(monkeypatch: pytest.MonkeyPatch) -> None:
    done = cleaned(monkeypatch, "m1: removed process 7", "m1: removed overlay", "m2: nothing was left")
    assert done.exit_code == 0
    assert done.stdout.splitlines()[-1] == "2 removed"


def test_nothing_to_clean_is_a_success(monkeypatch: pytest.MonkeyPatch) -> None:
    done = cleaned(monkeypatch)
    assert (done.exit_code, done.stdout) == (0, "nothing to clean\n")


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> StateDirectory:
    monkeypatch.setenv("BVT_HOME", str(tmp_path / "home"))
    return StateDirectory.default()


@pytest.fixture
def repeated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> RunDirectory:
    """A reproduction whose cell was run."""
    run = RunDirectory(tmp_path / "again")
    settings = RunSettings(
        run_id="again",
        began=datetime.now(UTC),
        profile=PROFILE,
        pool_name="embedded",
        pool=Pool(provider="wine", substrates=(Substrate.WINE,)),
        selected=(a_cell().id,),
    )
    run.write(settings, a_plan(a_cell()))
    monkeypatch.setattr(repro_command, "reproduce_cell", lambda *_: (run, "install.files"))
    monkeypatch.setattr(repro_command, "carry_out", lambda *_: None)
    return run


def kept_of(run_id: str) -> KeptMachine:
    return KeptMachine(
        machine_id=f"m-{run_id}", cell_id=a_cell().id, run_id=run_id, provider="wine", access=ACCESS
    )


def test_a_reproduction_that_kept_no_machine_promises_none(
    state: StateDirectory, repeated: RunDirectory
) -> None:
    store(state, kept_of("an-older-run"))
    done = bvt("repro", "run", "--cell", a_cell().id)
    assert done.exit_code == 4
    assert "the lab lost it before install.files" in done.stderr
    assert "is yours" not in done.stdout


def test_the_machine_of_a_reproduction_is_handed_over(state: StateDirectory, repeated: RunDirectory) -> None:
    store(state, kept_of("again"))
    done = bvt("repro", "run", "--cell", a_cell().id)
    assert done.exit_code == 0
    assert f"bvt shell {a_cell().id}" in done.stdout

"""Commands that promise a machine, or its removal, say when there is none or it stayed."""

import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from harness.cli import repro as repro_command
from harness.cli.main import application
from harness.machines import cleaning
from harness.machines.cleaning import Cleaned, Outcome
from harness.machines.kept import store
from harness.machines.provider import KeptMachine
from harness.model.matrix import Pool
from harness.model.substrate import Substrate
from harness.rundir import work_directory
from harness.rundir.directory import RunDirectory
from harness.rundir.settings import RunSettings
from harness.state import StateDirectory
from tests.unit.cell.stand_ins import ACCESS, PROFILE
from tests.unit.gate.samples import a_cell, a_plan


def bvt(*line: str) -> Result:
    return CliRunner().invoke(application([*line]), [*line])


def cleaned(monkeypatch: pytest.MonkeyPatch, *done: Cleaned, options: tuple[str, ...] = ()) -> Result:
    monkeypatch.setattr(cleaning, "clean", lambda *_, **__: list(done))
    monkeypatch.setattr(work_directory, "clean", lambda *_, **__: [])
    return bvt("clean", *options)


def machine(name: str, outcome: Outcome, *removed: str, error: str = "") -> Cleaned:
    return Cleaned(
        kind="machine", name=name, reason="its run is gone", outcome=outcome, removed=removed, error=error
    )


def template(outcome: Outcome) -> Cleaned:
    return Cleaned(kind="template", name="/t/1", reason="its image is gone", outcome=outcome, size=3 << 20)


def test_what_could_not_be_removed_is_not_counted_as_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    done = cleaned(
        monkeypatch,
        machine("m1", Outcome.REMOVED, "process 7"),
        machine("m2", Outcome.NOT_REMOVED, error="its host does not answer"),
    )
    assert done.exit_code == 4
    assert done.stdout.splitlines() == [
        "m1: removed process 7",
        "m2: not removed: its host does not answer",
        "1 removed, 1 not removed",
    ]


def test_a_machine_whose_error_speaks_of_removal_is_still_not_removed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done = cleaned(monkeypatch, machine("removed", Outcome.NOT_REMOVED, error="removed it half"))
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (4, "0 removed, 1 not removed")


def test_what_nothing_was_left_of_and_what_is_needed_again_are_no_removals(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done = cleaned(
        monkeypatch,
        machine("m1", Outcome.REMOVED, "process 7", "overlay"),
        machine("m2", Outcome.ABSENT),
        template(Outcome.NEEDED),
    )
    assert done.exit_code == 0
    assert done.stdout.splitlines()[-1] == "1 removed"


def test_nothing_to_clean_is_a_success(monkeypatch: pytest.MonkeyPatch) -> None:
    done = cleaned(monkeypatch)
    assert (done.exit_code, done.stdout) == (0, "nothing to clean\n")


def test_a_dry_run_says_what_would_go_and_why(monkeypatch: pytest.MonkeyPatch) -> None:
    done = cleaned(monkeypatch, template(Outcome.FOUND), options=("--dry-run",))
    assert done.exit_code == 0
    assert done.stdout == "template /t/1: would be removed: its image is gone, 3 MiB\n1 would be removed\n"


def test_the_json_form_has_one_object_per_line_and_the_same_exit_code(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done = cleaned(
        monkeypatch,
        template(Outcome.REMOVED),
        machine("m2", Outcome.NOT_REMOVED, error="no"),
        options=("--json",),
    )
    assert done.exit_code == 4
    items = [Cleaned.model_validate_json(line) for line in done.stdout.splitlines()]
    assert [item.outcome for item in items] == [Outcome.REMOVED, Outcome.NOT_REMOVED]


def test_the_pools_of_a_matrix_are_looked_at_too_and_a_missing_one_is_said(tmp_path: Path) -> None:
    done = bvt("clean", "--matrix", str(tmp_path / "none.yaml"))
    assert done.exit_code == 2
    assert "none.yaml" in done.stderr


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


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_reproduction_that_is_told_to_end_ends_as_on_ctrl_c(
    number: signal.Signals, state: StateDirectory, repeated: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(*_: object) -> None:
        signal.raise_signal(number)

    monkeypatch.setattr(repro_command, "carry_out", told)
    before = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGHUP)}
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests themselves may run under nohup
    try:
        done = bvt("repro", "run", "--cell", a_cell().id)
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
    assert (done.exit_code, done.stderr) == (130, "bvt: interrupted\n")

"""What stays of a run's work directory, and when it goes."""

import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from harness.cli.main import application
from harness.machines.cleaning import Cleaned, Outcome
from harness.machines.intent import Intent, IntentFile, Owner
from harness.model.matrix import Pool
from harness.model.substrate import Substrate
from harness.rundir import conclusion, work_directory
from harness.rundir.directory import RunDirectory
from harness.rundir.settings import KeepPolicy, RunSettings
from harness.state import StateDirectory
from tests.programs import bounded
from tests.unit.cell.stand_ins import PROFILE
from tests.unit.gate.samples import a_cell, a_plan

HOLD = (
    "import sys, pathlib; from harness.rundir.directory import RunDirectory;"
    "run = RunDirectory(pathlib.Path(sys.argv[1])).claimed(); print(flush=True); sys.stdin.read()"
)


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> StateDirectory:
    monkeypatch.setenv("BVT_HOME", str(tmp_path / "home"))
    return StateDirectory.default()


def a_run(root: Path, run_id: str = "run", keep: KeepPolicy = KeepPolicy.FAILED) -> RunDirectory:
    """A run with all that a work directory holds; nobody is at work in it."""
    run = RunDirectory.create(root)
    settings = RunSettings(
        run_id=run_id,
        began=datetime.now(UTC),
        profile=PROFILE,
        pool_name="embedded",
        pool=Pool(provider="wine", substrates=(Substrate.WINE,)),
        selected=(a_cell().id,),
        keep=keep,
    )
    run.write(settings, a_plan(a_cell()))
    for name in ("authority/key.pem", "backend-main/store.db", "media/candidate/agent.msi", "payload.json"):
        path = run.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x" * 2000)
    assert run.lock is not None
    run.lock.close()
    return RunDirectory(run.root)


@pytest.fixture
def run(state: StateDirectory, tmp_path: Path) -> RunDirectory:
    run = a_run(tmp_path / "run")
    work_directory.remember(state, run, "run")
    return run


def keep_machine(state: StateDirectory, machine_id: str = "bvt-kept", run_id: str = "run") -> None:
    """A kept machine whose run has ended; nothing but its intent is there."""
    with bounded(subprocess.Popen(["true"])) as ended:
        owner = Owner.of(ended.pid)
    intent = Intent(
        machine_id=machine_id,
        provider="wine",
        run_id=run_id,
        owner=owner,
        kept=True,
        created=datetime.now(UTC),
    )
    IntentFile(state.intents, intent)


def bvt_clean(*options: str) -> list[Cleaned]:
    done = CliRunner().invoke(application(["clean"]), ["clean", "--json", *options])
    assert done.exit_code == 0, done.output
    return [Cleaned.model_validate_json(line) for line in done.stdout.splitlines()]


def names(run: RunDirectory) -> set[str]:
    return {path.name for path in run.work.iterdir()}


@pytest.mark.parametrize("keep", KeepPolicy)
def test_a_run_that_kept_no_machine_leaves_no_work_directory(
    state: StateDirectory, tmp_path: Path, keep: KeepPolicy
) -> None:
    run = a_run(tmp_path / "run", keep=keep)
    work_directory.remember(state, run, "run")
    conclusion.conclude(run)
    assert not run.work.exists()
    assert bvt_clean("--kept") == []


def test_a_kept_machine_keeps_its_media_and_no_key(state: StateDirectory, run: RunDirectory) -> None:
    keep_machine(state)
    conclusion.conclude(run)
    assert names(run) == {"media", "lock"}
    assert (run.media / "candidate" / "agent.msi").exists()
    assert bvt_clean() == []


def test_the_work_directory_goes_with_the_last_kept_machine_of_its_run(
    state: StateDirectory, run: RunDirectory, tmp_path: Path
) -> None:
    keep_machine(state)
    keep_machine(state, "bvt-other", "another-run")
    other = a_run(tmp_path / "other", "another-run")
    work_directory.remember(state, other, "another-run")
    for each in (run, other):
        work_directory.release(state, each, each.settings().run_id)
    found = bvt_clean("--kept", "--dry-run")
    assert [
        (item.kind, item.name, item.run_id, item.outcome) for item in found if item.kind != "machine"
    ] == [
        ("work directory", str(other.work), "another-run", Outcome.FOUND),
        ("work directory", str(run.work), "run", Outcome.FOUND),
    ]
    assert all(item.size >= 2000 for item in found if item.kind != "machine")
    assert names(run) == names(other) == {"media", "lock"}
    (state.intents / "bvt-other.json").unlink()  # removed by itself
    (gone,) = bvt_clean()
    assert (gone.name, gone.outcome) == (str(other.work), Outcome.REMOVED)
    assert {item.outcome for item in bvt_clean("--kept")} == {Outcome.ABSENT, Outcome.REMOVED}
    assert not run.work.exists()
    assert (run.root / "run.json").exists()
    assert bvt_clean("--kept") == []


def test_one_of_two_kept_machines_still_needs_it(state: StateDirectory, run: RunDirectory) -> None:
    keep_machine(state, "bvt-1")
    keep_machine(state, "bvt-2")
    assert work_directory.clean(state, {"bvt-1"}) == []
    (item,) = work_directory.clean(state, {"bvt-1", "bvt-2"}, dry_run=True)
    assert item.outcome is Outcome.FOUND


def test_a_killed_run_is_cleaned_and_a_live_one_is_not(state: StateDirectory, run: RunDirectory) -> None:
    with bounded(
        subprocess.Popen(
            [sys.executable, "-c", HOLD, str(run.root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
    ) as live:
        assert live.stdout is not None
        live.stdout.readline()
        assert bvt_clean("--all") == []
        live.kill()
    assert bvt_clean("--dry-run")[0].outcome is Outcome.FOUND
    (item,) = bvt_clean()
    assert (item.kind, item.outcome) == ("work directory", Outcome.REMOVED)
    assert not run.work.exists()


def test_another_run_in_the_same_place_is_left_alone(state: StateDirectory, run: RunDirectory) -> None:
    shutil.rmtree(run.root)
    other = a_run(run.root, "a-later-run")
    (item,) = bvt_clean()
    assert (item.kind, item.reason) == ("record", "the run that it leads to is no longer there")
    assert (other.work / "authority" / "key.pem").exists()
    assert bvt_clean() == []


@pytest.mark.parametrize("text", ["", "{}", '{"run_id": "x"}'])
def test_a_record_that_says_nothing_goes(state: StateDirectory, text: str) -> None:
    record = state.part("runs") / "run.json"
    record.write_text(text)
    assert bvt_clean("--dry-run")[0].name == str(record)
    assert record.exists()
    assert bvt_clean()[0].reason == "it cannot be read"
    assert not record.exists()


def test_what_cannot_be_deleted_is_said(
    state: StateDirectory, run: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "rmtree", lambda *_, **__: None)
    (item,) = work_directory.clean(state)
    assert (item.outcome, item.error) == (Outcome.NOT_REMOVED, "a part of it cannot be deleted.")
    monkeypatch.undo()
    monkeypatch.setenv("BVT_HOME", str(state.root))
    assert bvt_clean()[0].outcome is Outcome.REMOVED


def test_a_work_directory_whose_lock_cannot_be_had_stays_and_the_rest_is_cleaned(
    state: StateDirectory, run: RunDirectory, tmp_path: Path
) -> None:
    """As on a medium that is read-only by now."""
    (run.work / "lock").unlink()
    (run.work / "lock").mkdir()
    other = a_run(tmp_path / "other", "other")
    work_directory.remember(state, other, "other")
    assert [item.name for item in bvt_clean()] == [str(other.work)]
    assert run.work.is_dir()


def test_a_state_directory_that_is_gone_does_not_undo_a_runs_end(
    state: StateDirectory, run: RunDirectory
) -> None:
    shutil.rmtree(state.root)
    state.root.write_text("no directory any more")
    work_directory.release(state, run, "run")
    assert state.root.read_text() == "no directory any more"
    assert run.root.is_dir()

"""Going on with a run: what is tried again, what is never, and what must still be the same."""

import errno
import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness.files import sha256_of
from harness.model.errors import ConfigurationError
from harness.model.matrix import Pool
from harness.model.plan import Plan
from harness.model.report import CellReport, Outcome
from harness.model.substrate import Substrate
from harness.planning import resumption
from harness.planning.preparation import checks_digest
from harness.rundir import work_directory, work_times
from harness.rundir.attempts import earlier_attempts
from harness.rundir.directory import RunDirectory
from harness.rundir.settings import KeepPolicy, RunSettings
from harness.state import StateDirectory
from tests.unit.cell.stand_ins import PROFILE
from tests.unit.gate.samples import CANDIDATE, a_cell, a_plan, a_report, a_result

CELL = a_cell()


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    path = tmp_path / "agent.msi"
    path.write_bytes(b"an installer")
    candidate = CANDIDATE.model_copy(update={"path": path, "sha256": sha256_of(path)})
    changes = {"candidate": candidate, "checks_sha256": checks_digest()}
    return a_plan(CELL).model_copy(update=changes)


@pytest.fixture
def run(tmp_path: Path, plan: Plan, monkeypatch: pytest.MonkeyPatch) -> RunDirectory:
    """A run of one cell that was begun and has no report."""
    monkeypatch.setenv("BVT_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(resumption, "make_ready", lambda *_: None)
    monkeypatch.setattr(
        resumption,
        "load_provider",
        lambda *_: SimpleNamespace(prepare=lambda *_: SimpleNamespace(digest="sha256:" + "c" * 64)),
    )
    run = RunDirectory.create(tmp_path / "run")
    settings = RunSettings(
        run_id="run",
        began=datetime.now(UTC),
        profile=PROFILE,
        pool_name="embedded",
        pool=Pool(provider="wine", substrates=(Substrate.WINE,)),
        selected=(CELL.id,),
    )
    run.write(settings, plan)
    run.mark_started(CELL.id, {"began": "2026-01-01T12:00:00+00:00"})
    return run


def seal(run: RunDirectory, **outcomes: Outcome) -> CellReport:
    """A report of the cell, in which checks came to these outcomes; the others passed."""
    checks = [a_result(check, outcomes.get(check.replace(".", "_"), Outcome.PASSED)) for check in CELL.checks]
    report = a_report(run.plan(), CELL, checks=tuple(checks))
    run.report(CELL.id).write_text(report.model_dump_json())
    return report


def resumed(run: RunDirectory) -> bool:
    """Whether the cell is tried again."""
    assert run.lock is not None
    run.lock.close()
    resumption.resume_run(run.root, lambda _: None)
    return not run.started(CELL.id)


def test_a_cell_without_a_report_is_tried_again_and_its_first_try_is_on_record(run: RunDirectory) -> None:
    (run.cell(CELL.id) / "transcript.jsonl").write_text("{}")
    assert resumed(run)
    (attempt,) = earlier_attempts(run.cell(CELL.id))
    assert (attempt.outcome, attempt.began.year) == (Outcome.INFRA, 2026)
    assert (run.cell(CELL.id) / "earlier-1" / "transcript.jsonl").exists()


def test_a_cell_that_was_marked_when_pytest_broke_says_no_time(run: RunDirectory) -> None:
    run.mark_started(CELL.id, {"error": "pytest ended with exit code 3"})
    assert resumed(run)
    assert len(earlier_attempts(run.cell(CELL.id))) == 1


def test_a_cell_that_the_lab_lost_is_tried_again(run: RunDirectory) -> None:
    report = seal(run, install_service=Outcome.INFRA)
    assert resumed(run)
    assert earlier_attempts(run.cell(CELL.id)) == report.attempts


@pytest.mark.parametrize("other", [Outcome.PASSED, Outcome.INFRA])
def test_what_the_candidate_failed_is_never_tried_again(run: RunDirectory, other: Outcome) -> None:
    seal(run, install_service=Outcome.FAILED, uninstall_exit_code=other)
    assert not resumed(run)
    assert run.sealed(CELL.id)


def test_a_whole_cell_is_not_tried_again_and_one_that_misses_checks_is(run: RunDirectory) -> None:
    report = seal(run)
    assert not resumed(run)
    cut = report.model_copy(update={"checks": report.checks[:-1]})
    run.report(CELL.id).write_text(cut.model_dump_json())
    resumption._set_aside(run, CELL)
    assert not run.sealed(CELL.id)


def test_another_candidate_or_other_checks_are_another_run(
    run: RunDirectory, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    resumption.require_same(plan, run.root)
    monkeypatch.setattr(resumption, "checks_digest", lambda: "0" * 64)
    with pytest.raises(ConfigurationError, match="the checks have changed"):
        resumption.require_same(plan, run.root)
    plan.candidate.path.write_bytes(b"another installer")
    with pytest.raises(ConfigurationError, match="no longer the file with SHA-256"):
        resumption.require_same(plan, run.root)


def test_a_failed_cell_is_reproduced_up_to_its_first_failed_check(run: RunDirectory, tmp_path: Path) -> None:
    seal(run, install_service=Outcome.FAILED, check_in_enrolled=Outcome.FAILED)
    again, check = resumption.reproduce_cell(run.root, CELL.id, tmp_path / "again", lambda _: None)
    settings = again.settings()
    assert check == settings.until == "install.service"
    assert settings.keep is KeepPolicy.ALWAYS
    assert settings.run_id != "run"
    assert again.plan() == run.plan()


def no_report(_run: RunDirectory) -> None:
    return


def nothing_failed(run: RunDirectory) -> None:
    seal(run)


def other_image(run: RunDirectory) -> None:
    report = seal(run, install_service=Outcome.FAILED)
    changed = report.model_copy(update={"image_digest": "sha256:" + "d" * 64})
    run.report(CELL.id).write_text(changed.model_dump_json())


def damaged(run: RunDirectory) -> None:
    run.report(CELL.id).write_text("{")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (no_report, "has no report of cell"),
        (nothing_failed, "nothing to reproduce"),
        (other_image, "image wine is now"),
        (damaged, "cannot be read"),
    ],
)
def test_what_cannot_be_reproduced_is_said_and_nothing_is_written(
    run: RunDirectory, tmp_path: Path, spoil: object, words: str
) -> None:
    assert callable(spoil)
    spoil(run)
    with pytest.raises(ConfigurationError, match=words):
        resumption.reproduce_cell(run.root, CELL.id, tmp_path / "again", lambda _: None)
    assert not (tmp_path / "again").exists()


def test_a_backend_that_cannot_be_asked_any_more_is_said_before_anything_is_moved(
    run: RunDirectory, tmp_path: Path
) -> None:
    gone = run.settings().model_copy(update={"backend": str(tmp_path / "backend.yaml")})
    run.write(gone, run.plan())
    seal(run, install_service=Outcome.FAILED)
    with pytest.raises(ConfigurationError, match="there is no such file"):
        resumed(run)
    with pytest.raises(ConfigurationError, match="there is no such file"):
        resumption.reproduce_cell(run.root, CELL.id, tmp_path / "again", lambda _: None)
    assert run.started(CELL.id)
    assert not (tmp_path / "again").exists()


def test_the_pause_before_a_run_is_gone_on_with_is_not_counted(run: RunDirectory) -> None:
    began = datetime.now(UTC) - timedelta(hours=2)
    run.write(run.settings().model_copy(update={"began": began}), run.plan())
    for path in run.root.rglob("*"):
        os.utime(path, (began.timestamp() + 60,) * 2)  # it was killed after a minute
    assert resumed(run)
    assert 59 <= work_times.end(run) < 75


def test_the_work_directory_of_a_run_that_was_gone_on_with_is_found(run: RunDirectory) -> None:
    assert resumed(run)
    (found,) = work_directory.clean(StateDirectory.default(), dry_run=True)
    assert found.name == str(run.work)


@pytest.mark.parametrize(
    "name", ["gate.json", "work/lock", f"cells/{CELL.id.replace('/', '__')}/started.json"]
)
def test_a_pipe_where_a_file_of_the_run_was_is_named_and_nobody_waits_for_it(
    run: RunDirectory, name: str
) -> None:
    (run.root / name).unlink(missing_ok=True)
    os.mkfifo(run.root / name)
    with pytest.raises(ConfigurationError, match=f"{name}: this is no ordinary file"):
        resumed(run)


@pytest.mark.parametrize("name", ["cells", "work", f"cells/{CELL.id.replace('/', '__')}"])
def test_a_file_where_a_directory_of_the_run_was_is_named(run: RunDirectory, name: str) -> None:
    assert run.lock is not None
    shutil.rmtree(run.root / name)
    (run.root / name).write_text("x")
    with pytest.raises(ConfigurationError, match=f"{name}: this is no directory"):
        resumed(run)


def test_a_run_that_may_only_be_read_is_said_to_be_so(
    run: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr("pathlib.Path.mkdir", refuses)
    with pytest.raises(ConfigurationError, match="no run can be written here: Permission denied"):
        resumed(run)

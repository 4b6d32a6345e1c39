"""What cells install is the planned file, and a run that cannot be prepared leaves nothing."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from harness.backend.interface import Backend
from harness.machines.provider import MachineProvider
from harness.model.candidate import Candidate
from harness.model.errors import ConfigurationError
from harness.model.matrix import Pool
from harness.model.substrate import Substrate
from harness.planning import preparation
from harness.planning.media import lay_out_media
from harness.planning.outlook import BackendWord
from harness.planning.preparation import Prepared, prepare_run
from harness.planning.request import RunRequest
from harness.plugin import worker as worker_module
from harness.plugin.worker import RunWorker
from harness.rundir.directory import RunDirectory
from harness.state import StateDirectory
from tests.unit.cell.stand_ins import PROFILE, StandInBackend
from tests.unit.gate.samples import CANDIDATE, a_cell, a_plan
from tests.unit.images.samples import signer


class NoImages:
    """A provider that knows no image."""

    def prepare(self, image: str, progress: object) -> None:
        raise ConfigurationError(f"image {image!r} is not known.")


class EveryImage:
    def prepare(self, image: str, progress: object) -> None: ...


@pytest.fixture
def candidate(tmp_path: Path) -> Candidate:
    path = tmp_path / "agent.msi"
    path.write_bytes(b"the planned file")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return CANDIDATE.model_copy(update={"path": path, "sha256": digest})


@pytest.fixture
def request_(candidate: Candidate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunRequest:
    """A run of `candidate` on a provider that has every image."""
    probe = tmp_path / "bvt-probe.exe"
    probe.touch()
    prepared = Prepared(
        plan=a_plan(a_cell()).model_copy(update={"candidate": candidate}),
        profile=PROFILE,
        pool=Pool(provider="wine", substrates=(Substrate.WINE,)),
        selected=(a_cell().id,),
        backend=BackendWord("embedded", frozenset()),
    )
    monkeypatch.setattr(preparation, "make_plan", lambda _: prepared)
    monkeypatch.setattr(preparation, "probe_signer", lambda _: signer())
    monkeypatch.setattr(preparation, "signed_probe", lambda *_: probe)
    monkeypatch.setattr(preparation, "make_authority", lambda _: None)
    monkeypatch.setattr(preparation, "load_provider", lambda *_: EveryImage())
    monkeypatch.setattr(StateDirectory, "default", lambda: StateDirectory(tmp_path / "state"))
    return RunRequest(candidate=candidate.path, profile="reference", out=tmp_path / "run")


def prepared(request: RunRequest) -> RunDirectory:
    return prepare_run(request, lambda _: None)


def test_a_place_that_cannot_even_be_looked_at_is_the_users_mistake(
    request_: RunRequest, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match="no run can be written here: File name too long"):
        prepared(replace(request_, out=tmp_path / ("a" * 300)))


def test_a_backends_file_is_found_from_everywhere_later(
    request_: RunRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run = prepared(replace(request_, backend="backend.yaml"))
    assert run.settings().backend == str(tmp_path / "backend.yaml")


def test_what_is_written_into_the_candidate_later_is_not_installed(
    request_: RunRequest, candidate: Candidate
) -> None:
    run = prepared(request_)
    candidate.path.write_bytes(b"a newer build, written in place")
    assert run.copy_of(candidate).read_bytes() == b"the planned file"


def test_checks_look_into_the_file_that_cells_install(
    request_: RunRequest, candidate: Candidate, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = prepared(request_)
    monkeypatch.setattr(worker_module, "load_provider", lambda *_: cast("MachineProvider", EveryImage()))
    worker = RunWorker(run, "main")
    worker._backend = cast("Backend", StandInBackend())
    session = worker.open_cell(worker.cells[0])
    assert session.candidate.path == run.copy_of(candidate)
    assert session.recorder.plan_digest == run.plan().digest


@pytest.mark.parametrize("change", [lambda path: path.write_bytes(b"another"), lambda path: path.unlink()])
def test_a_candidate_that_changes_while_the_run_is_prepared_is_refused(
    request_: RunRequest, candidate: Candidate, change: Callable[[Path], object]
) -> None:
    change(candidate.path)
    with pytest.raises(ConfigurationError, match="the candidate changed while the run was prepared"):
        prepared(request_)
    assert request_.out is not None
    assert not request_.out.exists()


def test_an_unknown_image_leaves_no_run_directory(
    request_: RunRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparation, "load_provider", lambda *_: NoImages())
    with pytest.raises(ConfigurationError, match="not known"):
        prepared(request_)
    assert request_.out is not None
    assert not request_.out.exists()


def test_a_directory_that_was_there_stays_as_empty_as_it_was(
    request_: RunRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert request_.out is not None
    request_.out.mkdir()
    monkeypatch.setattr(preparation, "load_provider", lambda *_: NoImages())
    with pytest.raises(ConfigurationError):
        prepared(request_)
    assert not list(request_.out.iterdir())


def test_media_that_a_kept_machine_stands_on_stay_as_they_are(
    request_: RunRequest, candidate: Candidate, tmp_path: Path
) -> None:
    run = prepared(request_)
    before = {path: path.stat().st_ino for path in run.media.rglob("*")}
    lay_out_media(run, candidate, tmp_path / "bvt-probe.exe")
    assert {path: path.stat().st_ino for path in run.media.rglob("*")} == before


def test_media_laid_out_again_hold_the_planned_candidate(
    request_: RunRequest, candidate: Candidate, tmp_path: Path
) -> None:
    run = prepared(request_)
    run.copy_of(candidate).write_bytes(b"spoilt")
    lay_out_media(run, candidate, tmp_path / "bvt-probe.exe")
    assert run.copy_of(candidate).read_bytes() == b"the planned file"

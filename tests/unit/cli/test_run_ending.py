"""How a run ends that could not write its gate, or was stopped while it did."""

import errno
from pathlib import Path

import pytest

from harness.cli import full_disk
from harness.cli import run as run_command
from harness.cli.run_output import RunOutput
from harness.model.errors import InfrastructureError
from harness.rundir.directory import RunDirectory


@pytest.fixture
def nothing_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_command, "carry_out", lambda *_: None)


def raising(*errors: BaseException) -> object:
    """A conclusion that raises the first of these, then the next."""
    left = list(errors)

    def conclude(_directory: RunDirectory, *, interrupted: bool = False) -> None:
        raise left.pop(0)

    return conclude


@pytest.mark.usefixtures("nothing_to_do")
def test_a_full_disk_is_named_with_the_way_to_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = OSError(errno.ENOSPC, "No space left on device", str(tmp_path / "gate.json"))
    monkeypatch.setattr(run_command, "conclude", raising(full))
    with pytest.raises(InfrastructureError) as caught:
        run_command.execute(RunDirectory(tmp_path), "1", RunOutput())
    assert str(caught.value) == (
        f"{tmp_path}/gate.json: No space left on device, so the gate could not be written. "
        f"Make room there, then continue with: bvt run --resume {tmp_path}"
    )


@pytest.mark.usefixtures("nothing_to_do")
def test_however_often_it_is_interrupted_it_says_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run_command, "conclude", raising(KeyboardInterrupt(), KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        run_command.execute(RunDirectory(tmp_path), "1", RunOutput())
    assert capsys.readouterr().out == f"continue with: bvt run --resume {tmp_path}\n"


def test_a_full_disk_that_names_no_file_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What several of pytest's plugins meet, and write themselves, names none."""
    state = tmp_path / "state"
    state.mkdir()
    monkeypatch.setenv("BVT_HOME", str(state))
    monkeypatch.setattr(full_disk, "_free", lambda place: 0 if place == state else 1)
    full = [OSError(errno.ENOSPC, "No space left on device") for _ in range(2)]

    def carry_out(*_: object) -> None:
        raise BaseExceptionGroup("errors while tearing down", full)

    monkeypatch.setattr(run_command, "carry_out", carry_out)
    with pytest.raises(
        full_disk.FullDisk, match=rf"^{state}: No space left on device, .*--resume {tmp_path}$"
    ):
        run_command.execute(RunDirectory(tmp_path), "1", RunOutput())


def test_any_other_mistake_beside_it_is_no_full_disk(tmp_path: Path) -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    assert full_disk.full_disk(tmp_path, ExceptionGroup("both", [full, ValueError("x")])) is None
    assert full_disk.full_disk(tmp_path, OSError(errno.EIO, "Input/output error")) is None
    assert full_disk.full_disk(tmp_path, KeyboardInterrupt()) is None

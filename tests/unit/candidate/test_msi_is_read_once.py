"""The tables of an MSI are asked for once, wherever its copies lie."""

import os
import shutil
from pathlib import Path

import pytest

from examples.reference_agent.build import build
from harness.candidate import msi
from harness.candidate.tool import ToolOutput, run_tool
from harness.model.errors import ConfigurationError

Asked = list[tuple[str | Path, ...]]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    calls: Asked = []

    def counted(tool: str, *arguments: str | Path, needed_for: str, cwd: Path | None = None) -> ToolOutput:
        calls.append(arguments)
        return run_tool(tool, *arguments, needed_for=needed_for, cwd=cwd)

    monkeypatch.setattr(msi, "run_tool", counted)
    msi._said.cache_clear()
    return calls


def test_a_copy_is_the_same_installer(tmp_path: Path, asked: Asked) -> None:
    candidate = build("1.0.0")
    copy = Path(shutil.copy(candidate, tmp_path / "copy.msi"))
    assert msi.properties(candidate) == msi.properties(copy) == msi.properties(copy)
    assert len(asked) == 1


def test_one_that_was_changed_in_its_place_is_read_anew(tmp_path: Path, asked: Asked) -> None:
    path = Path(shutil.copy(build("1.0.0"), tmp_path / "agent.msi"))
    before = msi.properties(path)
    shutil.copy(build("0.9.0"), path)
    assert msi.properties(path)["ProductVersion"] != before["ProductVersion"]
    assert len(asked) == 2


def test_a_large_one_is_known_by_its_place_and_time(
    tmp_path: Path, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(msi, "READ_WHOLE", 0)
    path = Path(shutil.copy(build("1.0.0"), tmp_path / "agent.msi"))
    assert msi.properties(path) == msi.properties(path)
    shutil.copy(build("0.9.0"), path)
    assert msi.properties(path)["ProductVersion"] == "0.9.0"
    assert len(asked) == 2


def test_what_is_no_file_is_not_read(tmp_path: Path, asked: Asked) -> None:
    os.mkfifo(pipe := tmp_path / "agent.msi")
    msi._file(pipe)  # would wait for ever
    with pytest.raises(ConfigurationError, match="cannot be read"):
        msi.properties(tmp_path / "none.msi")

"""The run directory."""

from pathlib import Path

import pytest

from harness.model.errors import ConfigurationError
from harness.run.directory import KeepPolicy, RunDirectory, new_run_id


def test_run_ids_never_repeat() -> None:
    assert len({new_run_id() for _ in range(50)}) > 45


def test_a_finished_run_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{}")
    with pytest.raises(ConfigurationError, match="already written"):
        RunDirectory.create(tmp_path)


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"no run\.json"):
        RunDirectory(tmp_path).settings()


def test_a_damaged_run_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        RunDirectory(tmp_path).settings()


@pytest.mark.parametrize(
    ("policy", "failed", "kept"),
    [("never", True, False), ("failed", True, True), ("failed", False, False), ("always", False, True)],
)
def test_machines_are_kept_as_asked(policy: str, failed: bool, kept: bool) -> None:
    assert KeepPolicy(value=policy).keeps(failed=failed) is kept

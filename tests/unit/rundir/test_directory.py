"""The run directory."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from harness.model.errors import ConfigurationError
from harness.model.matrix import Pool
from harness.model.substrate import Substrate
from harness.rundir.directory import RunDirectory
from harness.rundir.settings import KeepPolicy, RunSettings, new_run_id
from tests.unit.cell.stand_ins import PROFILE


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
    with pytest.raises(ConfigurationError, match=r"run\.json: the file is damaged: this is not valid JSON"):
        RunDirectory(tmp_path).settings()


@pytest.mark.parametrize(
    ("policy", "failed", "kept"),
    [("never", True, False), ("failed", True, True), ("failed", False, False), ("always", False, True)],
)
def test_machines_are_kept_as_asked(policy: str, failed: bool, kept: bool) -> None:
    assert KeepPolicy(value=policy).keeps(failed=failed) is kept


def test_a_policy_is_one_of_three_words_also_in_run_json() -> None:
    fields = {"run_id": "r", "began": datetime.now(UTC), "profile": PROFILE, "pool_name": "p", "selected": ()}
    pool = Pool(provider="wine", substrates=(Substrate.WINE,))
    settings = RunSettings.model_validate(fields | {"pool": pool, "keep": "failed"})
    assert settings.keep is KeepPolicy.FAILED
    assert RunSettings.model_validate_json(settings.model_dump_json()) == settings
    with pytest.raises(ValidationError):
        RunSettings.model_validate(fields | {"pool": pool, "keep": "sometimes"})

"""Who may write into a run directory."""

import subprocess
import sys
from pathlib import Path

import pytest

from harness.model.errors import ConfigurationError
from harness.rundir.directory import RunDirectory

CLAIM = (
    "import sys, pathlib; from harness.rundir.directory import RunDirectory;"
    "RunDirectory(pathlib.Path(sys.argv[1])).claimed()"
)


def test_a_second_run_in_the_same_directory_is_refused_while_the_first_goes_on(tmp_path: Path) -> None:
    run = RunDirectory.create(tmp_path / "run")
    second = [sys.executable, "-c", CLAIM, str(run.root)]
    refused = subprocess.run(second, capture_output=True, text=True, check=False, timeout=300)
    assert "another run works in this directory" in refused.stderr
    assert run.lock is not None
    run.lock.close()
    subprocess.run(second, check=True, timeout=300)


def test_a_directory_that_holds_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()  # at its end a run removes its own
    with pytest.raises(ConfigurationError, match="not empty: it holds 'work'"):
        RunDirectory.create(tmp_path)


def test_a_run_that_was_ended_while_it_was_prepared_leaves_room_for_the_next(tmp_path: Path) -> None:
    first = RunDirectory.create(tmp_path / "run")
    assert first.lock is not None
    first.lock.close()
    assert RunDirectory.create(tmp_path / "run").root == first.root


@pytest.mark.parametrize("place", ["/proc/run", "/dev/null", f"/tmp/{'a' * 300}"])
def test_a_place_that_cannot_be_written_is_one_sentence(place: str) -> None:
    with pytest.raises(ConfigurationError, match="no run can be written here"):
        RunDirectory.create(Path(place))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"run_id": 1}', "\\x00"])
def test_a_damaged_document_is_one_sentence_with_its_key(tmp_path: Path, text: str) -> None:
    for name in ("run.json", "plan.json"):
        (tmp_path / name).write_text(text)
    for read in (RunDirectory(tmp_path).settings, RunDirectory(tmp_path).plan):
        with pytest.raises(
            ConfigurationError, match=r"(run|plan)\.json: (.*: )?the file is damaged: "
        ) as refused:
            read()
        assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["run.json", "plan.json"])
def test_a_device_in_the_place_of_a_document_is_not_read(tmp_path: Path, name: str) -> None:
    """`/dev/zero` has no end."""
    (tmp_path / name).symlink_to("/dev/zero")
    run = RunDirectory(tmp_path)
    with pytest.raises(ConfigurationError, match=f"{name}: this is no ordinary file"):
        (run.settings if name == "run.json" else run.plan)()

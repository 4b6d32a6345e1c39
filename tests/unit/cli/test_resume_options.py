"""`bvt run --resume`: refused before anything is moved."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from harness.cli import run as run_command
from harness.cli.main import application
from harness.rundir.directory import RunDirectory


def bvt_run(*arguments: str) -> Result:
    line = ["run", *arguments]
    return CliRunner().invoke(application(line), line)


@pytest.fixture
def resumed(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The runs that were gone on with."""
    seen: list[Path] = []

    def resume(root: Path, _: object) -> RunDirectory:
        seen.append(root)
        return RunDirectory(root)

    monkeypatch.setattr(run_command, "resume_run", resume)
    monkeypatch.setattr(run_command, "execute", lambda *_: 0)
    return seen


@pytest.mark.parametrize(
    ("option", "named"),
    [
        (["--pool", "embedded"], "--pool"),  # even the default: the run may be another pool's
        (["--matrix", "m.yaml"], "--matrix"),
        (["--cells", "win11*"], "--cells"),
        (["--out", "elsewhere"], "--out"),
        (["--keep", "failed"], "--keep"),
        (["--backend", "b.yaml"], "--backend"),
        (["--infra-retries", "3"], "--infra-retries"),
        (["--suite", "full"], "--suite"),
        (["-p", "reference"], "--profile"),
        (["agent.msi"], "CANDIDATE"),
    ],
)
def test_what_it_would_ignore_is_refused(option: list[str], named: str, resumed: list[Path]) -> None:
    done = bvt_run("--resume", "old", *option)
    assert done.exit_code == 2
    assert done.stderr == f"bvt: --resume takes everything but -n from the run; leave out {named}.\n"
    assert not resumed


@pytest.mark.parametrize("number", ["many", "0", "-1", "1.5", "²", ""])
def test_a_number_of_workers_that_is_none_moves_nothing(number: str, resumed: list[Path]) -> None:
    done = bvt_run("--resume", "old", "-n", number)
    assert done.exit_code == 2
    assert done.stderr == f"bvt: -n takes a number of at least 1, or auto, not {number!r}.\n"
    assert not resumed


def test_how_many_cells_run_at_once_may_be_said_anew(resumed: list[Path]) -> None:
    assert bvt_run("--resume", "old", "-n", "2").exit_code == 0
    assert resumed == [Path("old")]

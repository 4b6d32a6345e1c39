"""How long a run was at work."""

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from harness.model.errors import ConfigurationError
from harness.model.matrix import Pool
from harness.model.substrate import Substrate
from harness.rundir import work_times
from harness.rundir.directory import RunDirectory
from harness.rundir.settings import RunSettings
from tests.unit.cell.stand_ins import PROFILE
from tests.unit.gate.samples import a_cell, a_plan

BEGAN = datetime.now(UTC) - timedelta(hours=5)


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    """A run that began five hours ago; every file in it is as old."""
    run = RunDirectory.create(tmp_path / "run")
    settings = RunSettings(
        run_id="run",
        began=BEGAN,
        profile=PROFILE,
        pool_name="embedded",
        pool=Pool(provider="wine", substrates=(Substrate.WINE,)),
        selected=(),
    )
    run.write(settings, a_plan(a_cell()))
    age(run, timedelta())
    return run


def age(run: RunDirectory, since: timedelta) -> None:
    """Every file was last written that long after the beginning."""
    for path in run.root.rglob("*"):
        os.utime(path, ((BEGAN + since).timestamp(),) * 2)


def written(run: RunDirectory, *lengths_s: float | None) -> None:
    """Spells of these lengths, an hour apart; None has no end."""
    made = []
    for number, length_s in enumerate(lengths_s):
        began = BEGAN + timedelta(hours=number)
        made.append(
            work_times.Spell(
                began=began, ended=None if length_s is None else began + timedelta(seconds=length_s)
            )
        )
    (run.root / "times.json").write_text(work_times.Spells(spells=tuple(made)).model_dump_json())


def test_a_run_that_was_never_stopped_took_from_begin_to_end(run: RunDirectory) -> None:
    before = time.monotonic()
    work_times.begin(run)
    took = work_times.end(run)
    assert 0 <= took < time.monotonic() - before + 1  # two clocks
    assert work_times.end(run) == took  # its end may be told again


def test_pauses_are_not_counted(run: RunDirectory) -> None:
    written(run, 60, 30.5)
    work_times.settle(run)
    work_times.begin(run)
    assert 90.5 <= work_times.end(run) < 95


def test_a_run_that_was_killed_ended_with_its_last_file(run: RunDirectory) -> None:
    written(run, 60, None)
    age(run, timedelta(hours=1, seconds=40))
    (run.work / "lock").touch()  # who goes on with it takes the lock first
    work_times.settle(run)
    assert work_times.end(run) == pytest.approx(100, abs=0.01)


def test_a_clock_that_was_set_back_takes_no_time_away(run: RunDirectory) -> None:
    written(run, 60, None)
    age(run, timedelta(minutes=-10))
    work_times.settle(run)
    assert work_times.end(run) == 60


def test_a_run_of_before_there_was_such_a_file_began_once(run: RunDirectory) -> None:
    age(run, timedelta(seconds=20))
    work_times.settle(run)
    work_times.begin(run)
    assert 20 <= work_times.end(run) < 25


def test_a_damaged_file_is_named(run: RunDirectory) -> None:
    (run.root / "times.json").write_text('{"spells": [{}]}')
    with pytest.raises(ConfigurationError, match=r"times\.json: spells\[0\]: .* key 'began' is missing\."):
        work_times.settle(run)

"""The load beside the tests is there while they run and at no other time."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from harness.model.deadline import Deadline
from tests import under_load
from tests.programs import bounded

ROOT = Path(__file__).parents[3]


def suite(place: Path, body: str) -> list[str]:
    """A suite of one test, as an argument of the program."""
    (place / "test_it.py").write_text(f"def test_it():\n    {body}\n")
    return ["-q", "-p", "no:cacheprovider", f"--rootdir={place}", "-c", os.devnull, str(place)]


def test_the_load_takes_processors_and_disk_and_ends_with_its_block() -> None:
    with under_load.load() as pids:
        there = [psutil.Process(pid) for pid in pids]
        assert len(there) == under_load.BUSY + 1
        Deadline.after(60).poll(lambda: all(sum(p.cpu_times()[:2]) > 0 for p in there), "the work of each")
    assert not any(process.is_running() for process in there)


def test_the_load_ends_with_a_program_that_is_killed(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "tests.under_load", *suite(tmp_path, "import time; time.sleep(100)")]
    with bounded(subprocess.Popen(argv, cwd=ROOT, start_new_session=True)) as running:
        itself = psutil.Process(running.pid)
        Deadline.after(60).poll(lambda: len(itself.children()) == under_load.BUSY + 2, "load and tests")
        *load, tests = sorted(itself.children(), key=lambda child: "pytest" in child.cmdline())
        running.kill()
        psutil.wait_procs(load, timeout=60)
        assert not any(process.is_running() for process in load)
        os.killpg(running.pid, signal.SIGKILL)  # its tests have no such tie
        tests.wait(60)


@pytest.mark.parametrize(("body", "code", "runs"), [("pass", 0, 2), ("assert False", 1, 1)])
def test_it_runs_until_one_fails(
    body: str,
    code: int,
    runs: int,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(under_load, "BUSY", 0)  # the other tests have enough of it
    assert under_load.main(["--times", "2", *suite(tmp_path, body)]) == code
    said = capfd.readouterr().err
    assert said.count(f"exit code {code} after") == runs

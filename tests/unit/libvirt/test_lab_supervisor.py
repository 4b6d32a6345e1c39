"""The process that keeps a private libvirtd running, with other programs in the daemon's place."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from harness.model.deadline import Deadline
from tests.programs import bounded


@contextmanager
def supervisor(pid_file: Path, command: str) -> Iterator[subprocess.Popen[bytes]]:
    argv = [
        sys.executable,
        "-m",
        "harness.machines.libvirt.host.supervisor",
        str(pid_file),
        "sh",
        "-c",
        command,
    ]
    with bounded(subprocess.Popen(argv)) as running:
        yield running


@pytest.mark.parametrize(("command", "code", "starts"), [("exit 0", 0, 1), ("exit 1", 1, 5)])
def test_a_daemon_that_crashes_is_started_again_until_that_is_hopeless(
    tmp_path: Path, command: str, code: int, starts: int
) -> None:
    with supervisor(tmp_path / "pid", f"echo >> {tmp_path}/starts; {command}") as running:
        assert running.wait(60) == code
    assert (tmp_path / "starts").read_text() == "\n" * starts
    assert not (tmp_path / "pid").exists()


def test_told_to_end_it_ends_the_daemon_whose_orphans_it_reaps(tmp_path: Path) -> None:
    # The orphan's parent ends at once; exec leaves the daemon itself as one process.
    with supervisor(tmp_path / "pid", f"(sleep 0 & echo $! > {tmp_path}/orphan); exec sleep 300") as running:
        Deadline.after(60).poll((tmp_path / "orphan").exists, "the daemon")
        itself = psutil.Process(running.pid)
        Deadline.after(60).poll(lambda: [c.name() for c in itself.children()] == ["sleep"], "the reaping")
        (daemon,) = itself.children()
        running.terminate()
        assert running.wait(60) == 0
        daemon.wait(60)
    assert not (tmp_path / "pid").exists()


def test_told_to_end_between_two_daemons_it_ends(tmp_path: Path) -> None:
    waits = (
        "import sys, time; from harness.machines.libvirt.host import supervisor; pause = time.sleep;"
        "time.sleep = lambda _: pause(300); sys.exit(supervisor.main(sys.argv[1:]))"
    )
    daemon = ["sh", "-c", f"echo > {tmp_path}/started; exit 1"]
    argv = [sys.executable, "-c", waits, str(tmp_path / "pid"), *daemon]
    with bounded(subprocess.Popen(argv)) as running:
        itself = psutil.Process(running.pid)
        ended = Deadline.after(60)
        ended.poll(lambda: (tmp_path / "started").exists() and not itself.children(), "the daemon's end")
        running.terminate()
        assert running.wait(60) == 0
    assert not (tmp_path / "pid").exists()

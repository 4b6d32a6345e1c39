"""A command's pump sleeps while nothing happens."""

import errno
import select
import subprocess
from pathlib import Path

import pytest

from harness.winrmd.fault import Fault
from harness.winrmd.launcher import Launcher
from harness.winrmd.process import Command
from tests.programs import bounded

DEADLINE_S = 60


class CountingPoll:
    """The system's poll; how often it returned."""

    returned = 0

    def __init__(self) -> None:
        self._poll = POLL()
        self.register, self.unregister = self._poll.register, self._poll.unregister

    def poll(self) -> list[tuple[int, int]]:
        found = self._poll.poll(DEADLINE_S * 1000)
        type(self).returned += 1
        return found


POLL = select.poll


@pytest.mark.parametrize(
    ("line", "data"),
    [
        ("cat >/dev/null; sleep 0.5", b"input, then its end"),
        ("exec <&-; sleep 0.5", b"input that nobody reads"),
        ("exec >&- 2>&-; sleep 0.5", b""),
        ("sleep 0.5", b""),
    ],
    ids=["input ended", "input refused", "outputs closed", "silent"],
)
def test_the_pump_of_a_quiet_command_does_not_spin(
    line: str, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.winrmd.process.select.poll", CountingPoll)
    monkeypatch.setattr(CountingPoll, "returned", 0)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with bounded(subprocess.Popen(["sh", "-c", line], **pipes)) as process:  # type: ignore[call-overload]
        command = Command("C", Launcher(process, None))
        command.send(data, end=True, timeout_s=DEADLINE_S)
        assert command.receive(frozenset({"stdout", "stderr"}), 1024, DEADLINE_S, 0.0) == ([], 0)
    assert CountingPoll.returned < 12


@pytest.mark.parametrize("lacking", ["eventfd", "pidfd_open"])
def test_a_command_that_cannot_be_watched_is_a_fault_and_ended(
    lacking: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.EMFILE, "Too many open files")

    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    before = sorted(Path("/proc/self/fd").iterdir())
    with bounded(subprocess.Popen(["sleep", "60"], **pipes)) as process:  # type: ignore[call-overload]
        with monkeypatch.context() as patched:
            patched.setattr(f"harness.winrmd.process.os.{lacking}", full)
            with pytest.raises(Fault, match="watched"):
                Command("C", Launcher(process, None))
        assert process.poll() is not None
    assert sorted(Path("/proc/self/fd").iterdir()) == before


@pytest.mark.parametrize("said", ["", "[]", "{}", '{"exit_code": Infinity}', "null"])
def test_a_launcher_that_leaves_no_exit_code_is_a_fault(said: str, tmp_path: Path) -> None:
    (tmp_path / "result").write_text(said)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with bounded(subprocess.Popen(["true"], **pipes)) as process:  # type: ignore[call-overload]
        command = Command("C", Launcher(process, tmp_path / "result"))
        with pytest.raises(Fault, match="left no result"):
            command.receive(frozenset({"stdout", "stderr"}), 1024, DEADLINE_S, 0.0)

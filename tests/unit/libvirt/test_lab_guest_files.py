"""Reading a guest's files by its agent, played by one whose disk is a folder."""

import base64
import json
import subprocess
from pathlib import Path
from typing import Any, cast

import libvirt
import libvirt_qemu
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from harness.machines.libvirt.observe import guest_files
from harness.machines.libvirt.observe.guest_files import read_tail, save_guest_files, shell_pattern
from harness.model.deadline import Deadline
from harness.model.substrate import GuestSystem

DOMAIN = cast(libvirt.virDomain, None)


class Agent:
    """A guest agent whose `/bin/sh` and files are the host's own."""

    def __init__(self) -> None:
        self.open: dict[int, Any] = {}
        self.result: dict[str, Any] = {}

    def __call__(self, _domain: object, request: str, _timeout: int, _flags: int) -> str:
        message = json.loads(request)
        work = getattr(self, message["execute"].replace("-", "_"))
        return json.dumps(
            {"return": work(**{k.replace("-", "_"): v for k, v in message["arguments"].items()})}
        )

    def guest_exec(self, path: str, arg: list[str], **_: Any) -> dict[str, int]:
        if path.endswith("cmd.exe"):
            output = b"agent.log\r\nagent.old.log\r\n" if "*" in arg[-1] else b""
        else:
            output = subprocess.run([path, *arg], capture_output=True, check=False, timeout=300).stdout
        self.result = {"exited": True, "exitcode": 0, "out-data": base64.b64encode(output).decode()}
        return {"pid": 1}

    def guest_exec_status(self, pid: int) -> dict[str, Any]:
        return self.result

    def guest_file_open(self, path: str, mode: str) -> int:
        try:
            self.open[len(self.open)] = Path(path).open(mode)  # noqa: SIM115
        except OSError as error:
            raise libvirt.libvirtError(f"failed to open file '{path}'") from error
        return len(self.open) - 1

    def guest_file_seek(self, handle: int, offset: int, whence: str) -> dict[str, Any]:
        position = self.open[handle].seek(offset, {"set": 0, "end": 2}[whence])
        return {"position": position, "eof": False}

    def guest_file_read(self, handle: int, count: int) -> dict[str, Any]:
        data = self.open[handle].read(count)
        return {"count": len(data), "buf-b64": base64.b64encode(data).decode(), "eof": len(data) < count}

    def guest_file_close(self, handle: int) -> dict[str, Any]:
        self.open[handle].close()
        return {}


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Agent:
    agent = Agent()
    monkeypatch.setattr(libvirt_qemu, "qemuAgentCommand", agent)
    monkeypatch.setattr(guest_files, "PREFIX", str(tmp_path / "prefix"))
    return agent


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / "prefix" / "drive_c" / "ProgramData" / "An Agent (1)" / "logs"
    folder.mkdir(parents=True)
    (folder / "Agent.log").write_text("now\n")
    (folder / "Agent.log.1").write_text("before\n")
    (folder / "folder.log").mkdir()
    return folder


def test_logs_are_found_whatever_their_case_and_saved(played: Agent, logs: Path, tmp_path: Path) -> None:
    paths = [
        r"C:\programdata\an agent (1)\LOGS\agent.log*",
        r"c:\ProgramData\An Agent (1)\logs\*.log",
        r"C:\nowhere\x.log",
        r"D:\elsewhere.log",
    ]
    into = tmp_path / "cell" / "second-channel"
    saved = save_guest_files(DOMAIN, GuestSystem.WINE, paths, into, Deadline.after(10))
    assert {item.path for item in saved} == {"Agent.log", "Agent.log.1"}
    assert (into / "Agent.log").read_text() == "now\n"
    assert "read by the guest agent" in saved[0].what
    assert all(file.closed for file in played.open.values())
    assert not (into / "missing.txt").exists()


def test_of_a_long_file_the_end_is_saved(played: Agent, logs: Path) -> None:
    path = logs / "long.log"
    path.write_bytes(bytes(range(256)) * 8192)
    assert read_tail(DOMAIN, str(path), 1_000_000, Deadline.after(10)) == path.read_bytes()[-1_000_000:]
    assert read_tail(DOMAIN, str(path), 1 << 30, Deadline.after(10)) == path.read_bytes()


def test_on_windows_dir_lists_what_a_pattern_matches_and_what_cannot_be_read_is_noted(
    played: Agent, tmp_path: Path
) -> None:
    paths = [r"C:\X\*.log", r"C:\X\one.txt"]
    saved = save_guest_files(DOMAIN, GuestSystem.WINDOWS, paths, tmp_path / "into", Deadline.after(10))
    assert saved == []
    notes = (tmp_path / "into" / "missing.txt").read_text().splitlines()
    assert [note.partition(": ")[0] for note in notes] == [
        r"C:\X\agent.log",
        r"C:\X\agent.old.log",
        r"C:\X\one.txt",
    ]


def test_a_guest_whose_agent_has_gone_costs_only_a_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> str:
        raise libvirt.libvirtError("Guest agent is not responding")

    monkeypatch.setattr(libvirt_qemu, "qemuAgentCommand", gone)
    assert save_guest_files(DOMAIN, GuestSystem.WINE, [r"C:\a"], tmp_path, Deadline.after(10)) == []
    assert "could not be listed" in (tmp_path / "missing.txt").read_text()


@given(st.text(st.characters(codec="utf-8", exclude_characters='\\/:*?"<>|\0\r\n'), min_size=1, max_size=20))
def test_a_name_is_never_more_than_a_name_to_the_shell(name: str) -> None:
    assume(name != ".")  # which is the folder itself
    pattern = shell_pattern(f"C:\\dir\\{name}").rpartition("drive_c/")[2].partition("/")[2]
    said = subprocess.run(
        ["/bin/sh", "-c", f'case "$1" in {pattern}) echo matches;; esac', "sh", name],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert (said.stdout, said.stderr) == ("matches\n", "")

"""What is gathered for support is looked into, where a command of the profile says where it is written."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.cell.check import NotTested
from harness.guest.winrm.exchange import CommandTimedOut
from harness.lifecycle.diagnosis import gathers, secrets_gathered
from harness.machines.capabilities import Overlay
from harness.model.deadline import Deadline
from tests.unit.cell.stand_ins import PROFILE

SECRET = "s3cret-of-this-run"
AGENT = PROFILE.model_copy(
    update={
        "diagnostics": {
            "status": ("C:\\Agent\\agent.exe", "--status"),
            "collect": ("agent.exe", "--collect", "C:\\Windows\\Temp\\diag"),
        }
    }
)


def session(drive: Path, said: str = "", *, late: bool = False) -> Any:
    def run(command: object, timeout_s: float) -> Any:
        if late:
            raise CommandTimedOut(str(command), timeout_s, said.encode(), b"")
        return SimpleNamespace(stdout=said, stderr="")

    guest = SimpleNamespace(run=run)
    overlay = Overlay(upper=drive.parent, lower=drive.parent, drive_c=drive.name)
    return SimpleNamespace(profile=AGENT, guest=guest, overlay=overlay, within=Deadline.after)


def test_a_bundle_with_a_secret_is_named_whatever_the_letters_of_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "drive_c/windows/TEMP/Diag/more"
    folder.mkdir(parents=True)
    (folder / "registry.reg").write_text(f"NodeKey={SECRET}", "utf-16")
    (folder / "good.log").write_text("nothing")
    found = list(secrets_gathered(session(tmp_path / "drive_c"), {SECRET: "a node key"}))
    assert found == [("c:\\windows\\temp\\diag\\more\\registry.reg", "a node key")]


def test_what_the_command_says_is_looked_into(tmp_path: Path) -> None:
    (tmp_path / "drive_c").mkdir()
    found = list(secrets_gathered(session(tmp_path / "drive_c", f"key {SECRET}"), {SECRET: "a node key"}))
    assert found == [("the output of collect", "a node key")]


def test_a_command_that_does_not_end_is_no_finding_but_what_it_said_may_be_one(tmp_path: Path) -> None:
    drive = tmp_path / "drive_c"
    drive.mkdir()
    with pytest.raises(NotTested, match="the diagnostics collect did not end within 120 s"):
        secrets_gathered(session(drive, late=True), {SECRET: "a node key"})
    found = secrets_gathered(session(drive, SECRET, late=True), {SECRET: "a node key"})
    assert found == [("the output of collect", "a node key")]


def test_only_commands_that_write_somewhere_gather() -> None:
    assert "collect" in gathers(AGENT)
    assert gathers(PROFILE.model_copy(update={"diagnostics": {"status": ("agent.exe", "--status")}})) == []

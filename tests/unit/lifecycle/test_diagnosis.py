"""What is gathered for support is looked into, where a command of the profile says where it is written."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from harness.lifecycle.diagnosis import gathers, secrets_gathered
from harness.machines.provider import Overlay
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


def session(drive: Path, said: str = "") -> Any:
    guest = SimpleNamespace(run=lambda *_, **__: SimpleNamespace(stdout=said, stderr=""))
    overlay = Overlay(upper=drive.parent, lower=drive.parent, drive_c=drive.name)
    return SimpleNamespace(profile=AGENT, guest=guest, overlay=overlay)


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


def test_only_commands_that_write_somewhere_gather() -> None:
    assert "collect" in gathers(AGENT)
    assert gathers(PROFILE.model_copy(update={"diagnostics": {"status": ("agent.exe", "--status")}})) == []

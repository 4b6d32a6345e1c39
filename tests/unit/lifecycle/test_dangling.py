"""What names a program in the agent's folder to the system that is not there, and what near it is no mistake."""

import pytest

from harness.lifecycle.dangling import dangling
from harness.residue.change import Change, Kind, Where
from tests.unit.cell.stand_ins import PROFILE

HOME = PROFILE.install_dir
SOURCE = "HKLM\\System\\CurrentControlSet\\Services\\EventLog\\Application\\Agent"
CLASS = "HKLM\\Software\\Classes\\CLSID\\{5D8A9F6E-0C5B-4F0B-9B0C-7E4B1C2D3A41}\\InprocServer32"
RUN = "HKLM\\Software\\Microsoft\\Windows\\CurrentVersion\\Run"
THERE = Change(kind=Kind.ADDED, where=Where.FILE, path=f"{HOME}\\agent.exe")


def value(path: str, name: str, now: str) -> Change:
    return Change(kind=Kind.ADDED, where=Where.REGISTRY, path=path, value=name, now=now)


@pytest.mark.parametrize(
    "change",
    [
        value(SOURCE, "EventMessageFile", f"{HOME}\\messages.dll"),
        value(SOURCE, "CategoryMessageFile", f'str(2):"{HOME}\\gone.dll"'.replace("\\", "\\\\")),
        value(SOURCE, "EventMessageFile", f"{HOME}\\agent.exe;{HOME}\\gone.dll"),
        value(CLASS, "", f"{HOME}\\shell.dll"),
        value(RUN, "Tray", f'"{HOME}\\tray.exe" --quiet'),
    ],
    ids=lambda change: f"{change.name} {change.now}"[-60:],
)
def test_what_is_not_there_is_named(change: Change) -> None:
    (found,) = dangling([THERE, change], PROFILE)
    assert found.endswith(f"named by {change.name}")


@pytest.mark.parametrize(
    "change",
    [
        value(SOURCE, "EventMessageFile", f"{HOME.upper()}\\AGENT.EXE"),
        value(SOURCE, "EventMessageFile", "C:\\Windows\\System32\\EventCreate.exe"),
        value(SOURCE, "TypesSupported", "dword:00000007"),
        value(SOURCE, "HelpFile", f"{HOME}\\help.dll"),
        value("HKLM\\Software\\Vendor\\Agent", "PlugIn", f"{HOME}\\plugin.dll"),
        value(RUN, "Tray", f"{HOME}\\agent.exe.config"),
        value(RUN, "Tray", f"{HOME}\\logs"),
        value(RUN, "Tray", f"{HOME}2\\other.exe"),
        Change(kind=Kind.REMOVED, where=Where.REGISTRY, path=RUN, value="Tray", was=f"{HOME}\\gone.exe"),
    ],
    ids=lambda change: f"{change.name} {change.now}"[-60:],
)
def test_what_is_there_or_read_by_nobody_else_is_not_named(change: Change) -> None:
    assert dangling([THERE, change], PROFILE) == []


def test_a_file_that_was_taken_away_is_not_there() -> None:
    gone = THERE.model_copy(update={"kind": Kind.REMOVED})
    assert dangling([gone, value(RUN, "Tray", f"{HOME}\\agent.exe")], PROFILE)

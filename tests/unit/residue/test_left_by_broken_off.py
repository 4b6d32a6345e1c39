"""What an installer that was broken off leaves of its own, and what is the candidate's all the same."""

import pytest

from harness.residue.change import Change, Kind, Where
from harness.residue.left_by_broken_off import why


def change(path: str, kind: Kind = Kind.ADDED, where: Where = Where.FILE) -> Change:
    return Change(kind=kind, where=where, path=path)


@pytest.mark.parametrize(
    "path",
    [
        "C:\\Windows\\Installer\\5c31.msi",
        "C:\\users\\root\\AppData\\Local\\Temp\\sto5c3c.tmp",
        "C:\\Windows\\Temp\\msi12ab.tmp",
        "C:\\Config.Msi",
        "C:\\Config.Msi\\3f1a2.rbs",
    ],
)
def test_working_files_are_the_installers(path: str) -> None:
    assert "broken off" in why(change(path))
    assert why(change(path, Kind.CHANGED)) == ""


@pytest.mark.parametrize(
    "path",
    [
        "C:\\Windows\\Installer\\agent\\5c31.msi",
        "C:\\Windows\\Temp\\agent.msi",
        "C:\\Windows\\Temp\\agent.tmp",
        "C:\\Config.Msi\\agent.exe",
    ],
)
def test_anything_else_is_not(path: str) -> None:
    assert why(change(path)) == ""
    assert why(change("HKLM\\Software\\X", where=Where.REGISTRY)) == ""

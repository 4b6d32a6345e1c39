"""What the system is told to run from where every user may write."""

from pathlib import Path

import pytest

from harness.lifecycle.autostarts import definitions, named_in_open_folders
from harness.residue.change import Change, Kind, Where
from tests.unit.cell.stand_ins import PROFILE

RUN = "HKLM\\Software\\WOW6432Node\\Microsoft\\Windows\\CurrentVersion\\Run"
TASK = "C:\\Windows\\System32\\Tasks\\Vendor\\Update"
COMMAND = "<Command>C:\\Windows\\Temp\\V\\up.exe</Command>"


def value(path: str, name: str, now: str) -> Change:
    return Change(kind=Kind.ADDED, where=Where.REGISTRY, path=path, value=name, now=now)


@pytest.mark.parametrize(
    "change",
    [
        value(RUN, "Tray", '"C:\\Users\\Public\\Vendor\\tray.exe" /quiet'),
        value(
            "HKLM\\System\\CurrentControlSet\\Services\\Helper",
            "ImagePath",
            "c:\\windows\\temp\\helper.exe -k",
        ),
        value("HKLM\\Software\\Classes\\CLSID\\{1}\\InprocServer32", "", "C:\\Users\\Public\\a.dll"),
        value(
            "HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Run", "x", "cmd /c C:\\Windows\\Temp\\a.cmd"
        ),
    ],
)
def test_a_program_in_an_open_folder_is_named_with_who_names_it(change: Change) -> None:
    (found,) = named_in_open_folders([change], {}, PROFILE)
    assert found.endswith(f"named by {change.name}")


@pytest.mark.parametrize(
    "change",
    [
        value(RUN, "Tray", f'"{PROFILE.install_dir}\\tray.exe"'),
        value("HKLM\\Software\\Vendor", "Cache", "C:\\Windows\\Temp\\vendor.exe"),
        value(RUN, "Tray", "C:\\Windows\\System32\\cmd.exe"),
        Change(kind=Kind.REMOVED, where=Where.REGISTRY, path=RUN, value="x", was="C:\\Windows\\Temp\\x.exe"),
    ],
)
def test_what_lies_elsewhere_or_tells_the_system_nothing_is_none(change: Change) -> None:
    assert named_in_open_folders([change], {}, PROFILE) == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_task_is_read_where_it_lies(tmp_path: Path, encoding: str) -> None:
    change = Change(kind=Kind.ADDED, where=Where.FILE, path=TASK, sha256="a" * 64)
    place = tmp_path / "Windows/System32/Tasks/Vendor/Update"
    place.parent.mkdir(parents=True)
    place.write_bytes(COMMAND.encode(encoding))
    gone = change.model_copy(update={"path": f"{TASK}2"})
    texts = dict(definitions([change, gone], tmp_path))
    assert named_in_open_folders([change], texts, PROFILE) == [
        f"c:\\windows\\temp\\v\\up.exe, named by {TASK}".lower()
    ]

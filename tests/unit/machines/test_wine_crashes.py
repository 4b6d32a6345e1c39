"""Whose a crashed program is, from what crash.c says of it."""

from pathlib import Path

import pytest

from harness.machines.wine.crashes import Crash, append_crash, read_crashed

RPCSS = "C:\\windows\\system32\\rpcss.exe"
NTDLL = "C:\\windows\\system32\\ntdll.dll"


@pytest.fixture
def template(tmp_path: Path) -> Path:
    for name in ("System32/rpcss.exe", "System32/ntdll.dll", "System32/svchost.exe", "explorer.exe"):
        path = tmp_path / "drive_c" / "windows" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


@pytest.mark.parametrize(
    ("said", "foreign"),
    [
        (f"{RPCSS}|{RPCSS}|{NTDLL}", ""),
        ("C:\\Windows\\EXPLORER.EXE", ""),
        (f"\\\\?\\{RPCSS}", ""),
        ("D:\\agent.exe", "D:\\agent.exe"),
        ("C:\\windows\\system32\\agent.exe", "C:\\windows\\system32\\agent.exe"),
        (f"{RPCSS}|{NTDLL}|C:\\Program Files\\Acme\\hook.dll", "C:\\Program Files\\Acme\\hook.dll"),
        ("C:\\windows\\..\\agent.exe", "C:\\windows\\..\\agent.exe"),
        ("C:\\windows\\system32", "C:\\windows\\system32"),
        ("?", "?"),
        ("", "a program without a name"),
    ],
)
def test_all_of_it_must_be_wines(template: Path, said: str, foreign: str) -> None:
    assert Crash.of(said).foreign(template) == foreign


def test_what_crashed_is_told_once_for_each_time_and_without_the_harness_s_own(tmp_path: Path) -> None:
    record = tmp_path / "crashes"
    assert read_crashed(record) == ()
    for said in (f"C:\\Agent\\a.exe|{NTDLL}", "D:\\tools\\bvt-probe.exe", "\\\\?\\C:\\Agent\\a.exe"):
        append_crash(record, Crash.of(said))
    assert read_crashed(record) == ("C:\\Agent\\a.exe", "C:\\Agent\\a.exe")

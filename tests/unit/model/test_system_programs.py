"""Which command lines ask for what a kind of guest has not."""

import pytest

from harness.model.substrate import GuestSystem
from harness.model.system_programs import LACKS, lacking


@pytest.mark.parametrize(
    "line",
    [
        '"[System64Folder]sc.exe" config Agent start= delayed-auto',
        "sc config Agent start= auto",
        "[SystemFolder]SCHTASKS.EXE /Create /tn A /tr a.exe /sc daily",
        "C:\\Windows\\System32\\fltmc load agent",
        'cmd.exe /c "net stop a & timeout /t 5"',
    ],
)
def test_what_wine_cannot_do_is_named_and_windows_can(line: str) -> None:
    assert lacking(GuestSystem.WINE, line)
    assert not lacking(GuestSystem.WINDOWS, line)


@pytest.mark.parametrize(
    "line",
    [
        "sc.exe start Agent",
        "schtasks /create /tn A /xml a.xml",
        "schtasks /delete /tn A /f",
        "[INSTALLDIR]agent.exe --timeout 5 config",
        "C:\\Vendor\\mysc.exe config",
        "C:\\Vendor\\fltmc-tool.exe",
        "",
    ],
)
def test_everything_else_is_the_candidates(line: str) -> None:
    assert not lacking(GuestSystem.WINE, line)


def test_each_is_tried_by_a_line_that_asks_for_it() -> None:
    assert all(lack.is_in(lack.tried) for lacks in LACKS.values() for lack in lacks)

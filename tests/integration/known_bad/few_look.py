"""Known-bad candidates that meddle where few look: with the machine, others, themselves, and what they report."""

from tests.integration.known_bad.cells import CHECKED_IN, INSTALLED, USED
from tests.integration.known_bad.known import KnownBad

OF_FEW_LOOK: dict[str, KnownBad] = {
    # What a machine, other products and the product itself come to, each where few look.
    "meddler": KnownBad(
        defects=frozenset(
            {
                "path-becomes-plain",
                "adds-security-package",
                "binds-others",
                "changes-time-zone",
                "changes-in-use",
                "disables-itself",
                "damages-itself",
                "leaks-files",
                "deletes-at-leaving",
                "changes-at-leaving",
                "leaves-safe-boot",
                "leaves-event-source",
                "leaves-filter",
                "leaves-run-once",
                "leaves-in-profile",
            }
        ),
        phases=USED,
        caught={
            "install.environment": r"PATH, as programs get it, lost C:\\windows\\system32",
            "install.foreign_registry": r"lsa\\security packages was changed .*timezoneinformation\\bias, "
            r".*winmgmt\\dependonservice",
            "uninstall.file_growth": r"at most 300 files more in its data folders in a minute\. Found: \d+ more",
            "uninstall.as_installed": r"NOTICE\.txt is gone, the start type of service BvtRefAgent is 3, it was 2",
            "residue.shared_registry": r"runonce\\bvtcleanup, .*safeboot\\network\\bvtrefagent, "
            r".*eventlog\\application\\bvt reference agent",
            "uninstall.foreign_files": r"etc\\hosts was changed",
            "residue.machine_files": r"appdata\\local\\bvt-agent\.log, .*winver\.exe was deleted",
            "residue.machine_registry": r"\\upperfilters, .*winmgmt\\start was changed",
        },
    ),
    "rearranger": KnownBad(
        defects=frozenset(
            {
                "shuffles-path",
                "hosts-at-leaving",
                "errors-in-other-words",
                "errors-in-other-log",
                "stops-other-service",
            }
        ),
        phases=CHECKED_IN,
        caught={
            "uninstall.error_lines": r"Found: \d+: E\d{4} .*, time=.* level=error",
            "uninstall.other_error_lines": r"unless health\.error_logs names the log\. "
            r"Found: .*worker\.log: .* ERROR cannot open the queue",
            "residue.environment": r"PATH has another order: .* stands before ",
            "residue.others_run": r"Found: stopped since: eventlog",
            "residue.machine_files": r"etc\\hosts was changed",
        },
    ),
    "never-stops": KnownBad(
        defects=frozenset({"never-stops"}),
        phases=INSTALLED,
        caught={"install.service_restart": "did not become STOPPED within 30 s: it is STOP_PENDING"},
    ),
    "gives-away": KnownBad(
        defects=frozenset(
            {
                "secret-in-encoding",
                "secret-in-file-name",
                "secret-in-value-name",
                "secret-for-a-moment",
                "hot-at-certificate",
                "leaks-children",
            }
        ),
        phases=CHECKED_IN,
        caught={
            "check-in.other_certificate": r"tries at most 5 times per second\. Found: it tried \d+\.\d times",
            "uninstall.secret_in_files": r"agent\.log holds a node key, .*"
            r"bvt-exchange\.tmp, which is gone, held a node key, .*the name of .*\*\*\* holds a node key",
            "uninstall.secret_in_registry": r"referenceagent\\runtime holds a node key",
            "residue.orphans": r"ping\.exe \(process \d+, started by the agent\)",
        },
    ),
    "trusting": KnownBad(
        defects=frozenset({"trusts-at-last", "hot-enrolment"}),
        phases=CHECKED_IN,
        caught={
            "check-in.other_certificate": r"sends nothing\. Found: it sent POST /",
            "check-in.enrolment_pace": r"at most 5 enrolments per second while each of them fails\. "
            r"Found: \d+\.\d per second told that it is unknown \(10 in ",
        },
    ),
    "intruder": KnownBad(
        defects=frozenset({"ends-other-process"}),
        phases=INSTALLED,
        caught={
            "residue.others_go_on": r"svchost\.exe \(process \d+\), seen after the step install",
        },
    ),
    "parting-blow": KnownBad(
        defects=frozenset({"ends-others-at-leaving", "worker-crashes"}),
        phases=CHECKED_IN,
        caught={
            "residue.others_go_on": r"svchost\.exe \(process \d+\), seen after the uninstall",
            "residue.no_crash": r"no program crashes .* Found: C:\\Program Files\\.*refagent\.exe crashed \d+ times",
        },
    ),
    # Of 32 seconds it is heard for ten: long enough a cell for one such pause in which nobody asks for anything.
    "absent-minded": KnownBad(
        defects=frozenset({"pauses-for-long"}),
        phases=CHECKED_IN,
        caught={"uninstall.in_touch": r"at least once in 9 s\. Found: it was silent for (?:9|1\d|2\d) s"},
        profile={"check_in.still_there_s": 50},
    ),
    "impatient": KnownBad(
        defects=frozenset({"hot-when-down", "enrols-twice"}),
        phases=CHECKED_IN,
        caught={
            "check-in.retry_pace": r"at most 5 requests per second while the backend fails\. Found: \d+\.\d",
            "uninstall.enrolments": "once more each time it has reason to .* Found: it enrolled \\d+ times",
        },
    ),
    "anxious": KnownBad(
        defects=frozenset({"enrols-after-trouble"}),
        phases=CHECKED_IN,
        caught={
            "uninstall.enrolments": "once more each time it has reason to .* Found: it enrolled \\d+ times"
        },
    ),
    "twisted-pipe": KnownBad(
        defects=frozenset(
            {
                "strips-quotes",
                "says-deleted",
                "stamps-at-sending",
                "bad-query-succeeds",
                "events-of-another-host",
                "mangles-rare-letters",
                "cuts-paths",
            }
        ),
        phases=USED,
        caught={
            "functions.process_start": r"no such row \(the nearest of \d+ rows differs in cmdline='D:",
            "functions.file_change": r"the nearest of \d+ rows differs in action='DELETED'",
            "functions.event_time": r"of all that happened in an outage \+\d+ s, which is when it was sent",
            "functions.live_query_again": "it is reported as successful, with 0 rows",
            "functions.own_events": "carry another: '00000000-1111",
            "functions.foreign_names": "never reported: file_change .*, registry_change ",
            "functions.long_texts": "never reported so: file change",
        },
        profile={"telemetry.registry_change.deadline_s": 4, "telemetry.file_change.deadline_s": 4},
    ),
    "crossed-wires": KnownBad(
        defects=frozenset({"swaps-in-bursts", "swaps-answers"}),
        phases=USED,
        caught={
            "functions.process_start": r"differs in (?:pid|path|cmdline)=",
            "functions.live_queries_at_once": "asked together with [12] more, .* as of another query",
        },
    ),
    "never-tells-of-an-end": KnownBad(
        defects=frozenset({"tells-creation-only"}),
        phases=USED,
        caught={"functions.file_removal": r"3 never were, as with target_path=.*action=DELETED"},
        profile={"telemetry.file_change.deadline_s": 4},
    ),
    "lingering": KnownBad(
        defects=frozenset({"lingers-after-stop"}),
        phases=INSTALLED,
        caught={
            "install.service_restart": r"once the service says that it is stopped\. Found: process \d+ still runs"
        },
    ),
    "sheds-its-skin": KnownBad(
        defects=frozenset({"replaces-itself"}),
        phases=USED,
        caught={
            "uninstall.as_installed": r"as they were right after the installation\. Found: .*refagent\.exe"
        },
    ),
    "in-its-own-time": KnownBad(
        defects=frozenset({"sends-late"}),
        phases=USED,
        caught={
            "functions.process_start": r"is reported within \d+ s\. Found: it was reported too late, \d+ s after"
        },
    ),
    "told-twice-in-small": KnownBad(
        defects=frozenset({"lower-cases", "resends-after-outage"}),
        phases=USED,
        caught={
            "functions.process_start": r"is reported as it was\. Found: cmdline is ",
            "functions.outage": r"it is reported once\. Found: 2 times",
        },
    ),
    "clings": KnownBad(
        defects=frozenset({"locks-files"}),
        phases=USED,
        caught={"functions.files_let_go": r"\d+ cannot: the agent holds them open"},
    ),
    "forgets": KnownBad(
        defects=frozenset({"forgets-isolation", "tells-again-at-start"}),
        phases=USED,
        caught={
            "uninstall.isolation_lasts": "the isolation was lost at the restart: the agent reports",
            "uninstall.told_once": r"is not reported again\. Found: \d+ rows were",
        },
    ),
    "deafened": KnownBad(
        defects=frozenset({"deaf-after-restart"}),
        phases=USED,
        caught={
            "uninstall.reports_on": "a file that is changed after a restart is reported. Found: it never was"
        },
        profile={"telemetry.file_change.deadline_s": 5},
    ),
    "empty-handed": KnownBad(
        defects=frozenset({"installs-nothing"}),
        phases=INSTALLED,
        caught={"install.something": "it ended with success and installed nothing: .* none of "},
    ),
    "reboots-at-will": KnownBad(
        defects=frozenset({"installer-reboots"}),
        phases=INSTALLED,
        caught={"residue.boots": "without being asked"},
    ),
    "half-gone": KnownBad(
        defects=frozenset({"leaves-all"}),
        phases=INSTALLED,
        caught={"residue.services": "bvtrefagent", "residue.files": r"refagent\.exe"},
    ),
    "reaches-out": KnownBad(
        defects=frozenset({"breaks-more-rules"}),
        phases=INSTALLED,
        caught={
            "install.msi_system": r"RemoveFile: Sweep: \*\.\* in ProgramFiles64Folder, "
            r".*LaunchCondition: VersionNT < 603",
            "install.msi_components": r"Component: Notice: Notice, Settings share \{",
            "install.msi_services": "ServiceControl: OthersControl: it stops and deletes WSearch",
        },
    ),
    "forgets-others": KnownBad(
        defects=frozenset({"clears-pending-renames"}),
        phases=(),
        steps="{machine: , dirt: [pending-reboot]}, {install: candidate}, {uninstall: candidate}, {residue: }",
        caught={"install.foreign_renames": r"gone from it: .*bvt-neighbour"},
    ),
}

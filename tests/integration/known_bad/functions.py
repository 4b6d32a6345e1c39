"""Known-bad candidates whose functions fail: telemetry, live queries, configuration, response actions."""

from tests.integration.known_bad.cells import USED, USED_AND_REBOOTED
from tests.integration.known_bad.known import KnownBad

OF_FUNCTIONS: dict[str, KnownBad] = {
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
            "uninstall.enrolments": r"once more each time it has reason to \(2\)\. Found: it enrolled [45] times",
        },
        profile={
            "telemetry.file_change.deadline_s": 4,
            "telemetry.registry_change.deadline_s": 4,
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
    "lets-finish": KnownBad(
        defects=frozenset({"spares-open-connections"}),
        phases=USED,
        caught={
            "functions.isolation_enforced": r"open to .* before the isolation carries nothing more\. Found: a connection"
        },
    ),
    "shut-in": KnownBad(
        defects=frozenset({"stays-shut"}),
        phases=USED,
        caught={
            "functions.isolation_enforced": r"a host that is not isolated reaches .* Found: .* was not reached"
        },
    ),
    "hermit": KnownBad(
        defects=frozenset({"cuts-off-its-backend"}),
        phases=USED,
        caught={
            "functions.isolation": r"reports 'isolation engaged' within .* Found: it did not report that; "
            r"the backend has heard nothing of it for 3 s"
        },
    ),
    "from-memory": KnownBad(
        defects=frozenset({"answers-from-memory", "keeps-few", "loses-events-at-change", "isolates-in-name"}),
        phases=USED,
        caught={
            "functions.isolation_enforced": r"the isolated host no longer reaches .* was reached, by its own record",
            "functions.live_query_again": r"a row .* rows without it|is reported as successful, with \d+ rows",
            "functions.outage": r"all of 21 changes during an outage .* Found: \d+ never were",
            "functions.lost_at_change": r"right before or after a change of configuration .* Found: \d never were",
        },
    ),
}

"""Known-bad candidates that go wrong while their backend does, or by how much happens."""

from tests.integration.known_bad.cells import CHECKED_IN, INSTALLED, USED, USED_AND_REBOOTED
from tests.integration.known_bad.known import KnownBad

OF_TROUBLED: dict[str, KnownBad] = {
    "worse-in-trouble": KnownBad(
        defects=frozenset(
            {
                "busy-in-trouble",
                "floods-its-log-in-trouble",
                "leaks-handles-in-trouble",
                "tells-its-key-in-trouble",
            }
        ),
        phases=CHECKED_IN,
        caught={
            "check-in.rests_in_outage": r"one ran, or was ready to, for \d+ % of two outages",
            "uninstall.log_pace": r"at most 300 lines of its log in a minute\. Found: \d{4,}",
            "uninstall.handle_growth": r"at most 3000 handles more in a minute\. Found: \d+ more",
            "uninstall.secret_in_files": r"agent\.log holds a node key",
        },
    ),
    "swells-by-use": KnownBad(
        defects=frozenset({"leaks-by-event", "leaks-by-answer"}),
        phases=USED,
        caught={
            "uninstall.memory_growth": r"at most 48 MB in a minute\. Found: \d+\.\d MB more",
            "uninstall.thread_growth": r"at most 20 threads more in a minute\. Found: \d+ more",
        },
    ),
    "takes-the-half": KnownBad(
        defects=frozenset({"takes-half-a-configuration"}),
        phases=USED,
        caught={
            "functions.configuration_refused": r"invalid configuration 'cut off' is refused: .* it was not refused"
        },
    ),
    "swells-in-trouble": KnownBad(
        defects=frozenset({"leaks-in-trouble", "stamps-what-waited", "keeps-no-configuration"}),
        phases=USED,
        caught={
            "uninstall.memory_growth": r"at most 48 MB in a minute\. Found: \d+\.\d MB more",
            "functions.event_time": r"of all that happened in an outage \+\d+ s, which is when it was sent",
            "uninstall.configured_in_outage": "its last configuration was not in force",
        },
    ),
    "hangs-on-its-backend": KnownBad(
        defects=frozenset({"stays-in-trouble", "leaves-its-certificate"}),
        phases=USED,
        caught={
            "uninstall.restarts_in_outage": r"answers nothing but errors\. Found: .*did not become STOPPED",
            "residue.machine_registry": r"bvtrefagentclient\\signaturekeypair",
        },
    ),
    "enrols-anywhere": KnownBad(
        defects=frozenset({"trusts-at-enrolment"}),
        phases=CHECKED_IN,
        caught={"check-in.other_certificate_at_enrolment": r"sends nothing\. Found: it sent POST /enroll"},
    ),
    "reports-anywhere": KnownBad(
        defects=frozenset({"trusts-with-logs"}),
        phases=CHECKED_IN,
        caught={"check-in.other_certificate_in_turns": r"met its own backend\. Found: it sent POST /log"},
    ),
    "takes-offence": KnownBad(
        defects=frozenset({"silent-after-enrolling"}),
        phases=CHECKED_IN,
        caught={
            "check-in.other_certificate_at_enrolment": r"the agent enrols within .* Found: it did not; the backend saw"
        },
        profile={"check_in.deadline_s": 10, "check_in.heartbeat_s": 6},
    ),
    "polls-anywhere": KnownBad(
        defects=frozenset({"trusts-at-polls", "program-signed-for-the-past"}),
        phases=CHECKED_IN,
        caught={
            "install.payload_signatures": r"refagent\.exe \(its certificate ended on \d{4}-\d\d-\d\d, and",
            "check-in.other_certificate": r"the agent sends nothing\. Found: it sent POST /(config|log|distributed)",
        },
    ),
    "beyond-its-media": KnownBad(
        defects=frozenset({"on-no-medium"}),
        phases=INSTALLED,
        caught={"install.msi_system": r"SeldomFile: it is number 9, and the media end with 2"},
    ),
    "deaf-to-a-change": KnownBad(
        defects=frozenset({"deaf-to-a-change"}),
        phases=USED,
        caught={
            "functions.reports_on": r"another configuration is in force is reported\. Found: it never was"
        },
        profile={"telemetry.file_change.deadline_s": 4},
    ),
    "forgets-what-waits": KnownBad(
        defects=frozenset({"forgets-what-waits"}),
        phases=USED,
        caught={"uninstall.keeps_events": "what waited for the backend was lost at the restart"},
    ),
    "leaves-a-farewell": KnownBad(
        defects=frozenset({"leaves-a-farewell"}),
        phases=(),
        scenario="backend-down",
        caught={"residue.files": r"left after the uninstall\. Found: c:\\programdata\\bvt"},
    ),
    "waits-to-take-leave": KnownBad(
        defects=frozenset({"waits-to-take-leave"}),
        phases=(),
        scenario="backend-down",
        caught={
            "uninstall.exit_code": r"the uninstaller ends within 20 s\. Found: it did not end, and was ended"
        },
        profile={"installer.timeout_s": 20},
    ),
    "somebody-else": KnownBad(
        defects=frozenset({"another-after-a-crash", "tells-again-at-boot"}),
        phases=USED_AND_REBOOTED,
        caught={
            "reboot.told_once": r"not reported again after it\. Found: \d+ rows were",
            "uninstall.enrolments": r"it enrolled \d times",
        },
    ),
    "out-of-order": KnownBad(
        defects=frozenset(
            {
                "starts-too-early",
                "deferred-outside",
                "leads-to-no-row",
                "of-no-feature",
                "signed-for-the-past",
            }
        ),
        phases=INSTALLED,
        caught={
            "install.installer_signature": r"its certificate ended on \d{4}-\d\d-\d\d, and it has no time stamp",
            "install.msi_services": r"StartServices: it stands before WriteRegistryValues",
            "install.msi_actions": r"TooLate: it is deferred, and stands after InstallFinalize",
            "install.msi_components": r"Forgotten: no feature has it",
            "install.msi_system": r"Missing: its source HelperExecutable is not in table File",
        },
    ),
}

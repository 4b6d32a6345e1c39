"""Known-bad candidates that enrol badly or not at all, are not heard any more, or give secrets away."""

import yaml

from tests.integration.known_bad.cells import CHECKED_IN, USED_AND_REBOOTED
from tests.integration.known_bad.known import KnownBad
from tests.integration.known_bad.profile import SHIPPED

FILES = yaml.safe_load(SHIPPED.read_text())["files"]
EXTRACTED = "C:\\Windows\\Temp\\extracted.exe"

OF_CHECKING_IN: dict[str, KnownBad] = {
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
    # Enrolled, and then never heard again, all the way to its uninstall.
    "falls-silent": KnownBad(
        defects=frozenset({"no-heartbeat"}),
        phases=USED_AND_REBOOTED,
        caught={"check-in.heartbeat": "a further sign of life within .* Found: none; the backend saw"},
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
}

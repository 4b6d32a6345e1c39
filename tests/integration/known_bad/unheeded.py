"""Known-bad candidates that say what they must not, go on with what is over, or forget what somebody else set."""

from tests.integration.known_bad.cells import CHECKED_IN, INSTALLED, UPGRADED, USED, USED_AND_REBOOTED
from tests.integration.known_bad.known import KnownBad

OF_UNHEEDED: dict[str, KnownBad] = {
    "starts-afresh": KnownBad(
        defects=frozenset({"resets-its-service"}),
        phases=(),
        steps=UPGRADED,
        caught={
            "upgrade.settings": r"DelayedAutostart is '1', .*FailureActions is '80510100[0-9a-f]+', as it was set "
            r"before the upgrade\. Found: it is gone"
        },
    ),
    "speaks-openly": KnownBad(
        defects=frozenset({"reports-in-plain-on-its-port", "tells-by-udp"}),
        phases=CHECKED_IN,
        caught={
            "uninstall.clear_text": r"inside TLS\. Found: \d+ requests in plain HTTP",
            "uninstall.strangers": r"also to 198\.51\.100\.9:514/udp",
        },
    ),
    "neglectful": KnownBad(
        defects=frozenset(
            {
                "names-a-dead-message-file",
                "names-a-dead-class",
                "forwards-a-port",
                "routes-everything",
                "fills-the-classes",
                "leaves-in-the-bin",
                "says-its-key",
                "says-an-old-version",
            }
        ),
        phases=USED,
        caught={
            "install.foreign_registry": r"portproxy\\v4tov4\\tcp\\0\.0\.0\.0/8443, "
            r".*persistentroutes\\0\.0\.0\.0,",
            "install.named_files": r"messages\.dll, named by .*shell\.dll, named by",
            "uninstall.registry_growth": r"not its own\. Found: \d+ more, most of them in .*classes\\bvtcache",
            "uninstall.told_version": r"say 1\.0\.0, the candidate's version\. Found: they say 0\.9\.0",
            "uninstall.secret_in_print": r"what is printed for 'whether its host is isolated' holds a node key",
            "residue.machine_files": r"recycle\.bin\\.*, c:\\windows\\installer\\bvt47\.tmp",
        },
    ),
    "wakes-up-deaf": KnownBad(
        defects=frozenset({"deaf-after-boot", "answers-until-restart"}),
        phases=USED_AND_REBOOTED,
        caught={
            "reboot.reports_on": r"changed after the reboot is reported\. Found: it never was",
            "reboot.answers_on": r"answered before the reboot .* Found: it was not answered",
        },
        profile={"live_query.deadline_s": 5, "telemetry.file_change.deadline_s": 6},
    ),
    "reads-any-answer": KnownBad(
        defects=frozenset({"trips-over-a-page"}),
        phases=CHECKED_IN,
        caught={
            "check-in.recovers": r"after an outage of .* the agent is seen again .* it was not seen again"
        },
    ),
    "packed-in-bytes": KnownBad(
        defects=frozenset({"binary-key-in-package", "entry-elsewhere"}),
        phases=INSTALLED,
        caught={
            "install.payload_content": r"NOTICE\.txt: it holds a private key",
            "install.entry_folder": r"there is no C:\\Program Files\\BVT\\Agent 0\.9",
        },
    ),
    "cannot-stop": KnownBad(
        defects=frozenset({"keeps-dropped-queries"}),
        phases=USED,
        caught={"uninstall.dropped_query": r"is not run any more\. Found: it was run \d+ times after that"},
    ),
}

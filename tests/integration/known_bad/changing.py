"""Known-bad candidates that fail at an upgrade, a repair, a second installation or a downgrade."""

from tests.integration.known_bad.cells import (
    DOWNGRADED,
    REINSTALLED,
    REPAIRED,
    UPGRADED,
    UPGRADED_AND_USED,
    UPGRADED_IN_USE,
)
from tests.integration.known_bad.known import KnownBad

OF_CHANGING: dict[str, KnownBad] = {
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
    "dawdler": KnownBad(
        defects=frozenset({"dawdles"}),
        phases=(),
        steps=UPGRADED,
        caught={"upgrade.installed_soon": r"where 0\.9\.0 was installed in \d+ s\. Found: it took \d+ s"},
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
    "tells-again": KnownBad(
        defects=frozenset({"tells-again-at-start"}),
        phases=(),
        steps=UPGRADED_IN_USE,
        caught={"upgrade.told_once": r"is not reported after it\. Found: it was, \d+ times"},
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
    "ill-mended": KnownBad(
        defects=frozenset({"repair-forgets", "repair-resets"}),
        phases=(),
        steps=REPAIRED,
        caught={
            "repair.same_endpoint": "the agent goes on with its enrolment. Found: it enrolled anew",
            "repair.settings": r"as it was set before the repair\. Found: it is gone",
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
}

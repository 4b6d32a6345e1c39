"""Known-bad candidates whose defects are over before anybody looks, or lie in what is packed and not in what it does."""

from tests.integration.known_bad.cells import CHECKED_IN, INSTALLED
from tests.integration.known_bad.known import KnownBad

OF_FLEETING: dict[str, KnownBad] = {
    "talks-aside": KnownBad(
        defects=frozenset(
            {
                "reports-in-plain",
                "calls-for-a-moment",
                "commits-in-vain",
                "stops-a-trace",
                "remaps-keys",
                "runs-at-set-up",
                "logs-all-bindings",
                "silences-security-center",
                "hides-counters",
            }
        ),
        phases=CHECKED_IN,
        caught={
            "install.foreign_registry": r"eventlog-security\\start.*scancode map|scancode map.*eventlog-security",
            "uninstall.strangers": r"also to 10\.0\.2\.100:8080, 198\.51\.100\.7:443",
            "uninstall.committed": r"at most 2048 MB of memory committed\. Found: 3\d{3}",
        },
    ),
    "waits-on": KnownBad(
        defects=frozenset({"waits-for-ever"}),
        phases=CHECKED_IN,
        profile={"check_in.half_open_s": 18},
        caught={
            "check-in.half_open": r"\(check_in\.heartbeat_s and half_open_s\) it asks again\. Found: it asks for nothing"
        },
    ),
    "half-packed": KnownBad(
        defects=frozenset({"needs-a-runtime", "token-in-package", "names-no-file"}),
        phases=INSTALLED,
        caught={
            "install.payload_complete": r"refagent\.exe needs vcruntime140(?:_app)?\.dll",
            "install.payload_content": r"NOTICE\.txt: it holds a token of an account",
            "install.msi_system": r"Registry: Helper: Value names \[#HelperExecutable\], which is not there",
        },
    ),
}

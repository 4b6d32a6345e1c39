"""Known-bad candidates that take too much on trust: a certificate, an answer that never comes, what was so before."""

from tests.integration.known_bad.cells import CHECKED_IN, UPGRADED, USED
from tests.integration.known_bad.known import KnownBad

OF_HEEDLESS: dict[str, KnownBad] = {
    "believes-its-authority": KnownBad(
        defects=frozenset({"trusts-any-name", "trusts-for-ever", "removal-leads-nowhere"}),
        phases=CHECKED_IN,
        caught={
            "install.entry_removes": r"none is there for .*Package Cache\\BVT\\setup\.exe",
            "check-in.wrong_certificate": r"for another host: it sent POST /.*that has expired: it sent POST /",
        },
    ),
    "clings-to-a-key": KnownBad(
        defects=frozenset({"knows-one-key", "trusts-its-authority"}),
        phases=CHECKED_IN,
        profile={"check_in.outlives_renewal": True},
        caught={
            "check-in.renewed_certificate": "has renewed, .* the agent sends its requests. Found: it sent nothing"
        },
    ),
    "never-lets-go": KnownBad(
        defects=frozenset({"leaks-handles"}),
        phases=USED,
        profile={"health": {"handles": 800, "growth_handles": 500}},
        caught={
            "uninstall.handles": r"at most 800 handles\. Found: \d{4}\.0",
            "uninstall.handle_growth": r"at most 500 handles more in a minute\. Found: \d+ more",
        },
    ),
    "knows-better": KnownBad(
        defects=frozenset({"lays-out-settings-anew"}),
        phases=(),
        steps=UPGRADED,
        caught={
            "upgrade.settings": r"notes\.conf holds the line '# set by the administrator', which was added before the "
            r"upgrade\. Found: it holds \d+ bytes and no such line"
        },
    ),
}

"""Known-bad candidates that take too much of the machine, or restart without being asked."""

from tests.integration.known_bad.cells import CHECKED_IN
from tests.integration.known_bad.known import KnownBad

HEALTH = {"memory_mb": 120, "threads": 60, "processes": 5, "data_mb": 10}
"""Budgets that the good agent keeps, too."""

OF_HEALTH: dict[str, KnownBad] = {
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
}

"""The catch table's lines for what is said openly, goes on when it is over, or is forgotten."""

from tests.integration.known_bad.named import BACKEND, CONTROL, LIFE, Named, of

KINDS_UNHEEDED: tuple[Named, ...] = (
    *of(
        LIFE,
        (
            "resets-its-service",
            "upgrade.settings",
            "DelayedAutostart",
            "an upgrade resets the delayed start that administrators set on the service",
        ),
        (
            "resets-its-service",
            "upgrade.settings",
            "FailureActions",
            "an upgrade resets the recovery that administrators set on the service",
        ),
    ),
    *of(
        BACKEND,
        ("reports-in-plain-on-its-port", "uninstall.clear_text"),
        ("tells-by-udp", "uninstall.strangers", "514/udp"),
    ),
    *of(CONTROL, ("keeps-dropped-queries", "uninstall.dropped_query")),
)

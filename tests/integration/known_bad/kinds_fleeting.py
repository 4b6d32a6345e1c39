"""The catch table's lines for what is over before anybody looks, and for what is packed."""

from tests.integration.known_bad.named import (
    BACKEND,
    CONTROL,
    HEALTH,
    INSTALL,
    OTHERS,
    SECRET,
    TABLES,
    Named,
    of,
)

KINDS_FLEETING: tuple[Named, ...] = (
    *of(CONTROL, ("spares-open-connections", "functions.isolation_enforced", "before the isolation carries")),
    *of(
        BACKEND,
        (
            "waits-for-ever",
            "check-in.half_open",
            "",
            "a connection that dies without a word is waited for without an end",
        ),
        ("reports-in-plain", "uninstall.strangers", r"10\.0\.2\.100:8080"),
        ("calls-for-a-moment", "uninstall.strangers", r"198\.51\.100\.7:443"),
    ),
    *of(HEALTH, ("commits-in-vain", "uninstall.committed")),
    *of(INSTALL, ("needs-a-runtime", "install.payload_complete")),
    *of(SECRET, ("token-in-package", "install.payload_content")),
    *of(TABLES, ("names-no-file", "install.msi_system")),
    *of(
        OTHERS,
        ("stops-a-trace", "install.foreign_registry", r"autologger\\eventlog-security"),
        ("remaps-keys", "install.foreign_registry", "scancode map"),
        ("runs-at-set-up", "install.foreign_registry", r"setup\\cmdline"),
        ("logs-all-bindings", "install.foreign_registry", r"fusion\\forcelog"),
        ("silences-security-center", "install.foreign_registry", r"security center\\antivirusoverride"),
        ("hides-counters", "install.foreign_registry", r"perfos\\performance"),
    ),
)

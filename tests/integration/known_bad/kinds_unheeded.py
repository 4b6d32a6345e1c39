"""The catch table's lines for what is said openly, goes on when it is over, or is forgotten."""

from tests.integration.known_bad.named import (
    BACKEND,
    BOOT,
    CONTROL,
    HEALTH,
    INSTALL,
    LEFT,
    LIFE,
    OTHERS,
    SECRET,
    Named,
    of,
)

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
        ("trips-over-a-page", "check-in.recovers"),
        ("tells-by-udp", "uninstall.strangers", "514/udp"),
    ),
    *of(
        OTHERS,
        ("forwards-a-port", "install.foreign_registry", "portproxy"),
        ("routes-everything", "install.foreign_registry", "persistentroutes"),
    ),
    *of(
        INSTALL,
        ("names-a-dead-message-file", "install.named_files", r"messages\.dll"),
        ("entry-elsewhere", "install.entry_folder"),
        ("names-a-dead-class", "install.named_files", r"shell\.dll"),
    ),
    *of(HEALTH, ("fills-the-classes", "uninstall.registry_growth", "not its own")),
    *of(LEFT, ("leaves-in-the-bin", "residue.machine_files")),
    *of(
        SECRET,
        ("says-its-key", "uninstall.secret_in_print"),
        ("binary-key-in-package", "install.payload_content"),
    ),
    *of(LIFE, ("says-an-old-version", "uninstall.told_version")),
    *of(
        BOOT,
        ("deaf-after-boot", "reboot.reports_on"),
        (
            "answers-until-restart",
            "reboot.answers_on",
            "",
            "once it answered live queries and was booted, it answers none any more",
        ),
    ),
    *of(CONTROL, ("keeps-dropped-queries", "uninstall.dropped_query")),
)

"""The catch table's lines for what goes wrong while the backend does, by how much happens, or out of its order."""

from tests.integration.known_bad.named import (
    BACKEND,
    BOOT,
    CONTROL,
    DELIVERY,
    DIRTY,
    HEALTH,
    INSTALL,
    LEFT,
    SECRET,
    TABLES,
    Named,
    of,
)

KINDS_TROUBLED: tuple[Named, ...] = (
    *of(
        BACKEND,
        ("trusts-at-enrolment", "check-in.other_certificate_at_enrolment"),
        ("trusts-with-logs", "check-in.other_certificate_in_turns"),
        ("trusts-at-polls", "check-in.other_certificate"),
        ("silent-after-enrolling", "check-in.other_certificate_at_enrolment"),
        ("stays-in-trouble", "uninstall.restarts_in_outage"),
        ("another-after-a-crash", "uninstall.enrolments"),
    ),
    *of(
        HEALTH,
        ("busy-in-trouble", "check-in.rests_in_outage"),
        ("floods-its-log-in-trouble", "uninstall.log_pace"),
        ("leaks-handles-in-trouble", "uninstall.handle_growth"),
        ("leaks-in-trouble", "uninstall.memory_growth"),
        ("leaks-by-event", "uninstall.memory_growth"),
        ("leaks-by-answer", "uninstall.thread_growth"),
    ),
    *of(SECRET, ("tells-its-key-in-trouble", "uninstall.secret_in_files")),
    *of(
        DELIVERY,
        ("stamps-what-waited", "functions.event_time"),
        ("forgets-what-waits", "uninstall.keeps_events"),
    ),
    *of(
        CONTROL,
        ("deaf-to-a-change", "functions.reports_on"),
        ("keeps-no-configuration", "uninstall.configured_in_outage"),
        ("takes-half-a-configuration", "functions.configuration_refused"),
    ),
    *of(
        BOOT,
        ("tells-again-at-boot", "reboot.told_once"),
        (
            "forgets-isolation",
            "reboot.isolation_lasts",
            "",
            "an isolated host is no longer isolated after a reboot",
        ),
    ),
    *of(
        INSTALL,
        ("signed-for-the-past", "install.installer_signature"),
        ("program-signed-for-the-past", "install.payload_signatures"),
    ),
    *of(
        DIRTY,
        ("leaves-a-farewell", "residue.files"),
        ("waits-to-take-leave", "uninstall.exit_code"),
    ),
    *of(LEFT, ("leaves-its-certificate", "residue.machine_registry")),
    *of(
        TABLES,
        ("starts-too-early", "install.msi_services"),
        ("deferred-outside", "install.msi_actions"),
        ("leads-to-no-row", "install.msi_system"),
        ("on-no-medium", "install.msi_system"),
        ("of-no-feature", "install.msi_components"),
    ),
)

"""The catch table's lines for what is taken on trust."""

from tests.integration.known_bad.named import BACKEND, BOOT, HEALTH, INSTALL, LIFE, LONG, Named, of

KINDS_HEEDLESS: tuple[Named, ...] = (
    *of(
        BACKEND,
        ("trusts-any-name", "check-in.wrong_certificate", r"for another host: it sent POST /"),
        ("knows-one-key", "check-in.renewed_certificate"),
        ("trusts-for-ever", "check-in.wrong_certificate", r"that has expired: it sent POST /"),
    ),
    *of(INSTALL, ("removal-leads-nowhere", "install.entry_removes")),
    *of(LIFE, ("lays-out-settings-anew", "upgrade.settings", r"notes\.conf holds the line")),
    *of(
        HEALTH,
        ("leaks-handles", "uninstall.handle_growth"),
        ("leaks-handles", "uninstall.handles", "", "more handles are held than a budget allows"),
    ),
    *of(BOOT, ("stumbles-over-zeros", "reboot.services")),
    *of(
        LONG,
        ("waits-for-ever", "soak.gives_up"),
        ("leaks-handles", "soak.handles", "", "handles become more for as long as it runs"),
    ),
)

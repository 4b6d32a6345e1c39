"""Lines of the catch table: what only the next release, another user or another day shows."""

from tests.integration.known_bad.named import (
    BACKEND,
    CONTROL,
    DELIVERY,
    DIRTY,
    ENVIRONMENT,
    HEALTH,
    INSTALL,
    TABLES,
    Named,
    of,
)

KINDS_NEXT_RELEASE: tuple[Named, ...] = (
    *of(
        TABLES,
        ("shortcut-by-nobody", "install.msi_system", "CreateShortcuts: it never runs"),
        ("for-one-user-only", "install.msi_system", "ALLUSERS: it is not set"),
        ("takes-a-file-type", "install.msi_system", "becomes BvtFile"),
        ("a-users-key-path", "install.msi_components", "below HKCU"),
        ("removes-in-between", "install.msi_upgrade", "it stands after ProcessComponents"),
        ("finds-in-vain", "install.msi_upgrade", "not in SecureCustomProperties"),
        ("lets-itself-over-newer", "install.msi_upgrade", "beside a newer release"),
        ("wipes-when-replaced", "install.msi_upgrade", "it deletes C:"),
        ("nobody-makes-it", "install.msi_system", "Manufacturer: it is not set"),
        ("purges-when-replaced", "upgrade.msi_upgrade", "kept it from that"),
        ("speaks-another-language", "upgrade.msi_upgrade", "languages 1031"),
    ),
    *of(INSTALL, ("hash-of-another-file", "install.payload_content", "another file's hash")),
    *of(ENVIRONMENT, ("path-from-everybodys", "uninstall.open_folders", "PATH names")),
    *of(
        HEALTH,
        ("litters", "uninstall.room_elsewhere", "at most 300 files"),
        ("fills-its-key", "uninstall.registry_growth"),
    ),
    *of(BACKEND, ("falls-back-to-plain", "check-in.other_certificate", "plain HTTP")),
    *of(
        CONTROL,
        ("answers-by-text", "functions.answered_anew"),
        ("answers-until-restart", "uninstall.answers_on"),
    ),
    *of(DIRTY, ("takes-its-leave", "uninstall.exit_code")),
    *of(
        DELIVERY,
        ("tells-no-change", "functions.file_overwritten"),
        ("tells-local-time", "functions.event_time"),
    ),
)

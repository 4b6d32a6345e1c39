"""Known-bad candidates whose tables go wrong for the next release, for another user, or for Windows alone."""

from tests.integration.known_bad.cells import INSTALLED, UPGRADED
from tests.integration.known_bad.known import KnownBad

OF_THE_NEXT_RELEASE: dict[str, KnownBad] = {
    "for-today-only": KnownBad(
        defects=frozenset(
            {
                "shortcut-by-nobody",
                "for-one-user-only",
                "takes-a-file-type",
                "a-users-key-path",
                "removes-in-between",
                "finds-in-vain",
                "lets-itself-over-newer",
                "wipes-when-replaced",
            }
        ),
        phases=INSTALLED,
        caught={
            "install.msi_upgrade": r"RemoveExistingProducts: it stands after ProcessComponents.*"
            r"WIX_UPGRADE_DETECTED: it is not in SecureCustomProperties.*"
            r"WIX_DOWNGRADE_DETECTED: it is set beside a newer release, and no launch condition.*"
            r"CustomAction: Wipe: at an upgrade to the next release it deletes C:\\ProgramData",
            "install.msi_components": r"Component: Notice: its key path is a value below HKCU",
            "install.msi_system": r"CreateShortcuts: it never runs.*Property: ALLUSERS: it is not set.*"
            r"\.reg becomes BvtFile",
        },
    ),
    "next-in-line": KnownBad(
        defects=frozenset({"purges-when-replaced", "speaks-another-language"}),
        phases=(),
        steps=UPGRADED,
        caught={
            "upgrade.msi_upgrade": r"languages 1031, and the previous release is of 1033.*"
            r"Purge: it runs at an upgrade to the next release, too; in the previous release .* kept it from that",
        },
    ),
}

"""Known-bad candidates that go wrong for the next release, for another user, or on another day."""

from tests.integration.known_bad.cells import CHECKED_IN, INSTALLED, UPGRADED, USED
from tests.integration.known_bad.known import KnownBad

OF_THE_NEXT_RELEASE: dict[str, KnownBad] = {
    "for-today-only": KnownBad(
        defects=frozenset(
            {
                "hash-of-another-file",
                "shortcut-by-nobody",
                "for-one-user-only",
                "removes-in-between",
                "finds-in-vain",
            }
        ),
        phases=INSTALLED,
        caught={
            "install.msi_upgrade": r"RemoveExistingProducts: it stands after ProcessComponents.*"
            r"WIX_UPGRADE_DETECTED: it is not in SecureCustomProperties",
            "install.payload_content": r"NOTICE\.txt: MsiFileHash has another file's hash",
            "install.msi_system": r"CreateShortcuts: it never runs.*Property: ALLUSERS: it is not set",
        },
    ),
    "after-me-the-flood": KnownBad(
        defects=frozenset(
            {
                "takes-a-file-type",
                "a-users-key-path",
                "lets-itself-over-newer",
                "wipes-when-replaced",
                "litters",
                "nobody-makes-it",
                "path-from-everybodys",
            }
        ),
        phases=CHECKED_IN,
        caught={
            "install.msi_upgrade": r"WIX_DOWNGRADE_DETECTED: it is set beside a newer release.*"
            r"CustomAction: Wipe: at an upgrade to the next release it deletes C:\\ProgramData",
            "install.msi_components": r"Component: Notice: its key path is a value below HKCU",
            "install.msi_system": r"Property: Manufacturer: it is not set.*\.reg becomes BvtFile",
            "uninstall.open_folders": r"PATH names C:\\ProgramData\\BVT\\tools",
            "uninstall.room_elsewhere": r"at most 300 files .* Found: 7\d\d",
        },
    ),
    "next-in-line": KnownBad(
        defects=frozenset({"purges-when-replaced", "speaks-another-language"}),
        phases=(),
        steps=UPGRADED,
        caught={
            "upgrade.msi_upgrade": r"Purge: it runs at an upgrade to the next release, too; in the previous release .*"
            r" kept it from that.*languages 1031, and the previous release is of 1033",
        },
    ),
    "in-plain-words": KnownBad(
        defects=frozenset({"falls-back-to-plain"}),
        phases=CHECKED_IN,
        caught={"check-in.other_certificate": r"sends nothing\. Found: it sent \d+ requests in plain HTTP"},
    ),
    "by-heart": KnownBad(
        defects=frozenset({"answers-by-text", "tells-no-change"}),
        phases=USED,
        caught={
            "functions.answered_anew": r"is answered anew\. Found: again unix_time='\d+'",
            "functions.file_overwritten": r"3 were not, as with target_path=.*action=UPDATED",
        },
        profile={"telemetry.file_change.deadline_s": 4},
    ),
    "speechless": KnownBad(
        defects=frozenset({"answers-until-restart", "fills-its-key"}),
        phases=USED,
        caught={
            "uninstall.answers_on": r"answered before a restart, .* Found: it was not answered",
            "uninstall.registry_growth": r"at most 300 keys and values more .* Found: \d+ more",
        },
        profile={"live_query.deadline_s": 5},
    ),
    "takes-its-leave": KnownBad(
        defects=frozenset({"takes-its-leave"}),
        phases=(),
        scenario="backend-down",
        caught={"uninstall.exit_code": r"Action Purge failed"},
    ),
    "by-the-wall-clock": KnownBad(
        defects=frozenset({"tells-local-time"}),
        phases=(),
        scenario="code-page",
        caught={"functions.event_time": r"[a-z_]+ \+32\d\d\d s"},
    ),
}

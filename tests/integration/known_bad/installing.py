"""Known-bad candidates that install badly: the package, its entry, files, registry values and service."""

from tests.integration.known_bad.cells import INSTALLED
from tests.integration.known_bad.known import KnownBad

OF_INSTALLING: dict[str, KnownBad] = {
    "careless-installer": KnownBad(
        defects=frozenset(
            {
                "unsigned",
                "second-uninstall-entry",
                "missing-file",
                "wrong-file-version",
                "missing-registry-value",
                "wrong-version-command",
                "listens-on-all-interfaces",
                "leaves-crash-dump",
                "leaves-extracted-program",
                "wrong-start-type",
                "wrong-display-name",
                "wrong-description",
                "wrong-image-path",
                "wrong-dependency",
                "needs-reboot-to-install",
                "needs-reboot-to-uninstall",
                "leaves-process",
                "leaves-service",
                "leaves-entry",
                "leaves-file",
                "leaves-registry",
                "leaves-shared-registry",
                "leaves-task",
                "leaves-variable",
                "leaves-pending-rename",
                "tampers-sentinel",
                "tampers-sentinel-service",
            }
        ),
        phases=INSTALLED,
        # A driver that the profile names and the candidate does not bring is what a missing driver looks like.
        profile={"drivers": [{"name": "BvtMissingDriver"}]},
        caught={
            "install.installer_signature": "carries no Authenticode signature",
            "install.entry_unique": "Expected: one entry named 'BVT Reference Agent'. Found: 2: ",
            "install.entry_version": r"shows version 1\.0\.0, the candidate's\. Found: version 0\.9\.0, 1\.0\.0\.",
            "install.files": r"Found: missing: .*NOTICE\.txt",
            "install.file_versions": r"refagent\.exe has version 1\.0\.0, the candidate's\. Found: version 0\.0\.1\.0",
            "install.file_signatures": r"refagent\.exe is signed\. Found: it carries no Authenticode signature",
            "install.registry": r"ReferenceAgent\\Version is there. Found: it is missing",
            "install.running_version": r"--version says 1\.0\.0, the candidate's version\. Found: it says '0\.0\.1'",
            "install.loopback_ports": r"on loopback only\. Found: it listens on 0\.0\.0\.0:\d+",
            "install.no_crash": r"Found: new ones: .*refagent\.dmp",
            "install.extraction_leftovers": r"the installer left c:\\windows\\temp\\extracted\.exe",
            "install.payload_signatures": r"not signed, or not as it was signed: refagent\.exe",
            "install.no_pending_reboot": "ended with 3010: a reboot is needed",
            "install.driver_loaded": "there is a service or driver named BvtMissingDriver. Found: there is none",
            "install.service_start_type": r"has start type 2 \(auto\)\. Found: start type 3",
            "install.service_display_name": "Found: it is shown as 'Some Other Agent'",
            "install.service_description": "Found: description 'Does something else.'",
            "install.service_image_path": r"Found: it runs 'C:\\\\Windows\\\\Temp\\\\refagent\.exe'",
            "install.service_dependencies": "depends on nothing. Found: it depends on PlugPlay",
            "uninstall.no_pending_reboot": "ended with 3010: a reboot is needed",
            "residue.processes": r"no process is left after the uninstall\. Found: .*refagent\.exe",
            "residue.services": "no service or driver is left after the uninstall. Found: bvtrefagent",
            "residue.entry": "no entry in Add/Remove Programs is left after the uninstall. Found: bvt leftover",
            "residue.files": r"leftover\.dat",
            "residue.registry": r"hklm\\software\\bvt",
            "residue.shared_registry": r"hklm\\software\\bvtelsewhere, hklm\\software\\.*\\run\\bvtautostart\.",
            "residue.tasks": r"no scheduled task is left .*Found: \\bvtrefagentleftover",
            "residue.environment_left": r"bvt_leftover, path: c:\\program files\\bvt\\leftover",
            "residue.pending_renames": r"bvt-pending\.dat",
            "residue.sentinel_files": r"unrelated file C:\\bvt-sentinel\\keep\.txt is untouched\. Found: it is gone",
            "residue.sentinel_service": "unrelated service BvtSentinel is untouched. Found: it is gone",
            "residue.no_crash": r"Found: new ones: .*refagent\.dmp",
            "residue.nothing_taken": "Found: gone since: bvtsentinel",
        },
    ),
    # What only Windows would show, or only the next release, is read from the tables.
    "against-the-rules": KnownBad(
        defects=frozenset({"breaks-rules", "critical-service", "wrong-account", "hides-entry"}),
        phases=INSTALLED,
        caught={
            "install.entry_unique": r"only one that is not shown \(SystemComponent is set\)",
            "install.msi_upgrade": r"it is '1\.0\.70000' \(msi\.upgrade\.version-out-of-range\)",
            "install.msi_components": r"Component: Notice: it is marked to stay for ever",
            "install.msi_services": r"its tables say none, none, none, the profile restart, restart, restart",
            "install.msi_actions": r"CustomAction: FromTemp: it runs \[TempFolder\]helper\.exe as SYSTEM",
            "install.msi_properties": r"does not name ENROLSECRET, by which the profile hands over a secret",
            "install.msi_access": r"LockPermissions: File NoticeText: Everyone may write",
            "install.msi_system": r"InstallExecuteSequence: ScheduleReboot: it runs at every uninstall",
        },
    ),
    "tampered-with": KnownBad(
        defects=frozenset(),
        phases=INSTALLED,
        caught={
            # Not every release of osslsigncode names the signer of what was changed.
            "install.package_intact": r"is as it was signed\. Found: it was changed or damaged after .* signed it"
        },
        damaged=True,
    ),
    # Wine's installer hangs in such a cabinet, Windows' ends with 1603.
    "broken-cabinet": KnownBad(
        defects=frozenset({"unsigned"}),
        phases=INSTALLED,
        caught={"install.exit_code": r"The package itself may be why: .*Is one of its cabinets damaged\?"},
        profile={"installer.timeout_s": 20, "installer.unsigned": "a build before it is signed"},
        damaged=True,
    ),
    "dead-service": KnownBad(
        defects=frozenset({"service-does-not-start"}),
        phases=INSTALLED,
        caught={
            "install.exit_code": "the installer ends with success. Found: it ended with 16",
        },
    ),
    "unknown-to-windows": KnownBad(
        defects=frozenset({"unregistered"}),
        phases=INSTALLED,
        caught={"install.product_registered": "it knows no such product"},
    ),
    "quitter": KnownBad(
        defects=frozenset({"service-stops-soon", "unsigned-file"}),
        phases=INSTALLED,
        caught={
            "install.service_running": "service BvtRefAgent runs within 3 s. Found: it is stopped",
            "install.payload_signatures": r"not signed, or not as it was signed: refagent\.exe",
        },
        profile={"services.0.start_deadline_s": 3},
    ),
    "shy": KnownBad(
        defects=frozenset({"version-stops-service"}),
        phases=INSTALLED,
        caught={
            "install.service_stays": "which ran after the installation, still runs. Found: it is stopped"
        },
        profile={"services.0.start_deadline_s": 3},
    ),
}

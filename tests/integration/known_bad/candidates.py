"""Which defect of the reference agent trips which check, and in which candidate builds and cells they are tried.

A candidate holds every defect that can be seen independently of its others, so that few machines show all of them.
"""

from dataclasses import dataclass, field
from typing import Any

import yaml

from tests.integration.known_bad.profile import SHIPPED


@dataclass(frozen=True)
class KnownBad:
    """One candidate, the phases of its cell, and what the gate must say: check id → words of its message."""

    defects: frozenset[str]
    phases: tuple[str, ...]
    caught: dict[str, str]
    profile: dict[str, Any] = field(default_factory=dict)
    """Changes to the profile, by dotted path."""


INSTALLED = ("machine", "install", "uninstall", "residue")
CHECKED_IN = ("machine", "install", "check-in", "uninstall", "residue")
USED = ("machine", "install", "check-in", "functions", "uninstall", "residue")
REBOOTED = ("machine", "install", "reboot", "uninstall", "residue")
CLEAN_REBOOTED = ("machine", "install", "uninstall", "residue", "reboot-clean")
USED_AND_REBOOTED = ("machine", "install", "check-in", "functions", "reboot", "uninstall", "residue")

FILES = yaml.safe_load(SHIPPED.read_text())["files"]
EXTRACTED = "C:\\Windows\\Temp\\extracted.exe"

BAD: dict[str, KnownBad] = {
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
            "install.entry_unique": "Expected one entry named 'BVT Reference Agent', found 2",
            "install.entry_version": r"shows version 0\.9\.0, 1\.0\.0, the candidate is 1\.0\.0",
            "install.files": r"Missing after the installation: .*NOTICE\.txt",
            "install.file_versions": r"refagent\.exe has version 0\.0\.1\.0, the candidate is 1\.0\.0",
            "install.file_signatures": r"refagent\.exe carries no Authenticode signature",
            "install.registry": r"ReferenceAgent\\Version is missing",
            "install.running_version": r"--version says '0\.0\.1'; the candidate is 1\.0\.0",
            "install.loopback_ports": r"listens beyond loopback: 0\.0\.0\.0:\d+",
            "install.no_crash": r"Crash files appeared: .*refagent\.dmp",
            "install.extraction_leftovers": r"left behind: c:\\windows\\temp\\extracted\.exe",
            "install.payload_signatures": r"Not signed, or not as it was signed: refagent\.exe",
            "install.no_pending_reboot": "ended with 3010: a reboot is needed",
            "install.driver_loaded": "no service or driver named BvtMissingDriver",
            "install.service_start_type": "has start type 3, expected 2",
            "install.service_display_name": "is shown as 'Some Other Agent'",
            "install.service_description": "has description 'Does something else.'",
            "install.service_image_path": r"runs 'C:\\\\Windows\\\\Temp\\\\refagent\.exe'",
            "install.service_dependencies": "depends on .*PlugPlay",
            "uninstall.no_pending_reboot": "ended with 3010: a reboot is needed",
            "residue.processes": r"Still running after the uninstall: .*refagent\.exe",
            "residue.services": "service bvtrefagent",
            "residue.entry": "Still listed after the uninstall: bvt leftover",
            "residue.files": r"leftover\.dat",
            "residue.registry": r"hklm\\software\\bvt",
            "residue.shared_registry": r"hklm\\software\\bvtelsewhere, hklm\\software\\.*\\run\\bvtautostart\.",
            "residue.tasks": r"scheduled task \\bvtrefagentleftover",
            "residue.pending_renames": r"bvt-pending\.dat",
            "residue.sentinel_files": r"unrelated file C:\\bvt-sentinel\\keep\.txt is gone",
            "residue.sentinel_service": "unrelated service BvtSentinel is gone",
            "residue.no_crash": r"Crash files appeared: .*refagent\.dmp",
            "residue.nothing_taken": "Gone since before the installation: bvtsentinel",
        },
    ),
    "dead-service": KnownBad(
        defects=frozenset({"service-does-not-start"}),
        phases=INSTALLED,
        caught={
            "install.exit_code": "The installer ended with 16",
        },
    ),
    "unknown-to-windows": KnownBad(
        defects=frozenset({"unregistered"}),
        phases=INSTALLED,
        caught={"install.product_registered": "Windows Installer knows no product"},
    ),
    "quitter": KnownBad(
        defects=frozenset({"service-stops-soon"}),
        phases=INSTALLED,
        caught={"install.service_running": "Service BvtRefAgent was not running within"},
        profile={"services.0.start_deadline_s": 3},
    ),
    "one-start-only": KnownBad(
        defects=frozenset({"does-not-restart", "uninstall-fails"}),
        phases=REBOOTED,
        caught={
            "install.service_restart": "Service BvtRefAgent did not become RUNNING",
            "reboot.services": "After the reboot service BvtRefAgent is not running",
            "reboot.same_endpoint": "did not check in within",
            "uninstall.exit_code": "The uninstaller ended with 16",
        },
    ),
    "stranger": KnownBad(
        defects=frozenset({"wrong-version", "wrong-identity", "malformed-log", "no-heartbeat"}),
        phases=CHECKED_IN,
        caught={
            "check-in.version": r"enrolled as version 0\.0\.1, the candidate is 1\.0\.0",
            "check-in.identity": "enrolled as '00000000-0000-0000-0000-000000000000'",
            "check-in.heartbeat": "No further sign of life within",
            "check-in.enrols_again": "the agent did not enrol again within",
            "check-in.recovers": "the agent was not seen again within",
            "check-in.protocol": "could not understand a request: /log: .*gossip",
        },
    ),
    "mute": KnownBad(
        defects=frozenset({"never-checks-in", "leaves-extracted-program"}),
        phases=CHECKED_IN,
        caught={
            "check-in.enrolled": "The agent did not enrol at the backend within",
            "residue.files": r"Left after the uninstall: c:\\windows\\temp\\extracted\.exe\.",
        },
        # A declared file outside of all folders that are listed: it is asked for by its name.
        profile={"files": [*FILES, {"path": EXTRACTED}]},
    ),
    "blind-and-deaf": KnownBad(
        defects=frozenset(
            {
                "no-process-events",
                "no-connection-events",
                "no-listening-port-events",
                "no-service-events",
                "no-file-events",
                "no-registry-events",
                "no-scheduled-task-events",
                "ignores-live-query",
                "ignores-config-push",
            }
        ),
        phases=USED,
        caught={
            "functions.process_start": "No added row of query 'processes'",
            "functions.connection": "No added row of query 'process_open_sockets'",
            "functions.listening_port": "No added row of query 'listening_ports'",
            "functions.service": "No added row of query 'services'",
            "functions.file_change": "No added row of query 'file_events'",
            "functions.registry_change": "No added row of query 'registry'",
            "functions.scheduled_task": "No added row of query 'scheduled_tasks'",
            "functions.configuration_push": "The pushed configuration did not take effect",
            "functions.live_query": "was not answered within",
            "functions.isolation": "did not report 'isolation engaged'",
        },
        profile={"configuration.deadline_s": 3, "live_query.deadline_s": 3}
        | {f"response_actions.{action}.deadline_s": 3 for action in ("isolate", "release")}
        | {
            f"telemetry.{stimulus}.deadline_s": 2
            for stimulus in (
                "process_start",
                "connection",
                "listening_port",
                "service",
                "file_change",
                "registry_change",
                "scheduled_task",
            )
        },
    ),
    "gullible": KnownBad(
        defects=frozenset({"accepts-invalid-config", "no-release", "blocks-reboot", "malformed-log"}),
        phases=USED_AND_REBOOTED,
        caught={
            "functions.configuration_refused": "The invalid configuration 'not-json' was not refused",
            "functions.last_good_configuration": "the last good one is no longer in force",
            "functions.release": "did not report 'isolation released'",
            "functions.protocol": "could not understand a request: /log: .*gossip",
            "reboot.comes_back": "reboot did not happen within",
        },
    ),
    "revenant": KnownBad(
        defects=frozenset({"comes-back"}),
        phases=CLEAN_REBOOTED,
        caught={
            "reboot-clean.processes": r"Running after the uninstall and a reboot: .*refagent\.exe",
            "reboot-clean.services": "service bvtrefagent",
            "reboot-clean.files": r"referenceagent\\refagent\.exe",
            "reboot-clean.registry": r"hklm\\software\\bvt",
            "reboot-clean.sentinel_files": r"Gone after .*bvt-sentinel\.txt",
        },
    ),
    "parting-shot": KnownBad(
        defects=frozenset({"reboots-when-gone"}),
        phases=CLEAN_REBOOTED,
        # It asks again and again, so that on a busy machine one of its requests may meet the boot after that.
        caught={"reboot-clean.once": "booted [34] times|rebooted [12] times without being asked"},
    ),
    # Without a phase that reboots, and with nothing else that would show it.
    "sleepwalker": KnownBad(
        defects=frozenset({"reboots-by-itself"}),
        phases=CHECKED_IN,
        caught={"residue.boots": "rebooted 1 times without being asked"},
    ),
    "boot-loop": KnownBad(
        defects=frozenset({"reboots-again"}),
        phases=REBOOTED,
        caught={"reboot.once": "rebooted 1 times without being asked"},
    ),
}

MACHINE_CHECKS = frozenset({"machine.windows_version", "machine.way_to_backend", "machine.clean"})
"""About the lab and not the candidate; test_wrong_image.py trips them."""

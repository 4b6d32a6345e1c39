"""The kinds of defects: which check names a defect, and in which words. `./dev power` makes the catch table of it.

A line for each thing that can be wrong. `candidates.py` says what is in a candidate, this what must be said of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from examples.reference_agent.defects import DEFECTS
from harness.checks.catalogue import catalogue
from tests.integration.known_bad.candidates import BAD

INSTALL = "installation"
SERVICE = "service"
ENVIRONMENT = "PATH, variables, system programs"
OTHERS = "the system and other products"
LEFT = "left behind"
LATER = "left behind, seen later"
BACKEND = "identity and backend"
SECRET = "secrets"
HEALTH = "health"
DELIVERY = "delivery"
CONTROL = "configuration and control"
BOOT = "reboots"
LIFE = "upgrade, repair, downgrade, uninstall"
BROKEN = "broken off, hindered, repeated"
DIRTY = "dirty machines"
LONG = "a long time"
TABLES = "tables of the MSI"
OTHER = "other"


@dataclass(frozen=True)
class Named:
    """One defect, or one part of it: its kind, the check that names it, and what its message holds."""

    defect: str
    kind: str
    check: str
    words: str = ""
    """A regular expression; none: the one of the candidate, which then has no other defect for this check."""
    what: str = ""
    """In words, where the defect is only a part of what a candidate's defect does."""

    @property
    def meaning(self) -> str:
        """What is wrong, for people."""
        return self.what or DEFECTS.get(self.defect, self.defect)


def _of(kind: str, *lines: tuple[str, ...]) -> Iterator[Named]:
    for defect, check, *rest in lines:
        yield Named(defect, kind, check, *rest)


KINDS: tuple[Named, ...] = (
    *_of(
        INSTALL,
        ("unsigned", "install.installer_signature"),
        ("unsigned-file", "install.payload_signatures"),
        (
            "changed-after-signing",
            "install.package_intact",
            "",
            "bytes of the package are changed after it was signed",
        ),
        ("broken-cabinet", "install.exit_code", "", "a damaged cabinet makes the installer hang or fail"),
        ("second-uninstall-entry", "install.entry_unique", r"Found: 2: "),
        ("second-uninstall-entry", "install.entry_version", "", "an entry that shows another version"),
        ("unregistered", "install.product_registered"),
        ("hides-entry", "install.entry_unique", "SystemComponent is set"),
        ("missing-file", "install.files"),
        ("missing-registry-value", "install.registry"),
        ("wrong-file-version", "install.file_versions"),
        ("wrong-version-command", "install.running_version"),
        ("leaves-extracted-program", "install.extraction_leftovers"),
        ("unsigned", "install.file_signatures", "", "an executable that the profile calls signed is not"),
        ("unsigned", "install.payload_signatures", "", "a program in the package is not signed"),
        ("leaves-crash-dump", "install.no_crash"),
        ("leaves-crash-dump", "residue.no_crash", "", "a dump is there at the end"),
        ("listens-on-all-interfaces", "install.loopback_ports"),
        ("needs-reboot-to-install", "install.no_pending_reboot"),
        ("missing-driver", "install.driver_loaded", "", "a driver that the profile names is not there"),
    ),
    *_of(
        SERVICE,
        ("service-does-not-start", "install.exit_code"),
        ("service-stops-soon", "install.service_running"),
        ("version-stops-service", "install.service_stays"),
        ("does-not-restart", "install.service_restart"),
        ("wrong-start-type", "install.service_start_type"),
        ("wrong-display-name", "install.service_display_name"),
        ("wrong-description", "install.service_description"),
        ("wrong-image-path", "install.service_image_path"),
        ("wrong-dependency", "install.service_dependencies"),
    ),
    *_of(
        TABLES,
        ("breaks-rules", "install.msi_upgrade", "", "a version that Windows Installer does not compare"),
        ("breaks-rules", "install.msi_components", "", "a component that stays for ever"),
        ("breaks-rules", "install.msi_services", "its tables say none", "no failure actions for the service"),
        ("wrong-account", "install.msi_services", r"msi\.services\.account"),
        ("critical-service", "install.msi_services", r"keeps-windows-from-starting"),
        (
            "breaks-rules",
            "install.msi_actions",
            "",
            "a custom action that runs as SYSTEM from a folder for everyone",
        ),
        (
            "breaks-rules",
            "install.msi_properties",
            "",
            "a secret property that is not in MsiHiddenProperties",
        ),
        ("breaks-rules", "install.msi_access", "", "an access list that lets everyone write"),
        ("breaks-rules", "install.msi_system", "it runs at every uninstall", "an unconditional reboot"),
        ("breaks-rules", "install.msi_system", "condition-unreadable", "a condition that cannot be read"),
    ),
    *_of(
        ENVIRONMENT,
        ("overwrites-path", "install.environment", "PATH lost %SystemRoot%"),
        ("empties-path", "install.environment", "it is ''"),
        ("changes-comspec", "install.environment", "ComSpec is "),
        ("changes-pathext", "install.environment", r"PATHEXT "),
        ("deletes-reg-exe", "install.system_programs", r"reg\.exe is gone"),
        ("deletes-reg-exe", "residue.system_programs", "", "the system's program is gone at the end"),
        ("overwrites-path", "residue.environment", "", "PATH is not restored at the end"),
        ("replaces-reg-exe", "install.system_programs", r"reg\.exe was replaced"),
        ("leaves-variable", "residue.environment_left"),
    ),
    *_of(
        OTHERS,
        ("deletes-system-file", "install.foreign_files", r"notepad\.exe was deleted"),
        ("changes-system-file", "install.foreign_files", r"winver\.exe was changed"),
        ("changes-hosts", "install.foreign_files", r"etc\\hosts was changed"),
        ("disables-service", "install.foreign_registry", r"winmgmt\\start was changed"),
        ("deletes-class", "install.foreign_registry", r"chm\.file.* was deleted"),
        ("sets-policy", "install.foreign_registry", "noautoupdate"),
        ("sets-proxy", "install.foreign_registry", r"internet settings\\proxy"),
        ("hijacks-program", "install.foreign_registry", r"calc\.exe\\debugger"),
        ("trusts-a-root", "install.foreign_registry", r"root\\certificates\\0011"),
        ("tampers-sentinel", "residue.sentinel_files"),
        ("clears-temp", "residue.sentinel_files"),
        ("removes-vendor-folder", "reinstall.neighbours"),
        ("hides-system-file", "install.foreign_files", r"hostname\.exe was changed"),
        ("tampers-sentinel-service", "residue.sentinel_service"),
        ("tampers-sentinel-service", "residue.nothing_taken", "", "another product's service is taken along"),
    ),
    *_of(
        LEFT,
        ("leaves-process", "residue.processes"),
        ("leaves-system-child", "residue.orphans"),
        ("leaves-service", "residue.services"),
        ("leaves-entry", "residue.entry"),
        ("leaves-file", "residue.files", r"leftover\.dat"),
        ("leaves-folder", "residue.files", r"bvt\\cache"),
        (
            "leaves-extracted-program",
            "residue.files",
            "",
            "a declared file outside of the agent's folders stays",
        ),
        ("leaves-registry", "residue.registry"),
        ("leaves-shared-registry", "residue.shared_registry"),
        ("leaves-task", "residue.tasks"),
        ("leaves-pending-rename", "residue.pending_renames"),
        ("needs-reboot-to-uninstall", "uninstall.no_pending_reboot"),
        ("leaves-system-files", "residue.machine_files", r"system32\\bvtshell\.dll"),
        (
            "leaves-system-files",
            "residue.machine_files",
            r"drivers\\bvtflt\.sys",
            "a driver stays in System32",
        ),
        ("leaves-script", "residue.machine_files", r"bvt-cleanup\.cmd"),
        ("leaves-shortcut", "residue.machine_files", r"bvt console\.lnk"),
        ("leaves-folder-on-drive", "residue.machine_files", r"c:\\bvtwork"),
        ("leaves-users-key", "residue.machine_registry", r"hku\\\.default\\software\\bvtelsewhere"),
        ("leaves-root-certificate", "residue.machine_registry", r"root\\certificates\\0011"),
        ("leaves-firewall-rule", "residue.machine_registry", r"firewallrules\\bvtrefagent"),
        ("leaves-class", "residue.machine_registry", "inprocserver32"),
        ("leaves-exclusions", "residue.machine_registry", r"windows defender\\exclusions"),
        (
            "leaves-exclusions",
            "residue.machine_registry",
            "excludedapplications",
            "an exclusion from error reporting stays",
        ),
    ),
    *_of(
        LATER,
        ("writes-log-late", "residue.stays_gone"),
        ("writes-elsewhere-late", "residue.machine_files", r"bvt-late\.log"),
        ("comes-back", "reboot-clean.services"),
        ("comes-back", "reboot-clean.files", "", "files are there again at the next boot"),
        ("comes-back", "reboot-clean.processes", "", "a process runs again at the next boot"),
        ("comes-back", "reboot-clean.registry", "", "keys are there again at the next boot"),
        ("comes-back", "reboot-clean.sentinel_files", "", "a neighbour's file is gone at the next boot"),
    ),
    *_of(
        BACKEND,
        ("never-checks-in", "check-in.enrolled"),
        ("wrong-version", "check-in.version"),
        ("wrong-identity", "check-in.identity"),
        ("no-heartbeat", "check-in.heartbeat"),
        ("keeps-old-key", "check-in.enrols_again"),
        ("gives-up", "check-in.recovers"),
        ("malformed-log", "check-in.protocol"),
        ("malformed-log", "functions.protocol", "", "a request that is not of the protocol, in use"),
        ("does-not-restart", "reboot.same_endpoint", "", "the agent is not heard after a reboot"),
        ("enrols-at-each-start", "check-in.restart_keeps_identity", "enrolled again|the agent is still"),
        (
            "enrols-at-each-start",
            "uninstall.enrolments",
            "enrolled [34] times|other ident",
            "enrols without a reason",
        ),
        ("new-identity", "uninstall.enrolments", "other identities"),
        ("any-certificate", "check-in.other_certificate"),
        ("retries-hot", "check-in.retry_pace"),
        ("never-backs-off", "check-in.backs_off"),
        ("falls-silent-later", "uninstall.still_there"),
    ),
    *_of(
        SECRET,
        ("logs-secret", "uninstall.secret_in_files", r"agent\.log holds the enrolment secret"),
        (
            "logs-secret",
            "uninstall.secret_in_telemetry",
            r"a message \(status\)",
            "the enrolment secret is in what the agent reports",
        ),
        ("secret-in-temp", "uninstall.secret_in_files", r"bvt-enrolled\.tmp holds a node key"),
        ("secret-in-registry", "uninstall.secret_in_registry", r"lastkey holds a node key"),
        ("secret-in-image-path", "uninstall.secret_in_registry", "imagepath holds the enrolment secret"),
        ("secret-on-command-line", "uninstall.secret_on_command_line"),
        ("secret-in-environment", "uninstall.secret_in_registry", "bvt_enrolment"),
        ("secret-in-url", "uninstall.secret_in_telemetry", "where proxies log it"),
        ("secret-in-installer-log", "uninstall.secret_in_installer_log"),
    ),
    *_of(
        HEALTH,
        ("takes-memory", "uninstall.memory"),
        ("takes-threads", "uninstall.threads"),
        ("takes-processes", "uninstall.process_count"),
        ("takes-disk", "uninstall.disk"),
        ("leaks-memory", "uninstall.memory_growth"),
        ("grows-on-disk", "uninstall.data_growth"),
        ("spins", "uninstall.processor"),
        ("chatters", "uninstall.log_pace"),
        ("leaks-threads", "uninstall.thread_growth"),
        ("leaks-connections", "uninstall.connections"),
        ("restarts-unasked", "uninstall.restarts"),
        ("logs-errors", "uninstall.error_lines"),
        ("opens-port-late", "uninstall.loopback_ports"),
    ),
    *_of(
        DELIVERY,
        ("no-process-events", "functions.process_start"),
        ("no-connection-events", "functions.connection"),
        ("no-listening-port-events", "functions.listening_port"),
        ("no-service-events", "functions.service"),
        ("no-file-events", "functions.file_change"),
        ("no-registry-events", "functions.registry_change"),
        ("no-scheduled-task-events", "functions.scheduled_task"),
        ("events-twice", "functions.exactly_once"),
        ("wrong-event-time", "functions.event_time"),
        ("invents-events", "functions.nothing_invented"),
        ("loses-events-in-outage", "functions.outage", "never w(?:as|ere)"),
        ("loses-bursts", "functions.burst"),
        ("mangles-names", "functions.foreign_names", "file_change .*, registry_change "),
        ("mangles-command-lines", "functions.foreign_names", "process_start with"),
        ("cuts-command-lines", "functions.long_texts", "process start"),
        ("cuts-values", "functions.long_texts", "registry change"),
        ("keeps-few", "functions.outage", "all of 21 changes during an outage"),
        ("loses-events-at-change", "functions.lost_at_change"),
        ("tells-again-at-start", "upgrade.told_once"),
    ),
    *_of(
        CONTROL,
        ("ignores-config-push", "functions.configuration_push"),
        ("ignores-config-push", "functions.isolation", "", "the host is never isolated"),
        ("accepts-invalid-config", "functions.configuration_refused"),
        (
            "accepts-invalid-config",
            "functions.last_good_configuration",
            "",
            "the last good configuration is lost",
        ),
        ("ignores-live-query", "functions.live_query"),
        ("answers-twice", "functions.answered_once"),
        ("answers-from-memory", "functions.live_query_again"),
        ("short-answers", "functions.live_query_again"),
        ("stops-at-bad-query", "functions.live_query_again"),
        ("no-release", "functions.release"),
    ),
    *_of(
        BOOT,
        ("does-not-restart", "reboot.services", "", "the service does not run after a reboot"),
        ("blocks-reboot", "reboot.comes_back"),
        ("reboots-again", "reboot.once"),
        ("reboots-by-itself", "residue.boots"),
        ("reboots-when-gone", "reboot-clean.once"),
    ),
    *_of(
        LIFE,
        ("does-not-replace", "upgrade.entry_unique"),
        ("enrols-at-each-start", "upgrade.same_endpoint", "", "an upgrade makes the agent enrol anew"),
        ("drops-settings", "upgrade.settings"),
        ("keeps-old-file", "upgrade.old_parts"),
        (
            "takes-memory",
            "uninstall.footprint",
            "MB of memory",
            "within its budget, many times the memory of before",
        ),
        (
            "takes-threads",
            "uninstall.footprint",
            "threads, before",
            "within its budget, many times the threads of before",
        ),
        ("repairs-nothing", "repair.files"),
        ("repairs-nothing", "repair.registry", "", "a repair does not restore registry values"),
        ("repairs-nothing", "repair.service_running", "", "a repair does not restore the service"),
        ("repair-forgets", "repair.same_endpoint"),
        ("repair-resets", "repair.settings"),
        ("cannot-come-again", "reinstall.exit_code"),
        ("lets-older-mix", "downgrade.exit_code"),
        ("lets-older-mix", "downgrade.went_back", "", "where hosts were to go back, two versions are mixed"),
        ("uninstall-fails", "uninstall.exit_code"),
        ("uninstall-hangs", "uninstall.exit_code"),
    ),
    *_of(
        BROKEN,
        ("refuses-over-own-files", "install.exit_code"),
        ("needs-old-file", "upgrade.exit_code"),
        ("cannot-finish-leaving", "residue.registry"),
        ("leaves-when-failed", "residue.registry"),
        ("copies-by-hand", "hindered.exit_code"),
        ("locks-its-uninstall", "uninstall.exit_code"),
    ),
    *_of(
        DIRTY,
        ("forgets-its-source", "uninstall.exit_code"),
        ("enrols-once-only", "check-in.enrolled"),
        ("destroyed-at-reboot", "reboot.files"),
        ("destroyed-at-reboot", "reboot.services", "", "the service does not survive a pending reboot"),
        ("refuses-beside-old", "install.exit_code"),
        ("keeps-old-key", "check-in.enrolled", "", "a node key of an earlier installation is never given up"),
        ("needs-western-code-page", "install.exit_code"),
        ("knows-one-place", "install.exit_code"),
    ),
    *_of(
        LONG,
        ("falls-silent-later", "soak.heard", "", "not heard any more after a while"),
        ("no-file-events", "soak.events", "", "what happens in use is not reported"),
        ("leaks-for-ever", "soak.memory"),
        ("grows-for-ever", "soak.data"),
        ("stops-later", "soak.services"),
    ),
)

WITHOUT_DEFECT = {
    "changed-after-signing": "tampered-with",
    "broken-cabinet": "broken-cabinet",
    "missing-driver": "careless-installer",
}
"""Defects that are made otherwise than by the agent's build → their candidate."""

ELSEWHERE: dict[str, str] = {
    "crashes-after-install": "the service's crash is seen by install.service_stays, as version-stops-service shows",
    "is-not-stopped": "Wine's installer deletes the files of a running program, so nothing stays to be seen",
    "rejects-silently": "accepts-invalid-config trips the same check in the same words",
    "no-isolation": "ignores-config-push trips the same check",
    "stops-slowly": "no defect: the good twin `busy` has it",
    "no-user-events": "Wine keeps no users",
    "no-group-events": "Wine keeps no groups",
    "no-permission-events": "Wine keeps no access lists",
    "no-firewall-rule-events": "Wine has no firewall",
    "leaves-data-when-failed": "Wine's installer runs no rollback action, so the good agent leaves it, too",
    "cuts-network": "needs a virtual machine",
    "cannot-be-removed": "a warning of the rules: some products are to stay",
    "interactive-service": "Wine starts no such service; a rule finds it in the tables",
    "pauses-for-long": "check-in.heartbeat and others meet it, by chance where it stands in its pause",
    "forgets-isolation": "open: nothing looks at isolation after a restart on a system without a packet filter",
}
"""Defects of the reference agent that the table does not have → why."""


def in_candidates() -> Iterator[tuple[Named, str]]:
    """Each line with every candidate that shows it; then what a candidate must trip and no line names."""
    named = list(_named())
    yield from named
    told = {(candidate, each.check) for each, candidate in named}
    titles = {check.id: check.title for check in catalogue()}
    for candidate, bad in BAD.items():
        for check in bad.caught:
            if (candidate, check) not in told:
                yield Named("", OTHER, check, what=f"the opposite of: {titles.get(check, check)}"), candidate


def _named() -> Iterator[tuple[Named, str]]:
    for named in KINDS:
        for candidate, bad in BAD.items():
            if named.check not in bad.caught:
                continue
            if named.defect in bad.defects or WITHOUT_DEFECT.get(named.defect) == candidate:
                yield named, candidate


def words_of(named: Named, candidate: str) -> str:
    """The regular expression that the message must match."""
    return named.words or BAD[candidate].caught[named.check]

"""Known-bad candidates that open what decides over others, hide secrets in what is packed, and take a refusal badly."""

from tests.integration.known_bad.cells import CHECKED_IN, INSTALLED, REPAIRED, UPGRADED, USED
from tests.integration.known_bad.known import KnownBad

OF_COVERT: dict[str, KnownBad] = {
    "opens-up": KnownBad(
        defects=frozenset(
            {
                "lengthens-shutdown",
                "turns-mitigations-off",
                "runs-before-windows",
                "mutes-a-channel",
                "opens-dcom",
                "loads-into-netsh",
                "takes-over-programs",
                "opens-the-firewall",
                "opens-in-use",
                "starts-from-public",
                "task-from-temp",
                "secret-in-packed-log",
                "secret-in-bundle",
            }
        ),
        phases=USED,
        caught={
            "install.foreign_registry": r"microsoft\\netsh\\bvt, .*ole\\legacyauthenticationlevel, "
            r".*sysmon/operational\\enabled, .*session manager\\bootexecute, .*featuresettingsoverride, "
            r".*waittokillservicetimeout, .*firewallrules\\bvtagent, .*exefile\\shell\\open\\command",
            "uninstall.foreign_registry": r"firewallrules\\bvtagentlater",
            "uninstall.open_folders": r"tray\.exe, named by .*\\run\\bvttray, "
            r".*update\.exe, named by .*\\tasks\\bvtupdate",
            "uninstall.secret_in_files": r"agent\.log\.2\.gz holds a node key",
            "uninstall.secret_in_diagnosis": r"registry\.reg\.gz holds a node key",
        },
    ),
    "in-passing": KnownBad(
        defects=frozenset({"secret-in-passing", "opens-its-folder", "turns-scans-off", "storm-of-programs"}),
        phases=CHECKED_IN,
        caught={
            "uninstall.secret_on_command_line": r"the command line of c:\\windows\\system32\\cmd\.exe holds a node key",
            "uninstall.commands": r"it lets every user write: .*it turns Defender off: ",
            "uninstall.programs": r"at most 200 programs started in a minute\. Found: \d+ in \d+ s, "
            r"most of them .*cmd\.exe",
        },
    ),
    "restless-disk": KnownBad(
        defects=frozenset(
            {"rewrites-its-state", "listens-by-udp", "leaves-user-variable", "leaves-temporary-files"}
        ),
        phases=CHECKED_IN,
        profile={"health.written_mb": 100},  # on a slow machine it wrote 400 MB until its end
        caught={
            "uninstall.writes": r"at most 100 MB written in a minute",
            "install.loopback_ports": r"0\.0\.0\.0:",
            "residue.environment_left": r"bvt_left",
            "residue.machine_files": r"temp\\tmp3fa9\.tmp, .*setup\.ini",
        },
    ),
    "meddles-when-it-takes-over": KnownBad(
        defects=frozenset({"meddles-at-upgrade"}),
        phases=(),
        steps=UPGRADED,
        caught={"upgrade.foreign_registry": r"windowsupdate\\au\\noautoupdate"},
    ),
    "meddles-when-it-mends": KnownBad(
        defects=frozenset({"meddles-at-repair"}),
        phases=(),
        steps=REPAIRED,
        caught={"repair.foreign_registry": r"windowsupdate\\au\\noautoupdate"},
    ),
    "by-more-tables": KnownBad(
        defects=frozenset(
            {
                "command-opens-its-folder",
                "command-opens-the-firewall",
                "command-turns-scans-off",
                "reboots-when-it-fails",
                "user-control",
                "password-in-property",
            }
        ),
        phases=INSTALLED,
        caught={
            "install.msi_actions": r"OpenFolder: it lets every user write.*OpenDoor: the firewall lets everybody in"
            r".*NoScans: it turns Defender off",
            "install.msi_services": r"the machine is rebooted then",
            "install.msi_properties": r"PROXYPASSWORD: its value is written out.*EnableUserControl",
        },
    ),
    "by-more-commands": KnownBad(
        defects=frozenset({"fetches-a-program", "nested-installation", "never-awaited"}),
        phases=INSTALLED,
        caught={"install.msi_actions": r"Fetch: it runs .*Nest: it runs .*Alone: nobody waits"},
    ),
    "takes-no-for-an-answer": KnownBad(
        defects=frozenset({"takes-no-for-final"}),
        phases=CHECKED_IN,
        caught={"check-in.enrols_again": r"it did not enrol again, after 1 that were refused or failed"},
    ),
    "takes-forbidden-for-an-answer": KnownBad(
        defects=frozenset({"takes-forbidden-for-final"}),
        phases=CHECKED_IN,
        caught={"check-in.enrols_again": r"it did not enrol again, after 2 that were refused or failed"},
    ),
    "presses-on": KnownBad(
        defects=frozenset({"enrols-at-one-pace"}),
        phases=CHECKED_IN,
        caught={
            "check-in.enrolment_pace": r"at most 5 enrolments per second .* Found: \d+\.\d per second told "
            "that it is unknown"
        },
    ),
    "sulks": KnownBad(
        defects=frozenset({"silent-after-stranger"}),
        phases=CHECKED_IN,
        caught={"check-in.comes_back": r"shown its own certificate again, the agent is seen within"},
    ),
}

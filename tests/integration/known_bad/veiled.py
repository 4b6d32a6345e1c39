"""Known-bad candidates whose harm is undone when they leave, or that nobody sees who looks at the agent's own places."""

from tests.integration.known_bad.cells import CHECKED_IN, INSTALLED, USED
from tests.integration.known_bad.known import KnownBad

OF_VEILED: dict[str, KnownBad] = {
    "lowers-the-guard": KnownBad(
        defects=frozenset(
            {
                "excludes-everything",
                "turns-firewall-off",
                "turns-off-consent",
                "runs-in-each-shell",
                "allows-old-tls",
                "allows-any-script",
                "trusts-a-publisher",
                "profiles-everything",
                "path-grows",
                "writes-policy-file",
                "writes-shell-profile",
            }
        ),
        phases=CHECKED_IN,
        caught={
            "install.foreign_files": r"grouppolicy\\machine\\registry\.pol, .*\\v1\.0\\profile\.ps1",
            "install.foreign_registry": r"command processor\\autorun, .*exclusions\\paths\\c:\\, .*"
            r"enablelua was changed",
            "install.environment": "COR_ENABLE_PROFILING is set.*COR_PROFILER is set",
            "uninstall.environment": r"PATH holds c:\\program files\\bvt\\referenceagent [234] times",
        },
    ),
    "opens-doors": KnownBad(
        defects=frozenset(
            {
                "keeps-passwords-plain",
                "loads-everywhere",
                "redirects-names",
                "opens-remote-desktop",
                "proxy-of-the-system",
                "watches-exits",
            }
        ),
        phases=INSTALLED,
        caught={
            "install.foreign_registry": r"silentprocessexit\\notepad\.exe\\monitorprocess, .*appinit_dlls, "
            r".*wdigest\\uselogoncredential, .*fdenytsconnections, .*\\proxyserver"
        },
    ),
    "puts-it-back": KnownBad(
        defects=frozenset(
            {
                "trusts-in-use",
                "disables-in-use",
                "ruins-path-in-use",
                "hosts-in-use-only",
                "damages-its-settings",
            }
        ),
        phases=USED,
        caught={
            "uninstall.as_installed": r"ReferenceAgent\\Version holds something else",
            "uninstall.foreign_files": r"etc\\hosts was changed",
            "uninstall.foreign_registry": r"root\\certificates\\0011.*\\blob, .*winmgmt\\start was changed",
            "uninstall.environment": r"PATH lost %SystemRoot%\\system32",
        },
    ),
    "elsewhere-and-gone": KnownBad(
        defects=frozenset(
            {
                "fills-elsewhere",
                "grows-elsewhere",
                "runs-above-others",
                "runs-from-temp",
                "dumps-in-its-folder",
                "dumps-in-use",
                "calls-home",
                "leaks-listeners",
                "listens-by-version-six",
                "makes-second-service",
                "secret-on-drive",
                "secret-in-other-key",
                "secret-in-users-key",
                "secret-in-header",
                "wrong-host-name",
            }
        ),
        phases=USED,
        profile={"health": {"data_mb": 10, "growth_mb": 100, "connections": 20}},
        caught={
            "install.loopback_ports": r"it listens on :::\d+",
            "check-in.host_facts": r"with the machine's name, '.*'\. Found: it says 'localhost'",
            "uninstall.connections": r"at most 20 open ports\. Found: \d+",
            "uninstall.priority": r"refagent\.exe \(high\)",
            "uninstall.no_crash": r"crashes\\worker-1\.dmp, .*Minidump\\refagent\.dmp",
            "uninstall.room_elsewhere": r"at most 10 MB in files outside of its own folders\. Found: \d+",
            "uninstall.undeclared_services": "also bvtrefhelper",
            "uninstall.open_folders": r"c:\\windows\\temp\\bvt-helper\.exe",
            "uninstall.strangers": r"also to [\d.]+:80",
            "uninstall.secret_in_files": r"c:\\bvt-debug\.log holds a node key",
            "uninstall.secret_in_registry": r"bvtelsewhere\\debug\\node holds a node key, "
            r"hku\\\.default\\.*\\node holds a node key",
            "uninstall.secret_in_telemetry": r"where proxies log it \(address\) holds a node key",
        },
    ),
    "talks-too-much": KnownBad(
        defects=frozenset({"polls-hot", "wrong-system"}),
        phases=CHECKED_IN,
        profile={
            "check_in.busiest_per_s": 12
        },  # on a busy host a hot loop is not so hot: 16 a second were seen
        caught={
            "check-in.host_facts": r"enrols with Windows \d+\.\d+\.\d+\. Found: it says '6\.2\.9200'",
            "uninstall.traffic": r"at most 12 requests per second while all is well\. Found: \d+\.\d",
        },
    ),
    "long-winded": KnownBad(
        defects=frozenset({"sends-ballast"}),
        phases=CHECKED_IN,
        profile={"check_in.sent_mb": 1},
        caught={"uninstall.traffic": r"at most 1 MB sent in a minute\. Found: \d+\.\d MB"},
    ),
    "drops-some": KnownBad(
        defects=frozenset({"overlooks-a-service", "loses-one-file-in-ten", "loses-one-in-ten"}),
        phases=USED,
        caught={
            "functions.programs_at_once": r"each of 10 programs .* Found: \d never were",
            "functions.burst": r"all of 100 files changed at once are reported\. Found: \d+ never were",
            "uninstall.every_service": r"1 never were: winmgmt",
        },
    ),
    "slow-to-stop": KnownBad(
        defects=frozenset({"stops-for-long"}),
        phases=INSTALLED,
        caught={"install.service_restart": "did not become STOPPED within 30 s"},
    ),
    "deaf-to-stop": KnownBad(
        defects=frozenset({"refuses-to-stop"}),
        phases=INSTALLED,
        caught={"install.service_restart": "`sc stop` ended with exit code 1052"},
    ),
    "parting-reboot": KnownBad(
        defects=frozenset({"leaves-with-a-reboot"}),
        phases=INSTALLED,
        caught={"residue.boots": "without being asked"},
    ),
    "by-the-tables": KnownBad(
        defects=frozenset(
            {
                "reboot-property",
                "no-rollback",
                "finds-nothing",
                "never-asks-conditions",
                "autostart-from-everybodys",
                "password-in-tables",
                "secret-to-a-command",
                "secret-read-back",
                "sweeps-all-files",
                "service-stays-by-table",
                "key-in-package",
            }
        ),
        phases=INSTALLED,
        caught={
            "install.payload_content": "it holds a private key",
            "install.msi_upgrade": "FindRelatedProducts never runs",
            "install.msi_services": r"no row of ServiceControl deletes it on uninstall"
            r".*BvtTray: it runs \[CommonAppDataFolder\]",
            "install.msi_properties": "the password of its account is written out",
            "install.msi_system": "Property: REBOOT: it is 'Force'",
        },
    ),
    "badly-packed": KnownBad(
        defects=frozenset({"zeros-in-package"}),
        phases=INSTALLED,
        caught={"install.payload_content": r"NOTICE\.txt: its \d+ bytes are all zeros"},
    ),
}

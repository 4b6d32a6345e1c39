"""Known-bad candidates that do harm beyond their own folders: to the system, its environment, other products."""

from tests.integration.known_bad.cells import INSTALLED, REINSTALLED
from tests.integration.known_bad.known import KnownBad

OF_NEIGHBOURHOOD: dict[str, KnownBad] = {
    "all-over-the-place": KnownBad(
        defects=frozenset(
            {
                "leaves-system-files",
                "leaves-script",
                "leaves-root-certificate",
                "leaves-firewall-rule",
                "leaves-class",
                "leaves-exclusions",
                "leaves-system-child",
                "writes-elsewhere-late",
                "sets-proxy",
                "hijacks-program",
                "leaves-shortcut",
                "leaves-users-key",
                "leaves-folder-on-drive",
            }
        ),
        phases=INSTALLED,
        # Its late log comes twelve seconds after the uninstall, well within the declared time.
        profile={"settle_s": 25},
        caught={
            "install.foreign_registry": r"internet settings\\proxyenable.*, .*internet settings\\proxyserver",
            "residue.machine_files": r"c:\\bvtwork, c:\\users\\public\\desktop\\bvt console\.lnk, "
            r"c:\\windows\\bvt-late\.log, c:\\windows\\system32\\bvtshell\.dll, "
            r"c:\\windows\\system32\\drivers\\bvtflt\.sys, c:\\windows\\temp\\bvt-cleanup\.cmd\.",
            "residue.machine_registry": r"clsid\\\{6d1b2c55.*\\inprocserver32\\\(default\), .*root\\certificates"
            r"\\0011.*, .*windows defender\\exclusions\\paths.*, .*excludedapplications\\refagent\.exe, "
            r".*firewallrules\\bvtrefagent, hku\\\.default\\software\\bvtelsewhere\\leftover\.",
            "residue.orphans": r"Found: c:\\windows\\system32\\cmd\.exe.*started by the agent",
        },
    ),
    "vandal": KnownBad(
        defects=frozenset(
            {
                "deletes-system-file",
                "changes-system-file",
                "changes-hosts",
                "disables-service",
                "deletes-class",
                "sets-policy",
                "trusts-a-root",
                "hides-system-file",
                "clears-temp",
            }
        ),
        phases=INSTALLED,
        caught={
            "residue.sentinel_files": r"file C:\\Windows\\Temp\\bvt-sentinel\.tmp is untouched\. Found: it is gone",
            "install.foreign_files": r"etc\\hosts was changed .*hostname\.exe was changed .*"
            r"notepad\.exe was deleted, .*winver\.exe was changed",
            "install.foreign_registry": r"classes\\chm\.file.* was deleted, .*certificates\\0011.*\\blob, .*"
            r"windowsupdate\\au\\noautoupdate, .*winmgmt\\start was changed \(dword:0000000. → dword:00000004\)",
        },
    ),
    "ruins-path": KnownBad(
        defects=frozenset({"overwrites-path", "changes-comspec", "changes-pathext", "deletes-reg-exe"}),
        phases=INSTALLED,
        caught={
            "install.environment": r"ComSpec is 'C:\\.*refagent\.exe'; it was .*PATH lost %SystemRoot%\\system32, ",
            "install.system_programs": r"C:\\Windows\\System32\\reg\.exe is gone",
            "residue.environment": r"PATH lost %SystemRoot%\\system32",
            "residue.system_programs": r"reg\.exe is gone",
        },
    ),
    "empties-path": KnownBad(
        # A folder that is not in the MSI's tables: Windows Installer would not remove it either.
        defects=frozenset({"empties-path", "replaces-reg-exe", "leaves-folder"}),
        phases=INSTALLED,
        caught={
            "install.environment": r"PATH lost %SystemRoot%\\system32, .*; it is ''",
            "install.system_programs": r"reg\.exe was replaced",
            "residue.files": r"Found: c:\\program files\\bvt, c:\\program files\\bvt\\cache\.",
        },
    ),
    "evictor": KnownBad(
        defects=frozenset({"removes-vendor-folder"}),
        phases=(),
        steps=REINSTALLED,
        caught={
            "reinstall.neighbours": r"gone with it: C:\\Program Files\\BVT\\bvt\w+\.txt, C:\\ProgramData\\BVT\\"
        },
    ),
}

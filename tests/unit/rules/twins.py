"""What MSIs of known builders look like where a rule looks: good, and near its bound. Each edit breaks nothing.

WiX 3 to 5, InstallShield, Advanced Installer, wixl, merge modules, and tables that somebody edited by hand.
"""

from tests.unit.rules.edits import OWN, Edit, action, added, both, changed, without

CONDITIONS = (
    'NOT REMOVE~="ALL"',
    'Not Installed And Not(REMOVE~="ALL")',
    "(NOT Installed)AND(NOT REMOVE)OR(1)",
    "$Service=3 OR ($Service = 2 AND ?Service=3) OR 1",
    "(&Agent=3) AND NOT(!Agent=3) OR NOT(&Agent=2)",
    '%PROCESSOR_ARCHITECTURE = "AMD64" OR %NUMBER_OF_PROCESSORS>=1 OR 1',
    'AGENTMODE.4A8C2B5B_9B1D_4C55_A7D3_0C9E1B7A2F10<>"x"',
    "VersionNT>=601 And MsiNTProductType=1 Or MsiNTProductType<>1",
    'UILevel=2 OR NOT NOT UILevel OR UILevel >= "2"',
    'ACTION~="install" XOR ACTION="ADMIN" EQV 1 IMP 1',
    '"Vendor"~<<ProductName OR ProductName~>>"agent" OR ProductName><"Agent" OR 1',
    "  Installed\r\n OR 1 ",
    'VersionMsi >= "5.00"',
    "-1 OR 0",
)
"""Conditions of `InstallFiles` that hold at an installation, or that only an installation knows."""

LIBRARY, PROGRAM, OF_FILE_LIBRARY, OF_FILE = 1, 2, 17, 18
NO_IMPERSONATE, DEFERRED, ROLLBACK, COMMIT = 0x800, 0x400, 0x100, 0x200
KINDS: dict[str, tuple[int, str, str]] = {
    "a function of a library": (LIBRARY, "Code", "Prepare"),
    "a function of a library, deferred": (LIBRARY + DEFERRED + NO_IMPERSONATE, "Code", "Apply"),
    "a function of a library at a rollback": (LIBRARY + DEFERRED + ROLLBACK + NO_IMPERSONATE, "Code", "Undo"),
    "a function of a library at the end": (LIBRARY + DEFERRED + COMMIT + NO_IMPERSONATE, "Code", "Commit"),
    "a function of an installed library": (OF_FILE_LIBRARY + DEFERRED, "AgentExecutable", "Register"),
    "a packed program": (PROGRAM + DEFERRED + NO_IMPERSONATE, "Code", "--prepare"),
    "a packed program whose end is not looked at": (PROGRAM + 0x40, "Code", "--prepare"),
    "an installed program": (OF_FILE + DEFERRED + NO_IMPERSONATE, "AgentExecutable", "--register"),
    "a script of the package": (5 + DEFERRED, "Code", "Prepare"),
    "a script of the package in VBScript": (6, "Code", "Prepare"),
    "an error": (19, "", "This is not Windows 10."),
    "a folder that is set": (35, "INSTALLDIR", "[ProgramFiles64Folder]BVT\\ReferenceAgent"),
    "a property that is set": (51, "OTHERSETTING", "[INSTALLDIR]conf"),
    "a program by a property of its own": (50 + DEFERRED + NO_IMPERSONATE, "OwnTool", "--register"),
    "a script by a property": (53, "OwnScript", ""),
    "a program that is started and left alone, as the user": (
        34 + 0xC0,
        "INSTALLDIR",
        "[INSTALLDIR]tray.exe",
    ),
    "a program of the system in its own folder": (
        34 + DEFERRED + NO_IMPERSONATE,
        "INSTALLDIR",
        '"[System64Folder]sc.exe" failure BvtRefAgent reset= 86400 actions= restart/5000/restart/5000//',
    ),
    "a program of the system that restarts its own service": (
        34 + DEFERRED + NO_IMPERSONATE,
        "TARGETDIR",
        '"[System64Folder]net.exe" stop BvtRefAgent',
    ),
    "its events, as Windows takes them": (
        34 + DEFERRED + NO_IMPERSONATE,
        "INSTALLDIR",
        '"[System64Folder]wevtutil.exe" im "[INSTALLDIR]events.man" /rf:"[INSTALLDIR]refagent.exe"',
    ),
    "its own rule of the firewall": (
        34 + DEFERRED + NO_IMPERSONATE,
        "INSTALLDIR",
        'netsh advfirewall firewall add rule name="BVT" dir=in action=allow program="[INSTALLDIR]refagent.exe"',
    ),
    "rights of its own service": (
        34 + DEFERRED + NO_IMPERSONATE,
        "INSTALLDIR",
        '"[System64Folder]sc.exe" sdset BvtRefAgent D:(A;;CCLCSWRPWPDTLOCRRC;;;SY)(A;;CCDCLCSWRPWPDTLOCRSDRCWDWO;;;BA)'
        "(A;;CCLCSWLOCRRC;;;IU)(A;;CCLCSWLOCRRC;;;SU)",
    ),
    "users may read": (
        34 + DEFERRED + NO_IMPERSONATE,
        "INSTALLDIR",
        'icacls.exe "[INSTALLDIR]conf" /inheritance:r /grant *S-1-5-32-544:(OI)(CI)F /grant *S-1-5-32-545:(OI)(CI)RX',
    ),
    "a backend's address that speaks of how it is fetched": (
        OF_FILE + DEFERRED + NO_IMPERSONATE,
        "AgentExecutable",
        "--transport curl --backend https://backend.example.org",
    ),
}
"""Type, source and target of a custom action in its usual forms."""


def of_kind(name: str) -> Edit:
    return both(action("Twin", *KINDS[name]), added("Binary", Name="Code"))


def registry(name: str, value: str, *, root: str = "2", key: str = "Software\\BVT") -> Edit:
    return added(
        "Registry", Registry="Twin", Root=root, Key=key, Name=name, Value=value, Component_="Settings"
    )


def of_one_user(folder: str, above: str = "TARGETDIR") -> Edit:
    """A file in a folder that a profile has, with a value of HKCU as its component's key path, as ICE38 wants it."""
    return both(
        added("Directory", Directory=folder, Directory_Parent=above, DefaultDir="."),
        changed("Component", "Notice", Directory_=folder, Attributes="260", KeyPath="Mine"),
        added("Registry", Registry="Mine", Root="1", Key="Software\\BVT", Name="there", Component_="Notice"),
    )


def feature(name: str, component: str, level: str, condition: str = "") -> Edit:
    edits = [
        added("Feature", Feature=name, Level=level, Title=name),
        added("FeatureComponents", Feature_=name, Component_=component),
    ]
    if condition:
        edits.append(added("Condition", Feature_=name, Level="1", Condition=condition))
    return both(*edits)


def again(level: str, condition: str = "") -> Edit:
    """One file in two components, of which one belongs to a feature that is not installed by default."""
    return both(
        added("Component", Component="Other", ComponentId=OWN, Directory_="INSTALLDIR", Attributes="256"),
        added("File", File="Again", Component_="Other", FileName="NOTICE.txt", FileSize="1", Sequence="1"),
        feature("Second", "Other", level, condition),
    )


def secured(table: str, kind: str, mask: int) -> Edit:
    return added(table, SecureObject="INSTALLDIR", Table=kind, User="Users", Permission=str(mask))


KEY_READ, SERVICE_QUERIES, FILE_READ_EXECUTE = 0x20019, 0x20000 | 0x1 | 0x4 | 0x8 | 0x10 | 0x80, 0x1200A9

REFUSED_BY_MARK = both(
    without("LaunchCondition"),
    added("CustomAction", Action="Mark", Type="51", Source="NEWERTHERE", Target="1"),
    added("InstallExecuteSequence", Action="Mark", Condition="WIX_DOWNGRADE_DETECTED", Sequence="26"),
    added("LaunchCondition", Condition="NOT NEWERTHERE OR Installed", Description="A newer one is there."),
)
ADVANCED = both(
    without("LaunchCondition"),
    added("CustomAction", Action="AI_DOWNGRADE", Type="19", Target="4010"),
    added(
        "InstallExecuteSequence",
        Action="AI_DOWNGRADE",
        Condition="WIX_DOWNGRADE_DETECTED AND (UILevel <> 5)",
        Sequence="210",
    ),
)

TWINS: dict[str, Edit] = {
    **{
        f"condition {text!r}": changed("InstallExecuteSequence", "InstallFiles", Condition=text)
        for text in CONDITIONS
    },
    **{f"custom action: {name}": of_kind(name) for name in KINDS},
    "launch conditions of builders": both(
        added("LaunchCondition", Condition="Installed OR Privileged", Description="x"),
        added("LaunchCondition", Condition="(VersionNT >= 601) OR Installed", Description="x"),
        added("LaunchCondition", Condition='Installed OR NETFRAMEWORK45 >= "#378389"', Description="x"),
        added("LaunchCondition", Condition="VersionNT64 And Not Version9X", Description="x"),
        added(
            "LaunchCondition",
            Condition="((VersionNT <> 500) AND (VersionNT <> 400) OR (VersionNT > 1))",
            Description="x",
        ),
    ),
    "a newer release refused by a mark that an action sets": REFUSED_BY_MARK,
    "a newer release refused as Advanced Installer does it": ADVANCED,
    "a range without end that a launch condition stops": added(
        "Upgrade",
        UpgradeCode=OWN,
        VersionMin="0.0.0",
        Attributes="257",
        ActionProperty="WIX_UPGRADE_DETECTED",
    ),
    "no newer one looked for by the table, and the version that is there asked for": both(
        without("LaunchCondition"),
        changed("Upgrade", "*", VersionMin="0.0.0", VersionMax="1.0.0", Attributes="257"),
        added("AppSearch", Property="FOUNDVERSION", Signature_="Found"),
        added("RegLocator", Signature_="Found", Root="2", Key="Software\\BVT", Name="Version", Type="18"),
        added(
            "LaunchCondition",
            Condition='Installed OR FOUNDVERSION<="1.0.0"',
            Description="A newer one is there.",
        ),
    ),
    "secure properties with spaces between": changed(
        "Property",
        "SecureCustomProperties",
        Value="BACKEND; ENROLSECRET; WIX_DOWNGRADE_DETECTED; WIX_UPGRADE_DETECTED;",
    ),
    "earlier releases removed as InstallShield has it": changed(
        "InstallExecuteSequence", "RemoveExistingProducts", Sequence="1410"
    ),
    "earlier releases removed after what only reserves space": both(
        changed("InstallExecuteSequence", "RemoveExistingProducts", Sequence="1560"),
        changed("InstallExecuteSequence", "ProcessComponents", Sequence="1600"),
        added(
            "InstallExecuteSequence",
            Action="AllocateRegistrySpace",
            Condition="NOT Installed",
            Sequence="1550",
        ),
    ),
    "a shortcut to a page in the start menu": of_one_user("ProgramMenuFolder"),
    "a link on the desktop": of_one_user("DesktopFolder"),
    "a link that starts with the user": of_one_user("StartupFolder"),
    "a folder of a user's menu from a merge module": of_one_user("ProgramMenuFolder.4A8C2B5B_9B1D_4C55_A7D3"),
    "a template of a user's": of_one_user("TemplateFolder"),
    "for whoever installs it by default, for all if asked (dual)": both(
        changed("Property", "ALLUSERS", Value="2"),
        added("Property", Property="MSIINSTALLPERUSER", Value="1"),
        changed("Component", "Notice", Attributes="260", KeyPath="Mine"),
        added("Registry", Registry="Mine", Root="1", Key="Software\\BVT", Name="there", Component_="Notice"),
    ),
    "a key path of whoever it is installed for": both(
        changed("Component", "Notice", Attributes="260", KeyPath="Mine"),
        added("Registry", Registry="Mine", Root="-1", Key="Software\\BVT", Name="there", Component_="Notice"),
    ),
    "all users by a script in the tables": both(
        without("Property", "ALLUSERS"), action("ForAll", 38, "", 'Session.Property("ALLUSERS") = "1"')
    ),
    "one file of two features, one of them off": again("0"),
    "one file of two features, one of them on demand": again("200"),
    "one file of two features, one of them by a condition": again("0", "SERVER=1"),
    "one file of two features that exclude each other": again("1", "SERVER=1"),
    "failure actions with a mark at their end": changed(
        "MsiServiceConfigFailureActions", "*", Actions="1[~]1[~]1[~]"
    ),
    "failure actions of the uninstall in a row of their own": added(
        "MsiServiceConfigFailureActions",
        MsiServiceConfigFailureActions="AtTheEnd",
        Name="BvtRefAgent",
        Event="2",
        Actions="0",
        Component_="Service",
    ),
    "a service whose name is a property": both(
        added("Property", Property="ServiceName", Value="BvtRefAgent"),
        changed("ServiceInstall", "*", Name="[ServiceName]"),
        changed("ServiceControl", "*", Name="[ServiceName]"),
        changed("MsiServiceConfigFailureActions", "*", Name="[ServiceName]"),
    ),
    "a service that a command of the uninstall deletes": both(
        changed("ServiceControl", "*", Event="35"),
        action("Leave", 34 + 3072 + 64, "TARGETDIR", '"[System64Folder]sc.exe" delete "BvtRefAgent"'),
        changed("InstallExecuteSequence", "Leave", Condition='REMOVE="ALL"'),
    ),
    "a service deleted before it is made and after it": changed("ServiceControl", "*", Event="171"),
    "one service for two kinds of machine, each with its account": both(
        added(
            "ServiceInstall",
            ServiceInstall="OnServers",
            Name="BvtRefAgent",
            ServiceType="16",
            StartType="2",
            ErrorControl="1",
            StartName="NT SERVICE\\BvtRefAgent",
            Component_="Settings",
        ),
        changed("Component", "Settings", Condition="MsiNTProductType <> 1"),
    ),
    "keys that users may read, by a builder's table": secured("SecureObjects", "Registry", KEY_READ),
    "a service that users may ask about, by a builder's table": secured(
        "SecureObjects", "ServiceInstall", SERVICE_QUERIES
    ),
    "files that users may read and run, by a builder's table": secured(
        "SecureObjects", "CreateFolder", FILE_READ_EXECUTE
    ),
    "keys that users may read": added(
        "LockPermissions", LockObject="Twin", Table="Registry", User="Users", Permission=str(KEY_READ)
    ),
    "a folder that users may read, as a number below zero": added(
        "LockPermissions",
        LockObject="INSTALLDIR",
        Table="CreateFolder",
        User="Everyone",
        Permission="-2147483648",
    ),
    "an old file of its own moved out of the folder of Windows": added(
        "MoveFile",
        FileKey="M",
        Component_="Notice",
        SourceName="bvtagent.ini",
        SourceFolder="WindowsFolder",
        DestFolder="INSTALLDIR",
        Options="1",
    ),
    "old settings of its own moved out of ProgramData": added(
        "MoveFile",
        FileKey="M",
        Component_="Notice",
        SourceName="refagent-1.conf",
        SourceFolder="CommonAppDataFolder",
        DestFolder="INSTALLDIR",
        Options="1",
    ),
    "a rule of the firewall that keeps everybody out": added(
        "Wix5FirewallException",
        Wix5FirewallException="F",
        Name="BVT",
        RemoteAddresses="*",
        Action="0",
        Direction="1",
    ),
    "a rule of the firewall for its own service": added(
        "Wix5FirewallException",
        Wix5FirewallException="F",
        Name="BVT",
        RemoteAddresses="*",
        Action="1",
        Direction="1",
        ServiceName="BvtRefAgent",
    ),
    "a rule of the firewall that is not in force": added(
        "Wix5FirewallException",
        Wix5FirewallException="F",
        Name="BVT",
        RemoteAddresses="*",
        Action="1",
        Direction="1",
        Enabled="0",
    ),
    "rollback not turned off": added("Property", Property="DISABLEROLLBACK", Value="0"),
    "the public half of a key": registry("PublicKeyToken", "31bf3856ad364e35"),
    "how texts are cut into words": registry("Tokenizer", "unicode61"),
    "by what a signer is known": registry(
        "TokenSignerThumbprint", "0f3a9c8d7e6b5a4f3e2d1c0b9a8f7e6d5c4b3a29"
    ),
    "how long a password must be": added("Property", Property="PASSWORDMINIMUM", Value="12"),
    "a path of its own without spaces": registry(
        "Agent", "[!AgentExecutable] --tray", key="Software\\Microsoft\\Windows\\CurrentVersion\\Run"
    ),
    "a program of ProgramData in a folder that its tables close": both(
        added("Property", Property="OwnTool", Value="[CommonAppDataFolder]BVT\\tool.exe"),
        action("Run", 50 + 3072, "OwnTool", "--register"),
        added(
            "MsiLockPermissionsEx",
            MsiLockPermissionsEx="L",
            LockObject="INSTALLDIR",
            Table="CreateFolder",
            SDDLText="D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)",
        ),
    ),
    "GUIDs in letters of both kinds": both(
        changed("Component", "Notice", ComponentId="{6f0C2d0E-4a34-4C55-9d8B-2b5B8e1f7A10}"),
    ),
    "standard actions in odd places": both(
        changed("InstallExecuteSequence", "InstallFinalize", Sequence="32000"),
        added("InstallExecuteSequence", Action="SetupCompleteSuccess", Sequence="-1"),
        added(
            "InstallExecuteSequence", Action="ScheduleReboot", Condition="ISSCHEDULEREBOOT", Sequence="4010"
        ),
        added("InstallExecuteSequence", Action="RMCCPSearch", Condition="NOT SKIPPED", Sequence="0"),
    ),
    "tables of extensions that nobody else reads": both(
        added("WixCloseApplication", WixCloseApplication="C", Target="tray.exe"),
        added("ISComponentExtended", Component_="Notice", OS="x"),
    ),
}

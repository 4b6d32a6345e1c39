"""What is done to the tables of a good MSI: edits that break one rule each, and edits that come close."""

from collections.abc import Callable, Mapping

from harness.candidate.msi_tables import Row
from harness.rules.carried_out import PUTS_AND_TAKES

Edit = Callable[[dict[str, tuple[Row, ...]]], None]


def added(table: str, **row: str) -> Edit:
    """One more row; columns that are not named are empty."""

    def edit(tables: dict[str, tuple[Row, ...]]) -> None:
        columns = COLUMNS.get(table) or tuple(tables[table][0])
        tables[table] = (*tables.get(table, ()), {column: row.get(column, "") for column in columns})

    return edit


def changed(table: str, key: str, **cells: str) -> Edit:
    """Cells of the row whose first column is `key`; of every row for `*`."""

    def edit(tables: dict[str, tuple[Row, ...]]) -> None:
        tables[table] = tuple(
            {**row, **cells} if key in ("*", next(iter(row.values()))) else row for row in tables[table]
        )

    return edit


def without(table: str, key: str = "") -> Edit:
    """A row less, or all of them."""

    def edit(tables: dict[str, tuple[Row, ...]]) -> None:
        tables[table] = tuple(row for row in tables[table] if key and next(iter(row.values())) != key)

    return edit


def carried_out(tables: dict[str, tuple[Row, ...]]) -> None:
    """Add the actions that carry out what the tables hold, as every builder does."""
    there = {row["Action"] for row in tables["InstallExecuteSequence"]}
    for table, names in PUTS_AND_TAKES.items():
        for name in names:
            if tables.get(table) and name and name not in there:
                added("InstallExecuteSequence", Action=name, Sequence="3600")(tables)
                there.add(name)


def both(*edits: Edit) -> Edit:
    def edit(tables: dict[str, tuple[Row, ...]]) -> None:
        for each in edits:
            each(tables)

    return edit


COLUMNS: Mapping[str, tuple[str, ...]] = {
    "Environment": ("Environment", "Name", "Value", "Component_"),
    "RemoveFile": ("FileKey", "Component_", "FileName", "DirProperty", "InstallMode"),
    "RemoveRegistry": ("RemoveRegistry", "Root", "Key", "Name", "Component_"),
    "LockPermissions": ("LockObject", "Table", "Domain", "User", "Permission"),
    "MsiLockPermissionsEx": ("MsiLockPermissionsEx", "LockObject", "Table", "SDDLText", "Condition"),
    "LaunchCondition": ("Condition", "Description"),
    "Binary": ("Name", "Data"),
    "MoveFile": (
        "FileKey",
        "Component_",
        "SourceName",
        "DestName",
        "SourceFolder",
        "DestFolder",
        "Options",
    ),
    "IniFile": ("IniFile", "FileName", "DirProperty", "Section", "Key", "Value", "Action", "Component_"),
    "Shortcut": ("Shortcut", "Directory_", "Name", "Component_", "Target"),
    "Extension": ("Extension", "Component_", "ProgId_", "MIME_", "Feature_"),
    "SecureObjects": ("SecureObject", "Table", "Domain", "User", "Permission", "Component_"),
    "Condition": ("Feature_", "Level", "Condition"),
    "WixCloseApplication": ("WixCloseApplication", "Target"),
    "ISComponentExtended": ("Component_", "OS"),
    "Wix5FirewallException": (
        "Wix5FirewallException",
        "Name",
        "RemoteAddresses",
        "Port",
        "Protocol",
        "Program",
        "Direction",
        "Action",
        "Enabled",
        "ServiceName",
        "Component_",
    ),
    "Wix4FirewallException": (
        "Wix4FirewallException",
        "Name",
        "RemoteAddresses",
        "Port",
        "Protocol",
        "Program",
        "Attributes",
        "Profile",
        "Component_",
    ),
}
CODE, SAME_CODE = "{08C12004-A10F-4BB9-BE10-0572E3C58A91}", "of the same package code"
OWN = "{6F0C2D0E-4A34-4C55-9D8B-2B5B8E1F7A10}"


def action(name: str, kind: int, source: str, target: str) -> Edit:
    return both(
        added("CustomAction", Action=name, Type=str(kind), Source=source, Target=target),
        added("InstallExecuteSequence", Action=name, Sequence="5000"),
    )


BAD: dict[str, Edit] = {
    "msi.upgrade.version-out-of-range": changed("Property", "ProductVersion", Value="1.256.0"),
    "msi.upgrade.same-product": changed("Property", "ProductVersion", Value="1.0.1"),
    "msi.upgrade.does-not-replace": changed("Upgrade", "*", Attributes="2"),
    "msi.upgrade.no-upgrade-row": without("Upgrade"),
    "msi.upgrade.downgrade-not-seen": changed("Upgrade", "*", VersionMin="", VersionMax="9.0.0"),
    "msi.components.without-guid": changed("Component", "Service", ComponentId=""),
    "msi.components.guid-twice": changed("Component", "*", ComponentId=OWN),
    "msi.components.permanent": changed("Component", "Notice", Attributes="272"),
    "msi.components.foreign-key-path": changed("Component", "Notice", KeyPath="AgentExecutable"),
    "msi.components.missing-key-path": changed("Component", "Notice", KeyPath="Nowhere"),
    "msi.components.system-folder": both(
        added("Directory", Directory="System64Folder", Directory_Parent="TARGETDIR", DefaultDir="."),
        changed("Component", "Notice", Directory_="System64Folder"),
    ),
    "msi.services.recovery": changed("MsiServiceConfigFailureActions", "*", Actions="1[~]1[~]0"),
    "msi.services.start-type": changed("ServiceInstall", "*", StartType="3"),
    "msi.services.account": changed("ServiceInstall", "*", StartName="NT AUTHORITY\\LocalService"),
    "msi.services.keeps-windows-from-starting": changed("ServiceInstall", "*", ErrorControl="32771"),
    "msi.services.interactive": changed("ServiceInstall", "*", ServiceType="272"),
    "msi.system.no-way-to-remove": added("Property", Property="ARPNOREMOVE", Value="1"),
    "msi.services.unquoted-path": added(
        "Registry",
        Registry="Run",
        Root="2",
        Key="Software\\Microsoft\\Windows\\CurrentVersion\\Run",
        Name="Agent",
        Value="C:\\Program Files\\BVT\\ReferenceAgent\\refagent.exe --tray",
        Component_="Settings",
    ),
    "msi.actions.elevated-from-writable": action("Helper", 50 + 3072, "HELPER", "/quiet"),
    "msi.actions.from-a-callers-property": action("Helper", 50 + 3072, "OWNTOOL", ""),
    "msi.services.controls-windows": added(
        "ServiceControl", ServiceControl="Others", Name="WSearch", Event="10", Component_="Notice"
    ),
    "msi.actions.script": action("Script", 38, "", "MsgBox 1"),
    "msi.actions.shell": action("Helper", 34 + 3072, "INSTALLDIR", "cmd.exe /c echo"),
    "msi.properties.secret-in-log": changed("Property", "MsiHiddenProperties", Value="OTHER"),
    "msi.properties.secret-handed-on": action("Hand", 51, "HANDEDON", "secret=[ENROLSECRET]"),
    "msi.properties.looks-like-a-secret": added("Property", Property="PROXY_PASSWORD", Value="x"),
    "msi.properties.never-arrives": changed("Property", "SecureCustomProperties", Value="NOTHING"),
    "msi.access.users-may-write": added(
        "MsiLockPermissionsEx",
        MsiLockPermissionsEx="L",
        LockObject="INSTALLDIR",
        Table="CreateFolder",
        SDDLText="D:(A;OICI;FA;;;SY)(A;OICI;FW;;;BU)",
    ),
    "msi.system.overwrites-path": added("Environment", Environment="P", Name="=-*PATH", Value="C:\\Agent"),
    "msi.system.variable-stays": added(
        "Environment", Environment="V", Name="=*AGENT_HOME", Value="C:\\Agent"
    ),
    "msi.system.removes-shared-files": added(
        "RemoveFile", FileKey="R", FileName="*.tmp", DirProperty="WindowsFolder", InstallMode="2"
    ),
    "msi.system.removes-shared-keys": added(
        "RemoveRegistry", RemoveRegistry="K", Root="2", Key="Software\\Microsoft", Name="-"
    ),
    "msi.system.forces-a-reboot": added("InstallExecuteSequence", Action="ForceReboot", Sequence="6590"),
    "msi.system.refuses-windows": added("LaunchCondition", Condition="Installed OR VersionNT >= 1000"),
    "msi.system.condition-unreadable": added("LaunchCondition", Condition="VersionNT >="),
    "msi.upgrade.file-goes-back": changed("File", "AgentExecutable", Version="1.0.0.1"),
    "msi.upgrade.component-moved": changed("Component", "Service", ComponentId=OWN),
    "msi.upgrade.same-package-code": changed("Property", "ProductVersion", Value="1.0.1"),
    "msi.upgrade.never-looked-for": without("InstallExecuteSequence", "FindRelatedProducts"),
    "msi.services.stays": changed("ServiceControl", "*", Event="35"),
    "msi.services.writable-place": added(
        "Registry",
        Registry="Run",
        Root="2",
        Key="Software\\Microsoft\\Windows\\CurrentVersion\\Run",
        Name="Agent",
        Value="[CommonAppDataFolder]BVT\\tray.exe",
        Component_="Settings",
    ),
    "msi.properties.secret-on-command-line": action("Tell", 34 + 0x2000, "INSTALLDIR", "x.exe [ENROLSECRET]"),
    "msi.properties.secret-read-back": changed("Property", "MsiHiddenProperties", Value="ENROLSECRET"),
    "msi.properties.password-in-tables": changed("ServiceInstall", "*", Password="a password"),
    "msi.system.no-rollback": added("Property", Property="DISABLEROLLBACK", Value="1"),
    "msi.system.conditions-never-asked": without("InstallExecuteSequence", "LaunchConditions"),
    "msi.system.overwrites-newer": added("Property", Property="REINSTALLMODE", Value="amus"),
    "msi.system.for-one-user": changed("Property", "ALLUSERS", Value="2"),
    "msi.components.bitness": changed("Component", "Notice", Attributes="0"),
    "msi.components.file-twice": added(
        "File", File="Again", Component_="Settings", FileName="NOTICE.txt", FileSize="1", Sequence="1"
    ),
    "msi.services.reboots-when-it-fails": changed("MsiServiceConfigFailureActions", "*", Actions="1[~]1[~]2"),
    "msi.actions.weakens-the-machine": action(
        "Open", 34 + 3072, "TARGETDIR", "[System64Folder]icacls.exe [INSTALLDIR] /grant Everyone:(OI)(CI)F"
    ),
    "msi.actions.fetches-a-program": action(
        "Fetch", 34 + 3072, "TARGETDIR", "curl.exe -o [INSTALLDIR]more.exe http://example.org/more.exe"
    ),
    "msi.actions.nested-installation": action("Nest", 34 + 3072, "TARGETDIR", "msiexec.exe /i more.msi /qn"),
    "msi.actions.not-awaited": action("Alone", 34 + 3072 + 192, "TARGETDIR", "[INSTALLDIR]refagent.exe"),
    "msi.properties.user-control": added("Property", Property="EnableUserControl", Value="1"),
    "msi.system.moves-shared-files": added(
        "MoveFile",
        FileKey="M",
        Component_="Notice",
        SourceName="*.log",
        DestFolder="INSTALLDIR",
        SourceFolder="WindowsFolder",
        Options="1",
    ),
    "msi.system.changes-system-ini": added(
        "IniFile", IniFile="I", FileName="win.ini", DirProperty="WindowsFolder", Section="windows", Key="load"
    ),
    "msi.system.opens-the-firewall": added(
        "Wix4FirewallException",
        Wix4FirewallException="F",
        Name="Agent",
        RemoteAddresses="*",
        Profile="2147483647",
    ),
    "msi.system.never-carried-out": added(
        "Shortcut", Shortcut="S", Directory_="INSTALLDIR", Name="Agent", Component_="Notice", Target="Agent"
    ),
    "msi.system.required-properties": changed("Property", "Manufacturer", Value=""),
    "msi.system.malformed-guid": changed("Component", "Notice", ComponentId=OWN.strip("{}")),
    "msi.system.registered-for-one-user": without("Property", "ALLUSERS"),
    "msi.system.names-no-file": added(
        "Registry",
        Registry="H",
        Root="2",
        Key="Software\\BVT",
        Value='"[#NoHelper]" -x',
        Component_="Settings",
    ),
    "msi.services.starts-too-early": changed("InstallExecuteSequence", "InstallFiles", Sequence="5950"),
    "msi.actions.deferred-outside": both(
        action("Late", 34 + 3072, "TARGETDIR", "[INSTALLDIR]refagent.exe --set-up"),
        changed("InstallExecuteSequence", "Late", Sequence="1450"),
    ),
    "msi.system.leads-to-no-row": action("Set", 1 + 3072, "NoLibrary", "SetUp"),
    "msi.system.on-no-medium": changed("File", "NoticeText", Sequence="3"),
    "msi.components.of-no-feature": without("FeatureComponents", "Agent"),
    "msi.system.takes-a-file-type": added(
        "Registry", Registry="T", Root="0", Key=".log", Value="BvtLog", Component_="Settings"
    ),
    "msi.components.a-users-key-path": both(
        changed("Component", "Notice", Attributes="260", KeyPath="Mine"),
        added("Registry", Registry="Mine", Root="1", Key="Software\\BVT", Name="there", Component_="Notice"),
    ),
    "msi.components.in-a-users-folder": both(
        added("Directory", Directory="LocalAppDataFolder", Directory_Parent="TARGETDIR", DefaultDir="."),
        added("Directory", Directory="Mine", Directory_Parent="LocalAppDataFolder", DefaultDir="BVT"),
        changed("Component", "Notice", Directory_="Mine"),
    ),
    "msi.upgrade.removes-at-a-wrong-time": changed(
        "InstallExecuteSequence", "RemoveExistingProducts", Sequence="4500"
    ),
    "msi.upgrade.property-never-arrives": changed("Property", "SecureCustomProperties", Value="OTHER"),
    "msi.upgrade.newer-not-refused": without("LaunchCondition"),
    "msi.upgrade.cleans-up-when-replaced": both(
        added(
            "CustomAction",
            Action="Wipe",
            Type=str(34 + 3072),
            Source="TARGETDIR",
            Target="[System64Folder]cmd.exe /c rd /s /q [CommonAppDataFolder]BVT\\ReferenceAgent",
        ),
        added("InstallExecuteSequence", Action="Wipe", Condition='REMOVE="ALL"', Sequence="3600"),
    ),
}
"""An edit of the reference agent's good MSI that breaks one rule."""


def _leaves(name: str, command: str, condition: str) -> Edit:
    """A command of the uninstall."""
    return both(
        added("CustomAction", Action=name, Type=str(34 + 3072), Source="TARGETDIR", Target=command),
        added("InstallExecuteSequence", Action=name, Condition=condition, Sequence="3600"),
    )


NEAR: dict[str, Edit] = {
    "a GUID in small letters": changed("Component", "Notice", ComponentId=OWN.lower()),
    "a condition that looks into a text": added(
        "LaunchCondition", Condition='Installed OR NOT REMOVE~><"ALL"'
    ),
    "a condition of an action that looks into one": changed(
        "InstallExecuteSequence", "InstallFiles", Condition='REMOVE >< "ALL" OR NOT Installed'
    ),
    "the system's account by another name": changed("ServiceInstall", "*", StartName=".\\LocalSystem"),
    "an account that only an installation knows": changed(
        "ServiceInstall", "*", StartName="[SERVICEACCOUNT]"
    ),
    "a service without which the installation fails": changed("ServiceInstall", "*", ErrorControl="32769"),
    "services that share a process": changed("ServiceInstall", "*", ServiceType="32"),
    "another upgrade row": both(
        added("Upgrade", UpgradeCode=OWN.replace("6", "7"), VersionMax="2.0.0", ActionProperty="OLD"),
        changed(
            "Property",
            "SecureCustomProperties",
            Value="OLD;WIX_DOWNGRADE_DETECTED;WIX_UPGRADE_DETECTED",
        ),
    ),
    "the old product removed once the script was carried out": both(
        changed("InstallExecuteSequence", "RemoveExistingProducts", Sequence="6550"),
        added("InstallExecuteSequence", Action="InstallExecute", Sequence="6500"),
    ),
    "the old product removed first of all": changed(
        "InstallExecuteSequence", "RemoveExistingProducts", Sequence="1501"
    ),
    "the old product removed last of all": changed(
        "InstallExecuteSequence", "RemoveExistingProducts", Sequence="6700"
    ),
    "a newer release refused by an error": both(
        without("LaunchCondition"),
        added("CustomAction", Action="Newer", Type="19", Target="A newer one is there."),
        added("InstallExecuteSequence", Action="Newer", Condition="WIX_DOWNGRADE_DETECTED", Sequence="30"),
    ),
    "all users by an action": both(without("Property", "ALLUSERS"), action("ForAll", 51, "ALLUSERS", "1")),
    "a cache of its own that goes at each uninstall": _leaves(
        "Wipe", "cmd.exe /c rd /s /q [CommonAppDataFolder]BVT\\ReferenceAgent\\cache", 'REMOVE="ALL"'
    ),
    "all its data gone at an uninstall that is no upgrade": _leaves(
        "Wipe",
        "cmd.exe /c rd /s /q [CommonAppDataFolder]BVT\\ReferenceAgent",
        'REMOVE="ALL" AND NOT UPGRADINGPRODUCTCODE',
    ),
    "a program of its own that stops at each uninstall": _leaves(
        "Halt", "[INSTALLDIR]refagent.exe --stop", 'REMOVE="ALL"'
    ),
    "a shortcut with what makes and removes it": added(
        "Shortcut", Shortcut="S", Directory_="INSTALLDIR", Name="A", Component_="Notice", Target="Agent"
    ),
    "a file in a user's folder with that user's mark": both(
        added("Directory", Directory="LocalAppDataFolder", Directory_Parent="TARGETDIR", DefaultDir="."),
        changed("Component", "Notice", Directory_="LocalAppDataFolder", Attributes="260", KeyPath="Mine"),
        added("Registry", Registry="Mine", Root="1", Key="Software\\BVT", Name="there", Component_="Notice"),
    ),
    "a shortcut's mark of one user": both(
        changed("Component", "Settings", Attributes="260", KeyPath="Mine"),
        added(
            "Registry", Registry="Mine", Root="1", Key="Software\\BVT", Name="there", Component_="Settings"
        ),
    ),
    "a file type of its own": added(
        "Registry", Registry="T", Root="0", Key=".bvtlog", Value="BvtLog", Component_="Settings"
    ),
    "a program offered beside the others for a file type": added(
        "Registry", Registry="T", Root="0", Key=".log\\OpenWithProgids", Name="BvtLog", Component_="Settings"
    ),
    "one GUID for two platforms": both(
        changed("Component", "Notice", ComponentId=OWN, Condition="VersionNT64"),
        changed("Component", "Settings", ComponentId=OWN, Condition="NOT VersionNT64"),
    ),
    "a quoted path": added(
        "Registry",
        Registry="Run",
        Root="2",
        Key="Software\\Microsoft\\Windows\\CurrentVersion\\Run",
        Name="Agent",
        Value='"C:\\Program Files\\BVT\\ReferenceAgent\\refagent.exe" --tray',
        Component_="Settings",
    ),
    "a service that the installation does not start, before its files": both(
        changed("ServiceControl", "*", Event="162"),
        changed("InstallExecuteSequence", "StartServices", Sequence="1950"),
    ),
    "an action before the script that is not deferred": both(
        action("Early", 34, "TARGETDIR", "[System64Folder]hostname.exe"),
        changed("InstallExecuteSequence", "Early", Sequence="1450"),
    ),
    "a deferred action that never runs": added(
        "CustomAction", Action="Idle", Type=str(18 + 3072), Source="NoFile", Target=""
    ),
    "a component whose feature is not installed by itself": changed("Feature", "*", Level="0"),
    "a program of its own, deferred": action("Helper", 34 + 3072, "INSTALLDIR", "[INSTALLDIR]helper.exe"),
    "a program in Temp, as the user": action("Helper", 34 + 1024, "TempFolder", "[TempFolder]helper.exe"),
    "a path that is added to": added("Environment", Environment="P", Name="=-*PATH", Value="[~];C:\\Agent"),
    "a variable taken away": added("Environment", Environment="V", Name="=-*AGENT_HOME", Value="C:\\Agent"),
    "files of its own removed": added(
        "RemoveFile", FileKey="R", FileName="*.log", DirProperty="INSTALLDIR", InstallMode="2"
    ),
    "a key of its own removed": added(
        "RemoveRegistry", RemoveRegistry="K", Root="2", Key="Software\\BVT\\ReferenceAgent", Name="-"
    ),
    "a reboot that is never asked for": added(
        "InstallExecuteSequence", Action="ForceReboot", Condition="Installed AND NOT REMOVE", Sequence="6590"
    ),
    "Windows 8.1 or later": added("LaunchCondition", Condition="Installed OR VersionNT >= 603"),
    "what only an installation knows": added("LaunchCondition", Condition="NETFRAMEWORK45 >= 378389"),
    "a tray program in its own folder": added(
        "Registry",
        Registry="Run",
        Root="2",
        Key="Software\\Microsoft\\Windows\\CurrentVersion\\Run",
        Name="Agent",
        Value="[ProgramFiles64Folder]BVT\\tray.exe",
        Component_="Settings",
    ),
    "a tray program in ProgramData, in a folder that is closed": both(
        added(
            "Registry",
            Registry="Run",
            Root="2",
            Key="Software\\Microsoft\\Windows\\CurrentVersion\\Run",
            Name="Agent",
            Value="[CommonAppDataFolder]BVT\\tray.exe",
            Component_="Settings",
        ),
        action("Close", 34 + 3072, "INSTALLDIR", "icacls.exe [CommonAppDataFolder]BVT /inheritance:r"),
    ),
    "a password that the caller gives": changed("ServiceInstall", "*", Password="[SERVICEPASSWORD]"),
    "what is no secret on a command line": action("Tell", 34 + 0x2000, "INSTALLDIR", "x.exe [BACKEND]"),
    "rollback turned off where the caller says so": added(
        "InstallExecuteSequence", Action="DisableRollback", Condition="NOROLLBACK", Sequence="1500"
    ),
    "no reboot at all": added("Property", Property="REBOOT", Value="ReallySuppress"),
    "newer files left alone": added("Property", Property="REINSTALLMODE", Value="omus"),
    "stopped and deleted by two rows": both(
        changed("ServiceControl", "*", Event="35"),
        added("ServiceControl", ServiceControl="More", Name="BvtRefAgent", Event="160", Component_="Service"),
    ),
    "a 64-bit component of values alone, and one of 32 bits where 32-bit programs are": both(
        added("Directory", Directory="ProgramFilesFolder", Directory_Parent="TARGETDIR", DefaultDir="."),
        changed("Component", "Notice", Attributes="0", Directory_="ProgramFilesFolder"),
    ),
    "one file in two folders": both(
        added("Directory", Directory="More", Directory_Parent="INSTALLDIR", DefaultDir="more"),
        changed("Component", "Settings", Directory_="More"),
        added("File", File="Again", Component_="Settings", FileName="NOTICE.txt", FileSize="1", Sequence="1"),
    ),
    "a rule of the firewall for its own port": added(
        "Wix4FirewallException", Wix4FirewallException="F", Name="Agent", RemoteAddresses="*", Port="8443"
    ),
    "a program of its own that is started for the user and not awaited": action(
        "Tray", 34 + 192, "INSTALLDIR", "[INSTALLDIR]tray.exe"
    ),
    "a command that closes its folder": action(
        "Close", 34 + 3072, "TARGETDIR", "icacls.exe [INSTALLDIR] /inheritance:r /grant *S-1-5-18:(OI)(CI)F"
    ),
    "files of its own moved": added(
        "MoveFile",
        FileKey="M",
        SourceName="*.old",
        SourceFolder="INSTALLDIR",
        DestFolder="INSTALLDIR",
        Options="1",
    ),
    "a file of its own settings": added(
        "IniFile", IniFile="I", FileName="agent.ini", DirProperty="INSTALLDIR", Section="agent", Key="port"
    ),
    "a setting whose name speaks of secrets and whose value is none": both(
        added("Property", Property="TOKEN_URL", Value="https://example.org/token2"),
        added("Property", Property="SECRETSTORE", Value="[CommonAppDataFolder]BVT1"),
        changed("Property", "MsiHiddenProperties", Value="ENROLSECRET;OLDENROLSECRET;TOKEN_URL;SECRETSTORE"),
    ),
    "settings about secrets, and none of them one": both(
        added("Property", Property="TOKENALGORITHM", Value="HMACSHA256"),
        added("Property", Property="API_KEY_HEADER", Value="X-Api-Key-V2"),
        changed(
            "Property",
            "MsiHiddenProperties",
            Value="ENROLSECRET;OLDENROLSECRET;TOKENALGORITHM;API_KEY_HEADER",
        ),
        added(
            "Registry",
            Registry="Cache",
            Root="2",
            Key="Software\\BVT",
            Name="TokenCacheFile",
            Value="tokens_v2.db",
            Component_="Settings",
        ),
    ),
    "administrators write by a builder's table": added(
        "SecureObjects", SecureObject="S", Table="CreateFolder", User="Administrators", Permission="268435456"
    ),
    "read for users": added(
        "MsiLockPermissionsEx",
        MsiLockPermissionsEx="L",
        LockObject="INSTALLDIR",
        Table="CreateFolder",
        SDDLText="D:(A;OICI;FA;;;SY)(A;OICI;FRFX;;;BU)",
    ),
}
"""Edits that come close and break nothing."""


LATE = changed("InstallExecuteSequence", "RemoveExistingProducts", Sequence="6550")
"""The old product is removed when the new files are there."""

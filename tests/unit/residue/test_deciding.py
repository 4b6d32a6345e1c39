"""Which places decide over other programs, and what near them does not."""

import pytest

from harness.model.profile.services import ServiceExpectation
from harness.residue.attribution import foreign
from harness.residue.change import Change, Kind, Where
from harness.residue.deciding import decides
from tests.unit.cell.stand_ins import PROFILE

AGENT = PROFILE.model_copy(
    update={"services": (ServiceExpectation(name="Agent", image_path=f"{PROFILE.install_dir}\\agent.exe"),)}
)
MS, WOW = "HKLM\\Software\\Microsoft", "HKLM\\Software\\WOW6432Node\\Microsoft"
SET = "HKLM\\System\\CurrentControlSet"
ROOT = "SystemCertificates\\ROOT\\Certificates\\00"


def value(path: str, name: str | None, now: str = "") -> Change:
    return Change(kind=Kind.ADDED, where=Where.REGISTRY, path=path, value=name, now=now)


def firewall_rule(fields: str) -> Change:
    path = f"{SET}\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\FirewallRules"
    return value(path, fields, f"v2.31|{fields}|")


def file(path: str) -> Change:
    return Change(kind=Kind.ADDED, where=Where.FILE, path=path)


@pytest.mark.parametrize(
    "change",
    [
        file("C:\\Windows\\System32\\GroupPolicy\\Machine\\Registry.pol"),
        file("C:\\Windows\\SysWOW64\\WindowsPowerShell\\v1.0\\profile.ps1"),
        value("HKLM\\Software\\Policies\\Microsoft", "Off"),
        value("HKCU\\Software\\WOW6432Node\\Policies\\Microsoft", "Off"),
        value(f"{MS}\\Windows\\CurrentVersion\\Policies\\System", "EnableLUA"),
        value(f"{WOW}\\Windows NT\\CurrentVersion\\Windows", "AppInit_DLLs"),
        value(f"{MS}\\{ROOT}", "Blob"),
        value(f"{WOW}\\{ROOT.replace('ROOT', 'TrustedPublisher')}", "Blob"),
        value(f"HKU\\.DEFAULT\\Software\\Microsoft\\{ROOT}", "Blob"),
        value(
            "HKU\\S-1-5-18\\Software\\Microsoft\\Windows\\CurrentVersion\\Internet Settings", "ProxyServer"
        ),
        value(f"{MS}\\Windows NT\\CurrentVersion\\Image File Execution Options\\calc.exe", "Debugger"),
        value(f"{MS}\\Windows NT\\CurrentVersion\\SilentProcessExit\\notepad.exe", "MonitorProcess"),
        value(f"{MS}\\Windows NT\\CurrentVersion\\Winlogon", "Userinit2"),
        value(f"{MS}\\Command Processor", "AutoRun"),
        value(f"{MS}\\Windows Defender\\Exclusions\\Paths", "C:\\"),
        value(f"{MS}\\Windows Defender\\Exclusions\\Paths", "C:\\Program Files"),
        value(f"{MS}\\Windows Defender\\Exclusions\\Processes", "cmd.exe"),
        value(f"{MS}\\Windows Defender\\Exclusions\\Extensions", ".exe"),
        value(f"{MS}\\Windows Defender\\Real-Time Protection", "DisableRealtimeMonitoring"),
        value(f"{MS}\\Windows\\Windows Error Reporting\\LocalDumps", "DumpType"),
        value(f"{MS}\\PowerShell\\1\\ShellIds\\Microsoft.PowerShell", "ExecutionPolicy"),
        value(f"{SET}\\Control\\SecurityProviders\\SCHANNEL\\Protocols\\TLS 1.0\\Client", "Enabled"),
        value(f"{SET}\\Control\\Lsa", "DisableRestrictedAdmin"),
        value(f"{SET}\\Services\\PortProxy\\v4tov4\\tcp", "0.0.0.0/8443"),
        value(f"{SET}\\Services\\Tcpip\\Parameters\\PersistentRoutes", "0.0.0.0,0.0.0.0,198.51.100.1,1"),
        value(f"{SET}\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\PublicProfile", "EnableFirewall"),
        value(f"{SET}\\Services\\Tcpip\\Parameters", "NameServer"),
        value(f"{SET}\\Services\\Dnscache\\Parameters\\DnsPolicyConfig\\{{1}}", "GenericDNSServers"),
        value(f"{SET}\\Services\\Winmgmt", "DependOnService"),
        value(f"{SET}\\Services\\Winmgmt\\Parameters", "ServiceDll"),
        value(f"{SET}\\Control", "WaitToKillServiceTimeout"),
        value(f"{SET}\\Control\\CrashControl", "AutoReboot"),
        value(f"{SET}\\Control\\DeviceGuard", "EnableVirtualizationBasedSecurity"),
        value(f"{SET}\\Control\\Session Manager", "BootExecute"),
        value(f"{SET}\\Control\\Session Manager\\Memory Management", "FeatureSettingsOverride"),
        value(f"{SET}\\Control\\Print\\Monitors\\Agent", "Driver"),
        value(f"{SET}\\Services\\EventLog\\Security", "MaxSize"),
        value(
            f"{MS}\\Windows\\CurrentVersion\\WINEVT\\Channels\\Microsoft-Windows-Sysmon/Operational",
            "Enabled",
        ),
        value(f"{MS}\\Windows NT\\CurrentVersion\\SystemRestore", "DisableSR"),
        value(f"{SET}\\Control\\WMI\\Autologger\\EventLog-Security", "Start"),
        value(f"{SET}\\Control\\Keyboard Layout", "Scancode Map"),
        value("HKLM\\System\\Setup", "CmdLine"),
        value(f"{SET}\\Services\\PerfOS\\Performance", "Disable Performance Counters"),
        value(f"{MS}\\Fusion", "ForceLog"),
        value(f"{WOW}\\Security Center", "AntiVirusOverride"),
        value(f"{MS}\\Windows NT\\CurrentVersion\\Windows", "Load"),
        value(f"{WOW}\\Ole", "LegacyAuthenticationLevel"),
        value(f"{MS}\\NetSh", "agent"),
        value(f"{MS}\\Windows NT\\CurrentVersion\\AppCompatFlags\\Layers", "C:\\Windows\\notepad.exe"),
        value(f"{MS}\\Windows\\CurrentVersion\\Internet Settings\\Zones\\3", "1806"),
        value("HKCU\\Software\\Classes\\exefile\\shell\\open\\command", ""),
        value("HKU\\.DEFAULT\\Environment", "UserInitMprLogonScript"),
        value("HKCU\\Control Panel\\Desktop", "ScreenSaveActive"),
        firewall_rule("Action=Allow|Active=TRUE|Dir=In|Name=Agent"),
        firewall_rule(
            "Action=Allow|Active=TRUE|Dir=In|Protocol=6|Profile=Public|LPort=0-65535|App=*|Name=Agent"
        ),
        firewall_rule("Action=Allow|Dir=In|RA4=*|Name=Agent"),
    ],
    ids=lambda change: change.name,
)
def test_what_is_new_there_is_everybodys_business(change: Change) -> None:
    assert decides(change, AGENT)


@pytest.mark.parametrize(
    "change",
    [
        file("C:\\Windows\\System32\\vendor.dll"),
        file("C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\Modules\\Vendor\\Vendor.psm1"),
        value("HKLM\\Software\\Vendor\\Policies", "Off"),
        value("HKLM\\Software\\Policies\\Vendor\\Agent", "Managed"),
        value(f"{MS}\\SystemCertificates\\MY\\Certificates\\00", "Blob"),
        value(f"{MS}\\Windows NT\\CurrentVersion\\Image File Execution Options\\agent.exe", "GlobalFlag"),
        value(f"{MS}\\Windows NT\\CurrentVersion\\Image File Execution Options\\calc.exe", "Notes"),
        value(f"{MS}\\Windows Defender\\Exclusions\\Paths", PROFILE.install_dir),
        value(f"{MS}\\Windows Defender\\Exclusions\\Processes", f"{PROFILE.install_dir}\\agent.exe"),
        value(f"{MS}\\Windows Defender\\Exclusions\\Processes", "agent.exe"),
        value(f"{MS}\\Windows\\Windows Error Reporting\\ExcludedApplications", "agent.exe"),
        value(f"{MS}\\Windows\\Windows Error Reporting\\LocalDumps\\agent.exe", "DumpType"),
        value(f"{MS}\\Windows\\CurrentVersion\\Run", "Agent"),
        value(f"{SET}\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\FirewallRules", "Agent"),
        value(f"{SET}\\Services\\EventLog\\Application\\Agent", "EventMessageFile"),
        value(f"{SET}\\Services\\Agent", "ImagePath"),
        value(f"{SET}\\Services\\Agent\\Parameters", "Port"),
        value(f"{SET}\\Services\\Tcpip\\Parameters\\PersistentRoutes", None),
        value(
            f"{SET}\\Services\\Tcpip\\Parameters\\PersistentRoutes", "192.0.2.0,255.255.255.0,198.51.100.1,1"
        ),
        value(f"{SET}\\Services\\Winmgmt", None),
        value(f"{SET}\\Control\\SafeBoot\\Network\\Agent", ""),
        value(f"{SET}\\Control\\DeviceClasses", None),
        value(f"{SET}\\Services\\EventLog\\Application\\Agent", None),
        value(f"{MS}\\Ole\\AppCompat", None),
        value(
            f"{MS}\\Windows NT\\CurrentVersion\\AppCompatFlags\\Layers", f"{PROFILE.install_dir}\\agent.exe"
        ),
        value(f"{SET}\\Control\\WMI\\Autologger\\Agent", "Start"),
        value(f"{SET}\\Control\\WMI\\Autologger\\EventLogAgent", "Start"),
        value(f"{SET}\\Control\\Keyboard Layouts\\a0000409", "Layout File"),
        value(f"{SET}\\Services\\Agent\\Performance", "Library"),
        value(f"{MS}\\.NETFramework\\AssemblyFolders\\Agent", ""),
        value(f"{MS}\\Security Center\\Provider\\Av\\{{1}}", "DISPLAYNAME"),
        value(f"{MS}\\Windows\\CurrentVersion\\WINEVT\\Channels\\Agent/Operational", "Enabled"),
        value("HKLM\\Software\\Classes\\*\\shell\\Agent\\command", ""),
        value("HKCU\\Software\\Classes\\agent\\shell\\open\\command", ""),
        value("HKU\\S-1-5-80-1-2-3\\Control Panel\\Desktop", "Wallpaper"),
        firewall_rule("Action=Allow|Active=TRUE|Dir=In|Protocol=6|App=C:\\Program Files\\Agent\\agent.exe"),
        firewall_rule("Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=8443|Name=Agent"),
        firewall_rule("Action=Allow|Active=TRUE|Dir=In|RA4=LocalSubnet|Name=Agent"),
        firewall_rule("Action=Allow|Active=FALSE|Dir=In|Name=Agent"),
        firewall_rule("Action=Allow|Active=TRUE|Dir=In|Protocol=1|ICMP4=8:*|Name=Ping"),
        firewall_rule("Action=Allow|Active=TRUE|Dir=Out|Name=Agent"),
        firewall_rule("Action=Block|Active=TRUE|Dir=In|Name=Agent"),
    ],
    ids=lambda change: change.name,
)
def test_what_comes_close_is_the_products_own(change: Change) -> None:
    assert not decides(change, AGENT)


def test_a_service_that_is_new_may_be_given_any_value() -> None:
    key = value(f"{SET}\\Services\\Second", None)
    start = value(f"{SET}\\Services\\Second", "Start")
    assert foreign([key, start], AGENT) == []
    assert foreign([start], AGENT) == [start]


def test_the_vendors_folder_above_its_own_may_be_left_out_of_scans() -> None:
    vendors = AGENT.model_copy(update={"install_dir": "C:\\Program Files\\Vendor\\Agent", "data_dirs": ()})
    exclusion = f"{MS}\\Windows Defender\\Exclusions\\Paths"
    assert not decides(value(exclusion, "C:\\Program Files\\Vendor\\"), vendors)
    assert decides(value(exclusion, "C:\\Program Files\\"), vendors)

"""Which commands weaken what is everybody's, and which come close."""

import pytest

from harness.rules.weakening import weakened_by


@pytest.mark.parametrize(
    "command",
    [
        r'icacls "C:\ProgramData\Agent" /grant Everyone:(OI)(CI)F /T',
        r'"C:\Windows\System32\icacls.exe" "[INSTALLDIR]" /grant *S-1-5-32-545:(OI)(CI)M',
        r"icacls C:\Agent /grant:r Users:F",
        r'icacls C:\Agent /grant "Authenticated Users":(M)',
        r"cacls C:\Agent /e /g Everyone:F",
        "netsh advfirewall set allprofiles state off",
        "netsh.exe firewall set opmode mode=disable",
        "powershell Set-NetFirewallProfile -Profile Domain,Public -Enabled False",
        "netsh advfirewall set publicprofile firewallpolicy allowinbound,allowoutbound",
        'netsh advfirewall firewall add rule name="Agent" dir=in action=allow',
        "netsh advfirewall firewall add rule name=Agent action=allow protocol=TCP dir=in localport=any",
        "powershell New-NetFirewallRule -DisplayName Agent -Direction Inbound -Action Allow",
        "powershell New-NetFirewallRule -DisplayName Agent",
        "powershell -Command Set-MpPreference -DisableRealtimeMonitoring $true",
        r"powershell Add-MpPreference -ExclusionPath 'C:\'",
        r"powershell Add-MpPreference -ExclusionPath C:\ProgramData",
        "powershell Add-MpPreference -ExclusionExtension .exe",
        "sc sdset AgentSvc D:(A;;CCDCLCSWRPWPDTLOCRSDRCWDWO;;;WD)",
        "sc config WinDefend start= disabled",
        "net stop eventlog",
        "powershell Stop-Service -Name WSearch",
        "net user agent Secret1 /add",
        "net localgroup administrators agent /add",
        r"net share Agent=C:\Agent /grant:Everyone,FULL",
        "powershell Set-ExecutionPolicy -Scope LocalMachine Unrestricted",
        "bcdedit /set testsigning on",
        "wevtutil cl Security",
        "wevtutil sl Microsoft-Windows-Sysmon/Operational /e:false",
        "auditpol /clear /y",
        'auditpol /set /subcategory:"Logon" /success:disable',
        "vssadmin delete shadows /all /quiet",
        "certutil -f -addstore Root agent.cer",
        r"powershell Import-Certificate agent.cer -CertStoreLocation Cert:\LocalMachine\Root",
        "secedit /configure /db x.sdb /cfg agent.inf",
        "fsutil behavior set disable8dot3 1",
        "taskkill /f /im explorer.exe",
        'setx PATH "%PATH%;C:\\Agent" /M',
    ],
)
def test_what_weakens_everybody_is_said(command: str) -> None:
    assert weakened_by(command)


@pytest.mark.parametrize(
    "command",
    [
        r'icacls "C:\ProgramData\Agent" /inheritance:r /grant:r *S-1-5-18:(OI)(CI)F *S-1-5-32-544:(OI)(CI)F',
        r"icacls C:\Agent /grant Users:(OI)(CI)RX",
        r"icacls C:\Users\Public\Agent /grant SYSTEM:F",
        r"icacls C:\Agent /remove Everyone",
        r"icacls C:\Agent /deny Everyone:W",
        r'netsh advfirewall firewall add rule name=Agent dir=in action=allow program="C:\Agent\agent.exe"',
        "netsh advfirewall firewall add rule name=Agent dir=in action=allow protocol=TCP localport=8443",
        "netsh advfirewall firewall add rule name=Agent dir=out action=allow",
        "netsh advfirewall firewall delete rule name=Agent",
        "powershell New-NetFirewallRule -DisplayName Agent -Direction Inbound -LocalPort 8443 -Action Allow",
        "powershell New-NetFirewallRule -DisplayName Agent -Direction Outbound -Action Allow",
        r"powershell Add-MpPreference -ExclusionPath 'C:\Program Files\Agent'",
        "sc config AgentSvc start= delayed-auto",
        "sc failure AgentSvc reset= 86400 actions= restart/1000",
        "sc sdset AgentSvc D:(A;;CCLCSWRPLOCRRC;;;BU)(A;;CCDCLCSWRPWPDTLOCRSDRCWDWO;;;SY)",
        "net start winmgmt",
        "net stop AgentSvc",
        "powershell Set-ExecutionPolicy RemoteSigned",
        "powershell -ExecutionPolicy Bypass -File agent.ps1",
        r"wevtutil im C:\Agent\agent.man",
        "wevtutil sl Agent/Operational /e:true",
        'auditpol /set /subcategory:"Process Creation" /success:enable',
        "certutil -addstore My agent.cer",
        "taskkill /f /im agent-tray.exe",
        "setx AGENT_HOME C:\\Agent /M",
        'net localgroup "Performance Monitor Users" agent /add',
    ],
)
def test_what_a_product_does_for_itself_is_its_own_business(command: str) -> None:
    assert not weakened_by(command)

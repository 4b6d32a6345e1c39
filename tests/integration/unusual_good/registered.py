"""A product that is entered wherever products are entered, and whose service uses what the system offers."""

import os
from pathlib import Path
from typing import Any

import yaml

from tests.integration.unusual_good.candidates import WHY
from tests.integration.unusual_good.packages import COMPILER, TOOL_S
from tests.programs import ended_well

REGISTERED = "registered-everywhere"
LIBRARIES = ("-lwininet", "-lcrypt32", "-lwintrust", "-lshell32", "-lws2_32")
HOME = "C:\\Program Files\\BVT\\Registered"
DATA = "C:\\ProgramData\\BVT Registered"
PORT = 10050
CLASS = "{7D1E1B52-7A34-4C0B-9E36-2F1D5A0C7E55}"
SERVICES = "HKLM\\SYSTEM\\CurrentControlSet\\Services"
WINDOWS = "HKLM\\Software\\Microsoft\\Windows\\CurrentVersion"
VALUES = (
    # Key, name, value; [HOME] and [DATA] are folders.
    ("HKLM\\Software\\BVT Registered", "DataDir", "[DATA]"),
    ("HKLM\\Software\\WOW6432Node\\BVT Registered", "Narrow", "1"),
    (f"HKCR\\CLSID\\{CLASS}\\InprocServer32", "", "[HOME]uses.exe"),
    (f"HKCR\\CLSID\\{CLASS}\\InprocServer32", "ThreadingModel", "Both"),
    (f"HKCR\\AppID\\{CLASS}", "", "BVT Registered"),
    (f"HKCR\\TypeLib\\{CLASS}\\1.0", "", "BVT Registered"),
    ("HKCR\\.bvtregistered", "", "BvtRegistered.File"),
    ("HKCR\\BvtRegistered.File\\shell\\open\\command", "", "&quot;[HOME]uses.exe&quot; &quot;%1&quot;"),
    ("HKCR\\bvtregistered", "URL Protocol", ""),
    ("HKCR\\*\\shellex\\ContextMenuHandlers\\BvtRegistered", "", CLASS),
    (f"{WINDOWS}\\Run", "BvtRegistered", "&quot;[HOME]uses.exe&quot; --version"),
    (f"{WINDOWS}\\App Paths\\bvtuses.exe", "", "[HOME]uses.exe"),
    (f"{WINDOWS}\\WINEVT\\Publishers\\{CLASS}", "", "BVT Registered"),
    (f"{WINDOWS}\\Authentication\\Credential Providers\\{CLASS}", "", "BVT Registered"),
    (f"HKLM\\Software\\Microsoft\\AMSI\\Providers\\{CLASS}", "", "BVT Registered"),
    (f"HKLM\\Software\\Microsoft\\Active Setup\\Installed Components\\{CLASS}", "Version", "1,0"),
    ("HKLM\\Software\\Microsoft\\Windows\\Windows Error Reporting\\LocalDumps\\uses.exe", "DumpCount", "1"),
    ("HKLM\\Software\\Microsoft\\Windows NT\\CurrentVersion\\Svchost", "BvtRegistered", "BvtRegistered"),
    ("HKLM\\Software\\Policies\\BVT\\Registered", "Managed", "1"),
    ("HKLM\\Software\\Google\\Chrome\\NativeMessagingHosts\\bvt.registered", "", "[HOME]manual.md"),
    (f"{SERVICES}\\EventLog\\BvtRegistered\\BvtRegistered", "EventMessageFile", "[HOME]uses.exe"),
    (f"{SERVICES}\\BvtRegistered\\Performance", "Library", "[HOME]uses.exe"),
    (
        f"{SERVICES}\\SharedAccess\\Parameters\\FirewallPolicy\\FirewallRules",
        "BvtRegistered-In",
        f"v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort={PORT}|App=[HOME]uses.exe|Name=BVT|",
    ),
    (f"HKLM\\SYSTEM\\CurrentControlSet\\Control\\WMI\\Autologger\\Bvt\\{CLASS}", "Enabled", "1"),
    ("HKLM\\SYSTEM\\CurrentControlSet\\Control\\SafeBoot\\Network\\BvtRegistered", "", "Service"),
)
SOURCE = """<?xml version="1.0" encoding="utf-8"?>
<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi">
  <Product Id="6D1E1B52-7A34-4C0B-9E36-2F1D5A0C7E11" Name="BVT Registered" Version="1.0.0" Manufacturer="BVT Unusual"
      Language="1033" UpgradeCode="6D1E1B52-7A34-4C0B-9E36-2F1D5A0C7E12">
    <Package InstallerVersion="500" Compressed="yes" InstallScope="perMachine"/>
    <Media Id="1" Cabinet="a.cab" EmbedCab="yes"/>
    <Directory Id="TARGETDIR" Name="SourceDir">
    <Directory Id="ProgramFiles64Folder"><Directory Id="Vendor" Name="BVT"><Directory Id="HOME" Name="Registered">
      <Component Id="Main" Guid="6D1E1B52-7A34-4C0B-9E36-2F1D5A0C7E13" Win64="yes">
        <File Id="uses" Name="uses.exe" Source="uses.exe" KeyPath="yes"/>
        <File Id="manual" Name="manual.md" Source="manual.md"/>
        <File Id="empty" Name="empty.cfg" Source="empty.cfg"/>
        <File Id="zeros" Name="preallocated.db" Source="preallocated.db"/>
        <ServiceInstall Id="s" Name="BvtRegistered" Start="auto" Type="ownProcess" ErrorControl="normal"
          Arguments="BvtRegistered &quot;[DATA].&quot; PORT"/>
        <ServiceInstall Id="h" Name="BvtRegisteredHelper" Start="demand" Type="ownProcess" ErrorControl="normal"/>
        <ServiceControl Id="s" Name="BvtRegistered" Start="install" Stop="both" Remove="uninstall" Wait="yes"/>
        <ServiceControl Id="h" Name="BvtRegisteredHelper" Remove="uninstall" Wait="yes"/>
VALUES
      </Component></Directory></Directory></Directory>
    <Directory Id="CommonAppDataFolder"><Directory Id="DATA" Name="BVT Registered">
      <Component Id="Data" Guid="6D1E1B52-7A34-4C0B-9E36-2F1D5A0C7E14" Win64="yes"><CreateFolder/></Component>
    </Directory></Directory></Directory>
    <Feature Id="All" Level="1"><ComponentRef Id="Main"/><ComponentRef Id="Data"/></Feature>
  </Product></Wix>
"""
PLACE = "2, 'Software\\BVT Registered', 'DataDir', 18"
EDITS = (
    "CREATE TABLE `IniFile` (`IniFile` CHAR(72) NOT NULL, `FileName` CHAR(255) NOT NULL LOCALIZABLE, "
    "`DirProperty` CHAR(72), `Section` CHAR(96) NOT NULL LOCALIZABLE, `Key` CHAR(128) NOT NULL LOCALIZABLE, "
    "`Value` CHAR(255) NOT NULL LOCALIZABLE, `Action` SHORT NOT NULL, "
    "`Component_` CHAR(72) NOT NULL PRIMARY KEY `IniFile`)",
    "INSERT INTO `IniFile` (`IniFile`, `FileName`, `DirProperty`, `Section`, `Key`, `Value`, `Action`, `Component_`) "
    "VALUES ('ini', 'SETTINGS.INI|settings.ini', 'HOME', 'agent', 'level', '3', 0, 'Main')",
    "INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) VALUES ('WriteIniValues', '', 5100)",
    "INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) VALUES ('RemoveIniValues', '', 3150)",
    # What WiX's RemoveFolderEx adds, of a folder that an earlier installation wrote down.
    "CREATE TABLE `WixRemoveFolderEx` (`WixRemoveFolderEx` CHAR(72) NOT NULL, `Component_` CHAR(72) NOT NULL, "
    "`Property` CHAR(72) NOT NULL, `InstallMode` SHORT NOT NULL PRIMARY KEY `WixRemoveFolderEx`)",
    "INSERT INTO `WixRemoveFolderEx` (`WixRemoveFolderEx`, `Component_`, `Property`, `InstallMode`) "
    "VALUES ('all', 'Data', 'FOUND', 2)",
    "INSERT INTO `AppSearch` (`Property`, `Signature_`) VALUES ('FOUND', 'place')",
    f"INSERT INTO `RegLocator` (`Signature_`, `Root`, `Key`, `Name`, `Type`) VALUES ('place', {PLACE})",
    # The same by hand.
    "INSERT INTO `RemoveFile` (`FileKey`, `Component_`, `FileName`, `DirProperty`, `InstallMode`) "
    "VALUES ('logs', 'Data', '*.log', 'DATA', 2)",
)


def build_registered(place: Path) -> Path:
    """The package. Raises `AssertionError`."""
    compile_service(place)
    words = f"Put your key there:\n-----BEGIN {'PRIVATE'} KEY-----\nMII...\n"
    (place / "manual.md").write_text(words)
    (place / "empty.cfg").write_bytes(b"")
    (place / "preallocated.db").write_bytes(bytes(4096))
    values = "\n".join(
        f'<RegistryValue Root="{root}" Key="{key}" {f"Name={chr(34)}{name}{chr(34)}" if name else ""}'
        f' Type="string" Value="{value}"/>'
        for path, name, value in VALUES
        for root, _, key in (path.partition("\\"),)
    )
    (place / "package.wxs").write_text(SOURCE.replace("VALUES", values).replace("PORT", str(PORT)))
    tool(place, "wixl", "-a", "x64", "-o", f"{REGISTERED}.msi", "package.wxs")
    tool(place, "msibuild", f"{REGISTERED}.msi", *(part for sql in EDITS for part in ("-q", sql)))
    return place / f"{REGISTERED}.msi"


def compile_service(place: Path) -> None:
    """`uses.exe` in `place`. Raises `AssertionError`."""
    source = Path(__file__).with_name("uses.c")
    tool(place, COMPILER, "-municode", "-O1", "-s", "-o", "uses.exe", str(source), *LIBRARIES)


def tool(place: Path, *command: str) -> None:
    """Run it in `place`. Raises `AssertionError`."""
    environment = os.environ | {"LC_ALL": "C.UTF-8"}
    ended_well(command, TOOL_S, cwd=place, env=environment)


def write_registered(path: Path) -> Path:
    """Its profile: no check-in, and nothing of the helper that the package brings along."""
    document: dict[str, Any] = {
        "name": path.stem,
        "title": REGISTERED,
        "status": "exercised",
        "product_name": "BVT Registered",
        "installer": {"unsigned": WHY},
        "unsigned_programs": {"*": WHY},
        "install_dir": HOME,
        "data_dirs": [DATA],
        "services": [{"name": "BvtRegistered", "start": "auto", "image_path": f"{HOME}\\uses.exe"}],
        "files": [{"path": f"{HOME}\\{name}"} for name in ("uses.exe", "manual.md", "empty.cfg")],
        "registry_roots": ["HKLM\\Software\\BVT Registered"],
        "version_command": [f"{HOME}\\uses.exe", "--version"],
        "logs": [f"{DATA}\\uses.log"],
        "open_ports": [{"port": PORT, "reason": WHY}],
    }
    path.write_text(yaml.safe_dump(document))
    return path

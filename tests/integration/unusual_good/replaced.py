"""A product whose data its uninstall deletes unless it is replaced, and whose features customers choose.

It looks for what is there before it comes (a folder, a file, a component, a value), as many packages do.
"""

from pathlib import Path
from typing import Any

import yaml

from tests.integration.unusual_good.candidates import WHY
from tests.integration.unusual_good.packages import COMPILER
from tests.integration.unusual_good.registered import tool

REPLACED = "chosen-and-replaced"
HOME = "C:\\Program Files\\BVT Replaced"
DATA = "C:\\ProgramData\\BVT Replaced"
COMPONENT = "8D1E1B52-7A34-4C0B-9E36-2F1D5A0C7E13"
SOURCE = f"""<?xml version="1.0" encoding="utf-8"?>
<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi">
  <Product Id="8D1E1B52-7A34-4C0B-9E36-2F1D5A0C7E2MINOR" Name="BVT Replaced" Version="VERSION" Manufacturer="BVT Unusual"
      Language="1033" UpgradeCode="8D1E1B52-7A34-4C0B-9E36-2F1D5A0C7E12">
    <Package InstallerVersion="500" Compressed="yes" InstallScope="perMachine"/>
    <MajorUpgrade DowngradeErrorMessage="A newer version is installed."/>
    <Media Id="1" Cabinet="a.cab" EmbedCab="yes"/>
    <Property Id="INSTALLLEVEL" Value="50"/>
    <Directory Id="TARGETDIR" Name="SourceDir">
    <Directory Id="ProgramFiles64Folder"><Directory Id="HOME" Name="BVT Replaced">
      <Component Id="Main" Guid="{COMPONENT}" Win64="yes">
        <File Id="service" Name="service.exe" Source="service.exe" KeyPath="yes"/>
        <ServiceInstall Id="s" Name="BvtReplaced" Start="auto" Type="ownProcess" ErrorControl="normal"
          Arguments="--service BvtReplaced --log &quot;[DATA]log&quot;"/>
        <ServiceControl Id="s" Name="BvtReplaced" Start="install" Stop="both" Remove="uninstall" Wait="yes"/>
      </Component>
      <Component Id="Tray" Guid="8D1E1B52-7A34-4C0B-9E36-2F1D5A0C7E14" Win64="yes">
        <File Id="tray" Name="tray.txt" Source="words.txt" KeyPath="yes"/></Component>
      <Component Id="Manual" Guid="8D1E1B52-7A34-4C0B-9E36-2F1D5A0C7E15" Win64="yes">
        <File Id="manual" Name="manual.txt" Source="words.txt" KeyPath="yes"/></Component>
    </Directory></Directory>
    <Directory Id="CommonAppDataFolder"><Directory Id="DATA" Name="BVT Replaced">
      <Component Id="Data" Guid="8D1E1B52-7A34-4C0B-9E36-2F1D5A0C7E16" Win64="yes"><CreateFolder/></Component>
    </Directory></Directory></Directory>
    <Feature Id="Core" Level="1"><ComponentRef Id="Main"/><ComponentRef Id="Data"/>
      <Feature Id="Tray" Level="3"><ComponentRef Id="Tray"/></Feature></Feature>
    <Feature Id="Manual" Level="200"><ComponentRef Id="Manual"/></Feature>
  </Product></Wix>
"""
EDITS = (
    # Right behind InstallValidate: the old product goes whole before anything of the new one comes.
    "UPDATE `InstallExecuteSequence` SET `Sequence` = 1402 WHERE `Action` = 'RemoveExistingProducts'",
    # A program by its command line (34), deferred (1024), in the system's context (2048), whatever it ends with (64).
    "INSERT INTO `CustomAction` (`Action`, `Type`, `Source`, `Target`) VALUES "
    "('Wipe', 3170, 'TARGETDIR', '[System64Folder]cmd.exe /c rd /s /q \"[DATA].\"')",
    "INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) VALUES "
    "('Wipe', 'REMOVE=\"ALL\" AND NOT UPGRADINGPRODUCTCODE', 3430)",
    "INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) VALUES ('AppSearch', '', 50)",
    "INSERT INTO `RegLocator` (`Signature_`, `Root`, `Key`, `Name`, `Type`) VALUES "
    "('build', 2, 'SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion', 'CurrentBuild', 18)",
    "CREATE TABLE `CompLocator` (`Signature_` CHAR(72) NOT NULL, `ComponentId` CHAR(38) NOT NULL, `Type` SHORT "
    "PRIMARY KEY `Signature_`)",
    f"INSERT INTO `CompLocator` (`Signature_`, `ComponentId`, `Type`) VALUES ('before', '{{{COMPONENT}}}', 1)",
    "INSERT INTO `Signature` (`Signature`, `FileName`) VALUES ('kernel', 'kernel32.dll')",
    "CREATE TABLE `DrLocator` (`Signature_` CHAR(72) NOT NULL, `Parent` CHAR(72), `Path` CHAR(255), `Depth` SHORT "
    "PRIMARY KEY `Signature_`, `Parent`, `Path`)",
    "INSERT INTO `DrLocator` (`Signature_`, `Path`, `Depth`) VALUES ('kernel', '[System64Folder]', 0)",
    *(
        f"INSERT INTO `AppSearch` (`Property`, `Signature_`) VALUES ('{name.upper()}FOUND', '{name}')"
        for name in ("build", "before", "kernel")
    ),
    "INSERT INTO `LaunchCondition` (`Condition`, `Description`) VALUES "
    "('Installed OR (BUILDFOUND >= 7601 AND KERNELFOUND)', 'It needs Windows 7 with Service Pack 1.')",
)


def build_replaced(place: Path) -> Path:
    """The candidate, with its earlier release beside it as `previous.msi`. Raises `AssertionError`."""
    source = Path(__file__).with_name("service.c")
    tool(place, COMPILER, "-municode", "-O1", "-s", "-o", "service.exe", str(source))
    (place / "words.txt").write_text("words\n")
    for minor, file in enumerate(("previous.msi", f"{REPLACED}.msi")):
        text = SOURCE.replace("VERSION", f"1.{minor}.0").replace("MINOR", str(minor))
        (place / "package.wxs").write_text(text, encoding="utf-8")
        tool(place, "wixl", "-a", "x64", "-o", file, "package.wxs")
        tool(place, "msibuild", file, *(part for sql in EDITS for part in ("-q", sql)))
    return place / f"{REPLACED}.msi"


def write_replaced(path: Path) -> Path:
    """Its profile: the manual is chosen, the tray is not; a line that customers add to a file of its data stays."""
    document: dict[str, Any] = {
        "name": path.stem,
        "title": REPLACED,
        "status": "exercised",
        "product_name": "BVT Replaced",
        "installer": {"unsigned": WHY, "properties": {"ADDLOCAL": "Core,Manual"}},
        "unsigned_programs": {"*": WHY},
        "install_dir": HOME,
        "data_dirs": [DATA],
        "services": [{"name": "BvtReplaced", "start": "auto", "image_path": f"{HOME}\\service.exe"}],
        "files": [{"path": f"{HOME}\\{name}"} for name in ("service.exe", "manual.txt")],
        "logs": [f"{DATA}\\log\\agent.log"],
        "upgrade": {"edited_files": [{"path": f"{DATA}\\agent.conf", "line": "# added by a customer"}]},
        "releases": {"previous": {"path": "previous.msi"}},
    }
    path.write_text(yaml.safe_dump(document))
    return path

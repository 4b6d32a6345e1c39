"""A product of several services: one guards another, one is slow. Its earlier release goes when all else is done."""

from pathlib import Path
from typing import Any

import yaml

from tests.integration.unusual_good.candidates import WHY
from tests.integration.unusual_good.packages import COMPILER
from tests.integration.unusual_good.registered import tool

COMPANIONS = "in-company"
HOME = "C:\\Program Files\\BVT Vendor\\Companions"
DATA = "C:\\ProgramData\\BVT Companions"
STARTS_IN_S = 20
SOURCE = f"""<?xml version="1.0" encoding="utf-8"?>
<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi">
  <Product Id="9D1E1B52-7A34-4C0B-9E36-2F1D5A0C7E2MINOR" Name="BVT Companions" Version="VERSION"
      Manufacturer="BVT Unusual" Language="1033" UpgradeCode="9D1E1B52-7A34-4C0B-9E36-2F1D5A0C7E12">
    <Package InstallerVersion="500" Compressed="yes" InstallScope="perMachine"/>
    <MajorUpgrade DowngradeErrorMessage="A newer version is installed."/>
    <Media Id="1" Cabinet="a.cab" EmbedCab="yes"/>
    <Directory Id="TARGETDIR" Name="SourceDir">
    <Directory Id="ProgramFiles64Folder"><Directory Id="VENDOR" Name="BVT Vendor"><Directory Id="HOME" Name="Companions">
      <Component Id="Guard" Guid="9D1E1B52-7A34-4C0B-9E36-2F1D5A0C7E13" Win64="yes">
        <File Id="guard" Name="guard.exe" Source="companions.exe" KeyPath="yes"/>
        <ServiceInstall Id="guard" Name="BvtGuard" Start="auto" Type="ownProcess" ErrorControl="normal"
          Arguments="guard BvtWork BvtWork"/>
        <ServiceControl Id="a" Name="BvtGuard" Start="install" Stop="both" Remove="uninstall" Wait="yes"/>
      </Component>
      <Component Id="Work" Guid="9D1E1B52-7A34-4C0B-9E36-2F1D5A0C7E14" Win64="yes">
        <File Id="work" Name="work.exe" Source="companions.exe" KeyPath="yes"/>
        <ServiceInstall Id="work" Name="BvtWork" Start="auto" Type="ownProcess" ErrorControl="normal"
          Arguments="work BvtWork {STARTS_IN_S}"><ServiceDependency Id="BvtKeep"/></ServiceInstall>
        <ServiceControl Id="b" Name="BvtWork" Start="install" Stop="both" Remove="uninstall" Wait="yes"/>
      </Component>
      <Component Id="Keep" Guid="9D1E1B52-7A34-4C0B-9E36-2F1D5A0C7E15" Win64="yes">
        <File Id="keep" Name="keep.exe" Source="companions.exe" KeyPath="yes"/>
        <ServiceInstall Id="keep" Name="BvtKeep" Start="auto" Type="ownProcess" ErrorControl="normal"
          Arguments="keep BvtKeep"/>
        <ServiceControl Id="c" Name="BvtKeep" Start="install" Stop="both" Remove="uninstall" Wait="yes"/>
      </Component>
      <Component Id="Off" Guid="9D1E1B52-7A34-4C0B-9E36-2F1D5A0C7E16" Win64="yes">
        <File Id="off" Name="off.txt" Source="words.txt" KeyPath="yes"/></Component>
      <Component Id="Later" Guid="9D1E1B52-7A34-4C0B-9E36-2F1D5A0C7E17" Win64="yes">
        <File Id="later" Name="later.txt" Source="words.txt" KeyPath="yes"/></Component>
    </Directory></Directory></Directory>
    <Directory Id="CommonAppDataFolder"><Directory Id="DATA" Name="BVT Companions">
      <Component Id="Data" Guid="9D1E1B52-7A34-4C0B-9E36-2F1D5A0C7E18" Win64="yes"><CreateFolder/></Component>
    </Directory></Directory></Directory>
    <Feature Id="Core" Level="1"><ComponentRef Id="Guard"/><ComponentRef Id="Work"/><ComponentRef Id="Keep"/>
      <ComponentRef Id="Data"/></Feature>
    <Feature Id="Off" Level="1"><ComponentRef Id="Off"/></Feature>
    <Feature Id="Later" Level="1"><ComponentRef Id="Later"/></Feature>
  </Product></Wix>
"""
SEQUENCE = "INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) VALUES "
EDITS = (
    # For the whole machine where whoever installs it may do that ("ALLUSERS property").
    "UPDATE `Property` SET `Value` = '2' WHERE `Property` = 'ALLUSERS'",
    # Level 0: it is never installed. Attribute 4: it is advertised rather than installed ("Feature table").
    "UPDATE `Feature` SET `Level` = 0 WHERE `Feature` = 'Off'",
    "UPDATE `Feature` SET `Attributes` = 4 WHERE `Feature` = 'Later'",
    "CREATE TABLE `MsiLockPermissionsEx` (`MsiLockPermissionsEx` CHAR(72) NOT NULL, `LockObject` CHAR(72) NOT NULL, "
    "`Table` CHAR(32) NOT NULL, `SDDLText` LONGCHAR NOT NULL, `Condition` CHAR(255) "
    "PRIMARY KEY `MsiLockPermissionsEx`)",
    "INSERT INTO `MsiLockPermissionsEx` (`MsiLockPermissionsEx`, `LockObject`, `Table`, `SDDLText`) "
    "VALUES ('Shut', 'DATA', 'CreateFolder', 'D:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)')",
    # The old release goes when all of the new one is there.
    "UPDATE `InstallExecuteSequence` SET `Sequence` = PLACE WHERE `Action` = 'RemoveExistingProducts'",
)
AT_THE_END, BEFORE_THE_END = 6601, 6510


def build_companions(place: Path, removes_at: int = AT_THE_END) -> Path:
    """The candidate, with its earlier release beside it as `previous.msi`. Raises `AssertionError`."""
    source = Path(__file__).with_name("companions.c")
    tool(place, COMPILER, "-municode", "-O1", "-s", "-o", "companions.exe", str(source))
    (place / "words.txt").write_text("words\n")
    edits = [sql.replace("PLACE", str(removes_at)) for sql in EDITS]
    if removes_at == BEFORE_THE_END:
        edits.append(SEQUENCE + "('InstallExecute', '', 6500)")
    for minor, file in enumerate(("previous.msi", f"{COMPANIONS}.msi")):
        text = SOURCE.replace("VERSION", f"1.{minor}.0").replace("MINOR", str(minor))
        (place / "package.wxs").write_text(text, encoding="utf-8")
        tool(place, "wixl", "-a", "x64", "-o", file, "package.wxs")
        tool(place, "msibuild", file, *(part for sql in edits for part in ("-q", sql)))
    return place / f"{COMPANIONS}.msi"


def write_companions(path: Path) -> Path:
    """Its profile."""
    document: dict[str, Any] = {
        "name": path.stem,
        "title": COMPANIONS,
        "status": "exercised",
        "product_name": "BVT Companions",
        "installer": {"unsigned": WHY},
        "unsigned_programs": {"*": WHY},
        "install_dir": HOME,
        "data_dirs": [DATA],
        "services": [
            {"name": "BvtGuard", "start": "auto", "image_path": f"{HOME}\\guard.exe"},
            {"name": "BvtWork", "start": "auto", "depends_on": ["BvtKeep"], "start_deadline_s": 60},
            {"name": "BvtKeep", "start": "auto"},
        ],
        "files": [{"path": f"{HOME}\\{name}.exe"} for name in ("guard", "work", "keep")],
        "releases": {"previous": {"path": "previous.msi"}},
    }
    path.write_text(yaml.safe_dump(document))
    return path

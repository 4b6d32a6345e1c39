"""Two products that are packed as few are, each with the release before it, which it takes the place of.

`for-customers`: services that share a process and need each other, features that are not installed, a permanent
licence, a transform beside the MSI without which it refuses; it is a minor upgrade. `called-by-its-version`: name,
folder and keys hold its version, whose fourth field alone changes; many files, which stay by choice; a log in UTF-16.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.integration.unusual_good.transform import write_transform
from tests.programs import ended_well

FOR_CUSTOMERS, BY_VERSION = "for-customers", "called-by-its-version"
WHY = "it is so by design, and the team has agreed to it"
COMPILER = "x86_64-w64-mingw32-gcc"
TOOL_S = 120.0
MANY = 1500
STEPS = (
    "{machine: }",
    "{install: previous, expect: installed(previous)}",
    "{upgrade: candidate, expect: installed(candidate)}",
    "{uninstall: candidate, expect: absent}",
    "{residue: }",
)
UNUSUAL = {
    FOR_CUSTOMERS: (
        "a minor upgrade: the same product code, installed over its earlier release",
        "a transform beside the MSI, without whose licence key it refuses",
        "two services in one process, of which one needs the other, and a third that needs that",
        "a service that ends by itself once its work is done",
        "a service whose name holds spaces, marks and letters of other alphabets",
        "a service that starts and stops slowly",
        "a feature with a service that is not installed, and a component whose condition does not hold",
        "a permanent component, which stays by choice",
    ),
    BY_VERSION: (
        "a product whose name, folder and keys hold its version",
        "a release that differs from the one before in the fourth field of its version alone",
        "thousands of files that it lays out at its start, in another alphabet, one below a very long path",
        "data that stays by choice",
        "a log in UTF-16 that is rotated",
        "a file with its process id beside its program, which each release removes by a pattern in a folder of its own",
        "a service that has another program run its scripts",
    ),
}
HEAD = """<?xml version="1.0" encoding="utf-8"?>
<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi">
  <Product Id="PRODUCT" Name="NAME" Version="VERSION" Manufacturer="BVT Unusual" Language="1033" UpgradeCode="FAMILY">
    <Package InstallerVersion="500" Compressed="yes" InstallScope="perMachine"/>
    <Media Id="1" Cabinet="a.cab" EmbedCab="yes"/>
"""
CUSTOMERS = """
    <Property Id="LICENCEKEY" Value="none"/>
    <Condition Message="A licence key is needed.">Installed OR LICENCEKEY &lt;&gt; "none"</Condition>
    <Directory Id="TARGETDIR" Name="SourceDir"><Directory Id="ProgramFiles64Folder">
    <Directory Id="HOME" Name="BVT Customers">
      <Component Id="Shared" Guid="5D1E1B52-7A34-4C0B-9E36-2F1D5A0C7E01" Win64="yes">
        <File Id="shared" Name="shared.exe" Source="service.exe" KeyPath="yes"/>
        <ServiceInstall Id="one" Name="BvtSharedOne" Start="auto" Type="shareProcess" ErrorControl="normal"
          Arguments="--service BvtSharedOne --service BvtSharedTwo"/>
        <ServiceInstall Id="two" Name="BvtSharedTwo" Start="auto" Type="shareProcess" ErrorControl="normal"
          Arguments="--service BvtSharedOne --service BvtSharedTwo">
          <ServiceDependency Id="BvtSharedOne"/></ServiceInstall>
        <ServiceControl Id="one" Name="BvtSharedOne" Start="install" Stop="both" Remove="uninstall" Wait="yes"/>
        <ServiceControl Id="two" Name="BvtSharedTwo" Start="install" Stop="both" Remove="uninstall" Wait="yes"/>
        <RegistryValue Root="HKLM" Key="Software\\BVT Customers" Name="Version" Type="string" Value="VERSION"/>
      </Component>
      <Component Id="Slow" Guid="5D1E1B52-7A34-4C0B-9E36-2F1D5A0C7E02" Win64="yes">
        <File Id="slow" Name="slow.exe" Source="service.exe" KeyPath="yes"/>
        <ServiceInstall Id="slow" Name="BvtSlow" Start="auto" Type="ownProcess" ErrorControl="normal"
          Arguments="--service BvtSlow --slowly 3"><ServiceDependency Id="BvtSharedTwo"/></ServiceInstall>
        <ServiceControl Id="slow" Name="BvtSlow" Start="install" Stop="both" Remove="uninstall" Wait="yes"/>
      </Component>
      <Component Id="Once" Guid="5D1E1B52-7A34-4C0B-9E36-2F1D5A0C7E03" Win64="yes">
        <File Id="once" Name="once.exe" Source="service.exe" KeyPath="yes"/>
        <ServiceInstall Id="once" Name="BvtOnce" Start="auto" Type="ownProcess" ErrorControl="normal"
          Arguments="--service BvtOnce --once"/>
        <ServiceControl Id="once" Name="BvtOnce" Start="install" Stop="both" Remove="uninstall" Wait="yes"/>
      </Component>
      <Component Id="Licence" Guid="5D1E1B52-7A34-4C0B-9E36-2F1D5A0C7E04" Win64="yes">
        <File Id="licence" Name="licence.dat" Source="small.txt" KeyPath="yes"/>
      </Component>
      <Component Id="Other" Guid="5D1E1B52-7A34-4C0B-9E36-2F1D5A0C7E05" Win64="yes">
        <File Id="other" Name="optional.exe" Source="service.exe" KeyPath="yes"/>
        <ServiceInstall Id="other" Name="BvtOptional" Start="auto" Type="ownProcess" ErrorControl="normal"/>
        <ServiceControl Id="other" Name="BvtOptional" Start="install" Stop="both" Remove="uninstall" Wait="yes"/>
      </Component>
      <Component Id="Never" Guid="5D1E1B52-7A34-4C0B-9E36-2F1D5A0C7E06" Win64="yes">
        <File Id="never" Name="extra.txt" Source="small.txt" KeyPath="yes"/>
      </Component>
    </Directory></Directory></Directory>
    <Feature Id="All" Level="1"><ComponentRef Id="Shared"/><ComponentRef Id="Slow"/><ComponentRef Id="Once"/>
      <ComponentRef Id="Licence"/><ComponentRef Id="Never"/>
      <Feature Id="Optional" Level="1000"><ComponentRef Id="Other"/></Feature></Feature>
  </Product></Wix>
"""
VERSIONED = """
    <Upgrade Id="FAMILY"><UpgradeVersion Property="OLDER" Minimum="0.0.1" Maximum="VERSION"/></Upgrade>
    <Directory Id="TARGETDIR" Name="SourceDir"><Directory Id="ProgramFiles64Folder">
      <Directory Id="VENDOR" Name="BVT Versions"><Directory Id="HOME" Name="Agent VERSION">
        <Component Id="Main" Guid="COMPONENT" Win64="yes">
          <File Id="agent" Name="agent.exe" Source="service.exe" KeyPath="yes"/>
          <File Id="python" Name="python.exe" Source="service.exe"/>
          <File Id="script" Name="agent.py" Source="small.txt"/>
          <ServiceInstall Id="s" Name="BvtVersions" DisplayName="BVT Versions VERSION" Start="auto" Type="ownProcess"
            ErrorControl="normal" Arguments='--service BvtVersions --pid --child --many MANY
 "C:\\ProgramData\\BVT Versions" --log C:\\ProgramData\\BvtVersionsLog'/>
          <ServiceControl Id="c" Name="BvtVersions" Start="install" Stop="both" Remove="uninstall" Wait="yes"/>
          <RegistryValue Root="HKLM" Key="Software\\BVT Versions\\VERSION" Name="Version" Type="string" Value="VERSION"/>
        </Component>
      </Directory></Directory></Directory></Directory>
    <InstallExecuteSequence><RemoveExistingProducts After="InstallInitialize"/></InstallExecuteSequence>
    <Feature Id="All" Level="1"><ComponentRef Id="Main"/></Feature>
  </Product></Wix>
"""
ONCE = "BVT Once (für 監視) & more"
"""wixl writes code page 1252 alone, so it gets its name afterwards."""
OF_CUSTOMERS = (
    f"UPDATE `ServiceInstall` SET `Name` = '{ONCE}' WHERE `ServiceInstall` = 'once'",
    f"UPDATE `ServiceInstall` SET `Arguments` = '--service \"{ONCE}\" --once' WHERE `ServiceInstall` = 'once'",
    f"UPDATE `ServiceControl` SET `Name` = '{ONCE}' WHERE `ServiceControl` = 'once'",
    "UPDATE `Component` SET `Condition` = 'WITHEXTRA' WHERE `Component` = 'Never'",
    "UPDATE `Component` SET `Attributes` = 272 WHERE `Component` = 'Licence'",
)
OF_VERSION = (
    # 256 and 512: both ends of the range belong to it ("Upgrade table").
    "UPDATE `Upgrade` SET `Attributes` = 768",
    # Of the release before, too, in whose folder no other pattern reaches.
    "INSERT INTO `RemoveFile` (`FileKey`, `Component_`, `FileName`, `DirProperty`, `InstallMode`) "
    "VALUES ('pid', 'Main', '*.pid', 'HOME', 2)",
    "UPDATE `Property` SET `Value` = 'BVT エージェント VERSION' WHERE `Property` = 'ProductName'",
)
RELEASES = {FOR_CUSTOMERS: ("1.0.0", "1.1.0"), BY_VERSION: ("1.2.3.3", "1.2.3.4")}


def build_package(name: str, place: Path) -> Path:
    """The candidate of this name, with its earlier release beside it as `previous.msi`. Raises `AssertionError`."""
    source = Path(__file__).with_name("service.c")
    _tool(place, COMPILER, "-municode", "-O1", "-s", "-o", "service.exe", str(source))
    (place / "small.txt").write_text("small\n")
    before, now = RELEASES[name]
    _pack(name, place, before, "previous.msi")
    if name == FOR_CUSTOMERS:
        write_transform(place / "customer.mst", {"LICENCEKEY": "K-OF-THE-TRANSFORM"})
    return _pack(name, place, now, f"{name}.msi")


def _pack(name: str, place: Path, version: str, file: str) -> Path:
    family = "5D1E1B52-7A34-4C0B-9E36-2F1D5A0C700" + ("0" if name == FOR_CUSTOMERS else "1")
    own = version[-1]  # releases are products of their own, but for a minor upgrade
    words = {
        "PRODUCT": f"5D1E1B52-7A34-4C0B-9E36-2F1D5A0C7A0{'0' if name == FOR_CUSTOMERS else own}",
        "COMPONENT": f"5D1E1B52-7A34-4C0B-9E36-2F1D5A0C7B0{own}",
        "FAMILY": family,
        "VERSION": version,
        "NAME": "BVT Customers" if name == FOR_CUSTOMERS else "BVT Agent",
        "MANY": str(MANY),
    }
    text = HEAD + (CUSTOMERS if name == FOR_CUSTOMERS else VERSIONED.replace("MANY\n", "MANY"))
    edits: Sequence[str] = OF_CUSTOMERS if name == FOR_CUSTOMERS else OF_VERSION
    for word, value in words.items():
        text = text.replace(word, value)
    (place / "package.wxs").write_text(text, encoding="utf-8")
    _tool(place, "wixl", "-a", "x64", "-o", file, "package.wxs")
    (place / "codepage.idt").write_bytes(b"\r\n\r\n65001\t_ForceCodepage\r\n")
    _tool(place, "msibuild", file, "-i", "codepage.idt")
    edited = [part for sql in edits for part in ("-q", sql.replace("VERSION'", f"{version}'"))]
    _tool(place, "msibuild", file, *edited)
    return place / file


def _tool(place: Path, *command: str) -> None:
    environment = os.environ | {"LC_ALL": "C.UTF-8"}
    ended_well(command, TOOL_S, cwd=place, env=environment)


def write_package_profile(name: str, path: Path) -> Path:
    """What the product is."""
    common: dict[str, Any] = {
        "name": path.stem,
        "title": name,
        "status": "exercised",
        "unsigned_programs": {"*": WHY},
        "releases": {"previous": {"path": "previous.msi"}},
    }
    document = common | (_customers() if name == FOR_CUSTOMERS else _versions())
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    return path


def _customers() -> dict[str, Any]:
    home = "C:\\Program Files\\BVT Customers"
    return {
        "product_name": "BVT Customers",
        "installer": {"unsigned": WHY, "properties": {"TRANSFORMS": "customer.mst"}},
        "upgrade": {"properties": {"REINSTALL": "ALL", "REINSTALLMODE": "vomus"}},
        "not_by_rule": {"msi.components.permanent": WHY},
        "install_dir": home,
        "services": [
            {"name": "BvtSharedOne", "start": "auto", "image_path": f"{home}\\shared.exe"},
            {"name": "BvtSharedTwo", "start": "auto", "depends_on": ["BvtSharedOne"]},
            {"name": ONCE, "start": "auto", "running": False},
            {"name": "BvtSlow", "start": "auto", "depends_on": ["BvtSharedTwo"]},
        ],
        "files": [{"path": f"{home}\\{name}"} for name in ("shared.exe", "slow.exe", "licence.dat")],
        "registry": [{"key": "HKLM\\Software\\BVT Customers", "name": "Version", "equals": "{version}"}],
        "registry_roots": ["HKLM\\Software\\BVT Customers"],
        "keeps": [{"kind": "file", "path": f"{home}\\licence.dat", "reason": WHY}],
    }


def _versions() -> dict[str, Any]:
    home, data = "C:\\Program Files\\BVT Versions\\Agent {version}", "C:\\ProgramData\\BVT Versions"
    log = "C:\\ProgramData\\BvtVersionsLog"
    return {
        "product_name": "BVT エージェント {version}",
        "installer": {"unsigned": WHY},
        "install_dir": home,
        "data_dirs": [data, log],
        "services": [{"name": "BvtVersions", "display_name": "BVT Versions {version}", "start": "auto"}],
        "files": [{"path": f"{home}\\{name}"} for name in ("agent.exe", "python.exe", "agent.py")],
        "registry": [
            {"key": "HKLM\\Software\\BVT Versions\\{version}", "name": "Version", "equals": "{version}"}
        ],
        "registry_roots": ["HKLM\\Software\\BVT Versions"],
        "logs": [f"{log}\\agent.log", f"{log}\\agent.log.1"],
        "keeps": [{"kind": "file", "path": path, "reason": WHY} for path in (data, log)],
    }

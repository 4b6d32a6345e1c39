"""MSIs that Debian's wixl builds, in layouts of other teams."""

import subprocess
from pathlib import Path

BEAT = """<?xml version="1.0"?>
<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi">
<Product Id="*" UpgradeCode="{C7A1B2D3-0000-4000-8000-000000000001}" Name="Acme Beat" Version="7.2.0" Manufacturer="Acme"
    Language="1033">
  <Package InstallerVersion="200" Compressed="yes" InstallScope="perMachine"/>
  <Media Id="1" Cabinet="a.cab" EmbedCab="yes"/>
  <Property Id="SERVERURL" Value="https://beat.example"/>
  <Property Id="TOKEN" Secure="yes"/>
  <Property Id="MsiHiddenProperties" Value="TOKEN"/>
  <Directory Id="TARGETDIR" Name="SourceDir">
    <Directory Id="ProgramFiles64Folder"><Directory Id="ACME" Name="Acme"><Directory Id="INSTALLDIR" Name="Beat">
      <Component Id="program" Guid="{C7A1B2D3-0000-4000-8000-000000000002}" Win64="yes">
        <File Id="beat" Name="acme-beat.exe" Source="program" KeyPath="yes"/>
        <ServiceInstall Id="beat" Name="AcmeBeat" DisplayName="Acme Beat" Description="Beats." Type="ownProcess"
          Start="auto" ErrorControl="normal" Account="LocalSystem"/>
        <ServiceControl Id="beat" Name="AcmeBeat" START Stop="both" Remove="uninstall" Wait="yes"/>
        <RegistryValue Root="HKLM" Key="Software\\Acme\\Beat" Name="ServerUrl" Value="[SERVERURL]" Type="string"/>
        <RegistryValue Root="HKLM" Key="Software\\Acme\\Beat" Name="Token" Value="[TOKEN]" Type="string"/>
      </Component>
      <Component Id="helper" Guid="{C7A1B2D3-0000-4000-8000-000000000003}" Win64="yes">
        <File Id="helper" Name="acme-helper.exe" Source="program" KeyPath="yes"/>
      </Component>
    </Directory></Directory></Directory>
    <Directory Id="CommonAppDataFolder"><Directory Id="ACMEDATA" Name="Acme"><Directory Id="DATADIR" Name="Beat Data">
      <Component Id="data" Guid="{C7A1B2D3-0000-4000-8000-000000000004}" Win64="yes" KeyPath="yes">
        <CreateFolder/>
      </Component>
    </Directory></Directory></Directory>
  </Directory>
  CODE
  <Feature Id="All"><ComponentRef Id="program"/><ComponentRef Id="helper"/><ComponentRef Id="data"/></Feature>
</Product>
</Wix>
"""
"""A plain agent: a service, two programs, a data folder, two values, two properties."""

CODE = """
  <Binary Id="code" SourceFile="program"/>
  <CustomAction Id="DoAnything" BinaryKey="code" DllEntry="Do" Execute="deferred" Impersonate="no"/>
  <InstallExecuteSequence>
    <Custom Action="DoAnything" After="InstallFiles">NOT Installed</Custom>
  </InstallExecuteSequence>
"""
"""A library that is called while the MSI is installed."""


def make_beat(folder: Path, *, code: bool = False, starts: bool = False) -> Path:
    """`beat.msi` in `folder`."""
    text = BEAT.replace("CODE", CODE if code else "").replace("START", 'Start="install"' if starts else "")
    return build_msi(folder, "beat", text)


def build_msi(folder: Path, name: str, wxs: str, arch: str = "x64") -> Path:
    """`name.msi` in `folder`; every file that the source names is `program`."""
    (folder / "program").write_bytes(b"MZ" + bytes(200))
    (folder / f"{name}.wxs").write_text(wxs, encoding="utf-8")
    argv = ["wixl", "-a", arch, "-o", f"{name}.msi", f"{name}.wxs"]
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return folder / f"{name}.msi"


NARROW = """<?xml version="1.0"?>
<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi">
<Product Id="*" UpgradeCode="{C7A1B2D3-0000-4000-8000-000000000011}" Name="Watcher's 32 3.1.4" Version="3.1.4"
    Manufacturer="Müller &amp; Söhne" Language="1031">
  <Package InstallerVersion="200" Compressed="yes" InstallScope="perMachine"/>
  <Media Id="1" Cabinet="a.cab" EmbedCab="yes"/>
  <Directory Id="TARGETDIR" Name="SourceDir"><Directory Id="ProgramFilesFolder">
    <Directory Id="APPDIR" Name="Watcher's">
      <Component Id="main" Guid="{C7A1B2D3-0000-4000-8000-000000000012}">
        <File Id="main" Name="watch.exe" Source="program" KeyPath="yes"/>
        <ServiceInstall Id="watch" Name="Watch" Type="ownProcess" Start="demand" ErrorControl="normal" Arguments="-s"/>
        <RegistryValue Root="HKLM" Key="Software\\Müller\\Watcher" Name="Home" Value="[APPDIR]" Type="string"/>
        <RegistryValue Root="HKLM" Key="Software\\Müller\\Watcher" Name="Level" Value="3" Type="integer"/>
        <RegistryValue Root="HKLM" Key="Software\\Müller\\Watcher" Name="Version" Value="3.1.4" Type="string"/>
        <RegistryValue Root="HKLM" Key="Software\\Müller\\Watcher" Name="Format" Value="{{n}}" Type="string"/>
      </Component>
      <Directory Id="LIB" Name="lib"><Component Id="lib" Guid="{C7A1B2D3-0000-4000-8000-000000000013}">
        <File Id="lib" Name="a long name.dll" Source="program" KeyPath="yes"/></Component></Directory>
    </Directory></Directory></Directory>
  <Feature Id="All"><ComponentRef Id="main"/><ComponentRef Id="lib"/></Feature>
</Product>
</Wix>
"""
"""A 32-bit product whose name holds its version, a sign that YAML minds, and letters beyond ASCII."""


def make_narrow(folder: Path) -> Path:
    """`narrow.msi`: 32 bits, a service that is started by hand."""
    return build_msi(folder, "narrow", NARROW, arch="x86")


def make_moved(folder: Path) -> Path:
    """`moved.msi`: its tables bent by msibuild, as other builders make them.

    A custom action sets the folder, a property is named by a condition alone, a driver is a key of the registry, a
    service depends on two others, it is hidden and has a formatted name.
    """
    msi = make_beat(folder).rename(folder / "moved.msi")
    _query(
        msi,
        "INSERT INTO `CustomAction` (`Action`,`Type`,`Source`,`Target`)"
        " VALUES ('SetDir',51,'INSTALLDIR','[ProgramFiles64Folder]Other\\[Brand]')",
        "INSERT INTO `InstallExecuteSequence` (`Action`,`Condition`,`Sequence`) VALUES ('SetDir','NOT SILENTLY',799)",
        "INSERT INTO `Property` (`Property`,`Value`) VALUES ('Brand','Vendor X')",
        "INSERT INTO `Property` (`Property`,`Value`) VALUES ('ARPSYSTEMCOMPONENT','1')",
        "UPDATE `ServiceInstall` SET `Dependencies`='RpcSs[~]Tcpip[~][~]'",
        "UPDATE `ServiceInstall` SET `DisplayName`='[Brand] Beat'",
        "INSERT INTO `Registry` (`Registry`,`Root`,`Key`,`Name`,`Value`,`Component_`) VALUES"
        " ('drv',2,'SYSTEM\\CurrentControlSet\\Services\\acmeflt','Start','#0','program')",
        "INSERT INTO `Registry` (`Registry`,`Root`,`Key`,`Name`,`Value`,`Component_`) VALUES"
        " ('kind',2,'SYSTEM\\CurrentControlSet\\Services\\acmeflt','Type','#2','program')",
    )
    return msi


def make_searched(folder: Path) -> Path:
    """`searched.msi`: a search says where it goes, and a library does the rest: its tables know little."""
    msi = make_beat(folder, code=True).rename(folder / "searched.msi")
    _query(
        msi,
        "INSERT INTO `AppSearch` (`Property`,`Signature_`) VALUES ('INSTALLDIR','Earlier')",
        "DELETE FROM `ServiceInstall`",
        "DELETE FROM `ServiceControl`",
        "UPDATE `Property` SET `Value`='On \"quotes\" and: colons #1' WHERE `Property`='ProductName'",
    )
    return msi


def _query(msi: Path, *queries: str) -> None:
    argv = ["msibuild", str(msi), *(part for query in queries for part in ("-q", query))]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr

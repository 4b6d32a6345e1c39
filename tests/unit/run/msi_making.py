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

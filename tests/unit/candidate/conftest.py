"""Small real installers: a PE by mingw-w64, an MSI by wixl, a signature by osslsigncode."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.model.profile import AgentProfile
from tests.programs import ended_well

WXS = """<?xml version="1.0" encoding="utf-8"?>
<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi">
  <Product Id="{{11111111-2222-3333-4444-555555555555}}" Name="Tiny Ägent" Version="1.2.3" Manufacturer="Prüf GmbH"
      Language="1033" UpgradeCode="{{AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE}}">
    <Package InstallerVersion="200" Compressed="yes" InstallScope="perMachine"/>
    <Media Id="1" Cabinet="a.cab" EmbedCab="yes"/>
    <Directory Id="TARGETDIR" Name="SourceDir"><Directory Id="{root}">
      <Directory Id="INSTALLDIR" Name="Tiny Agent">
        <Component Id="c" Guid="{{12345678-1234-1234-1234-123456789012}}"{win64}>
          <File Id="program" Name="a longer name.exe" Source="program.exe" KeyPath="yes"/></Component>
        <Component Id="d" Guid="{{12345678-1234-1234-1234-123456789013}}"{win64}>
          <File Id="signed" Name="driver.sys" Source="signed.exe" KeyPath="yes"/></Component>
        <Component Id="e" Guid="{{12345678-1234-1234-1234-123456789014}}"{win64}>
          <File Id="readme" Name="readme.exe" Source="readme.txt" KeyPath="yes"/></Component>
      </Directory></Directory></Directory>
    <Feature Id="F" Level="1"><ComponentRef Id="c"/><ComponentRef Id="d"/><ComponentRef Id="e"/></Feature>
  </Product>
</Wix>
"""


@dataclass(frozen=True)
class Installers:
    """What the tests read."""

    folder: Path
    plain: Path
    signed: Path
    x86: Path
    exe: Path
    signed_exe: Path


def run(folder: Path, *argv: str) -> None:
    ended_well(argv, 60, cwd=folder)


@pytest.fixture(scope="session")
def installers(tmp_path_factory: pytest.TempPathFactory) -> Installers:
    folder = tmp_path_factory.mktemp("installers")
    (folder / "program.c").write_text("int main(void) { return 0; }\n")
    (folder / "readme.txt").write_text("no program, whatever its name says\n")
    run(folder, "x86_64-w64-mingw32-gcc", "-s", "-o", "program.exe", "program.c")
    run(
        folder, "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
        "-keyout", "key.pem", "-out", "cert.pem", "-subj", "/CN=Test Publisher", "-days", "2",
        "-addext", "extendedKeyUsage=codeSigning",
    )  # fmt: skip
    sign(folder, "program.exe", "signed.exe")
    for name, root, win64, arch in (
        ("plain", "ProgramFiles64Folder", ' Win64="yes"', "x64"),
        ("x86", "ProgramFilesFolder", "", "x86"),
    ):
        (folder / f"{name}.wxs").write_text(WXS.format(root=root, win64=win64), encoding="utf-8")
        run(folder, "wixl", "-a", arch, "-o", f"{name}.msi", f"{name}.wxs")
    sign(folder, "plain.msi", "signed.msi")
    names = ("plain.msi", "signed.msi", "x86.msi", "program.exe", "signed.exe")
    return Installers(folder, *(folder / name for name in names))


def sign(folder: Path, source: str, target: str) -> None:
    run(
        folder, "osslsigncode", "sign", "-certs", "cert.pem", "-key", "key.pem", "-in", source, "-out", target
    )


@pytest.fixture
def profile() -> AgentProfile:
    return AgentProfile.model_validate(
        {
            "name": "tiny",
            "title": "Tiny",
            "status": "exercised",
            "product_name": "Tiny Ägent",
            "install_dir": "C:\\Program Files\\Tiny Agent",
            "services": [{"name": "Tiny"}],
        }
    )


@pytest.fixture
def exe_profile(profile: AgentProfile) -> AgentProfile:
    installer = profile.installer.model_validate(
        {"kind": "exe", "declared_version": "7.8", "install_arguments": ["/S"], "uninstall_command": ["x"]}
    )
    return profile.model_copy(update={"installer": installer})

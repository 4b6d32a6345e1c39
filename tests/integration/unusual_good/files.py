"""A product without a service: very many, very large, read-only and deeply buried files, and names of every kind."""

import os
from pathlib import Path
from xml.sax.saxutils import quoteattr

import yaml

from tests.programs import ended_well

MANY = 1500
LARGE_BYTES = 50 * 1024 * 1024
WAIT_S = 120.0
PRODUCT = "BVT «Ünusual» Files & 監視"
PLAIN = "BVT Unusual Files"
ROOT = "C:\\Program Files\\BVT Vendor, Inc\\Unusual.Files v1.0"
SHARED = "C:\\bvt-sentinel\\Files"
"""Below the folder of a neighbour, which holds a file of its own and must stay."""
COMPONENTS = ("C0", "C1", "C2", "C3", "Shared", "OnDrive", "Font", "OfUser")
DEEP = [f"level {number:02} of a path that is nearly as long as it may be" for number in range(3)]
FOREIGN = ("Überwachung.txt", "監視.dat")
"""wixl writes code page 1252 alone, so these get their names afterwards."""
NAMES = (*FOREIGN, "no extension", ".hidden", "two.dots.log", "UPPER.TXT")

SOURCE = """\
<?xml version="1.0" encoding="utf-8"?>
<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi">
  <Product Id="0A6B2C7D-5B0F-4D0C-9F47-0D3D3B1C5A01" Name="{product}" Language="1033" Version="1.0.0"
           Manufacturer="BVT" UpgradeCode="0A6B2C7D-5B0F-4D0C-9F47-0D3D3B1C5A02">
    <Package InstallerVersion="500" Compressed="yes" InstallScope="perMachine" Platform="x64"/>
    <Media Id="1" Cabinet="files.cab" EmbedCab="yes"/>
    <Directory Id="TARGETDIR" Name="SourceDir">
      <Directory Id="ProgramFiles64Folder">
        <Directory Id="Vendor" Name="BVT Vendor, Inc"><Directory Id="INSTALLDIR" Name="Unusual.Files v1.0">
{many}
          {deep}
        </Directory></Directory>
      </Directory>
      <Directory Id="WindowsVolume"><Directory Id="Neighbour" Name="bvt-sentinel"><Directory Id="Shared" Name="Files">
        <Component Id="Shared" Guid="0A6B2C7D-5B0F-4D0C-9F47-0D3D3B1C5A03" Win64="yes">
          <File Id="shared" Name="shared.txt" Source="small.txt" KeyPath="yes"/>
        </Component>
      </Directory></Directory>
      <Directory Id="OnDrive" Name="BVT Unusual"><Directory Id="Below" Name="Files"><Component Id="OnDrive"
          Guid="0A6B2C7D-5B0F-4D0C-9F47-0D3D3B1C5A04" Win64="yes">
        <File Id="ondrive" Name="on the drive.txt" Source="small.txt" KeyPath="yes"/>
        <RegistryValue Root="HKLM" Key="Software\\BVT Unusual" Type="string" Value="a key's default"/>
      </Component></Directory></Directory></Directory>
      <Directory Id="FontsFolder"><Component Id="Font" Guid="0A6B2C7D-5B0F-4D0C-9F47-0D3D3B1C5A05" Win64="yes">
        <File Id="font" Name="bvtunusual.ttf" Source="small.txt" KeyPath="yes"/>
      </Component></Directory>
      <Directory Id="LocalAppDataFolder"><Directory Id="OfUser" Name="BVT Unusual"><Component Id="OfUser"
          Guid="0A6B2C7D-5B0F-4D0C-9F47-0D3D3B1C5A06" Win64="yes">
        <File Id="ofuser" Name="of the user.txt" Source="small.txt"/>
        <RegistryValue Root="HKCU" Key="Software\\BVT Unusual" Name="Here" Type="integer" Value="1" KeyPath="yes"/>
      </Component></Directory></Directory>
    </Directory>
    <Feature Id="All" Level="1">{references}</Feature>
  </Product>
</Wix>
"""


def _component(number: int, files: str) -> str:
    guid = f"0A6B2C7D-5B0F-4D0C-9F47-0D3D3B1C6{number:03}"
    return f'<Component Id="C{number}" Guid="{guid}" Win64="yes">{files}</Component>'


def _file(key: str, name: str, source: str) -> str:
    return f'<File Id="{key}" Name={quoteattr(name)} Source="{source}"/>'


def build_files(place: Path) -> Path:
    """The MSI, unsigned. Raises `AssertionError`."""
    (place / "small.txt").write_text("small\n")
    with (place / "large.bin").open("wb") as large:
        large.truncate(LARGE_BYTES)
    many = [_file(f"m{n}", f"part {n:04}.dat", "small.txt") for n in range(MANY)]
    plain = [f"foreign{n}.txt" if name in FOREIGN else name for n, name in enumerate(NAMES)]
    named = [_file(f"n{n}", name, "small.txt") for n, name in enumerate(plain)]
    kept = [_file("large", "large.bin", "large.bin"), _file("fixed", "fixed.txt", "small.txt")]
    parts = [_component(0, "".join(many)), _component(1, "".join(named)), _component(2, "".join(kept))]
    deep = _component(3, _file("deep", "deep.txt", "small.txt"))
    for level, name in enumerate(reversed(DEEP)):
        deep = f'<Directory Id="D{level}" Name="{name}">{deep}</Directory>'
    references = "".join(f'<ComponentRef Id="{name}"/>' for name in COMPONENTS)
    text = SOURCE.format(product=PLAIN, many="".join(parts), deep=deep, references=references)
    (place / "files.wxs").write_text(text, encoding="utf-8")
    msi = place / "files.msi"
    # The code page of UTF-8 ("Code page handling"); 512 vital and 1 read-only ("File table").
    (place / "codepage.idt").write_bytes(b"\r\n\r\n65001\t_ForceCodepage\r\n")
    edits = ["UPDATE `File` SET `Attributes` = 513 WHERE `File` = 'fixed'"]
    edits += [
        f"UPDATE `File` SET `FileName` = '{name}' WHERE `File` = 'n{n}'" for n, name in enumerate(FOREIGN)
    ]
    edits += [f"UPDATE `Property` SET `Value` = '{PRODUCT}' WHERE `Property` = 'ProductName'"]
    _tool(place, "wixl", "-a", "x64", "-o", "files.msi", "files.wxs")
    _tool(place, "msibuild", "files.msi", "-i", "codepage.idt")
    _tool(place, "msibuild", "files.msi", *(part for sql in edits for part in ("-q", sql)))
    return msi


def _tool(place: Path, *command: str) -> None:
    environment = os.environ | {"LC_ALL": "C.UTF-8"}
    ended_well(command, WAIT_S, cwd=place, env=environment)


def write_profile(path: Path, reason: str) -> Path:
    """What the product is."""
    folder = "\\".join([ROOT, *DEEP])
    document = {
        "name": path.stem,
        "title": PRODUCT,
        "status": "exercised",
        "product_name": PRODUCT,
        "installer": {"unsigned": reason},
        "install_dir": ROOT,
        "data_dirs": [SHARED],
        "services": [],
        "registry_roots": ["HKLM\\Software\\BVT Unusual", "HKCU\\Software\\BVT Unusual"],
        "files": [
            *(
                {"path": f"{ROOT}\\{name}"}
                for name in (*NAMES, "large.bin", "fixed.txt", f"part {MANY - 1:04}.dat")
            ),
            {"path": f"{folder}\\deep.txt"},
            {"path": f"{SHARED}\\shared.txt"},
            {"path": "C:\\BVT Unusual\\Files\\on the drive.txt"},
            {"path": "C:\\Windows\\Fonts\\bvtunusual.ttf"},
        ],
    }
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    return path

"""An MSI with its cabinet beside it goes the whole way."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.e2e.conftest import BvtCommand

pytestmark = [
    pytest.mark.wine,
    pytest.mark.slow,
    pytest.mark.in_turn("installers of other kinds", days=4),
]

WXS = """<?xml version="1.0"?>
<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi">
  <Product Id="*" UpgradeCode="5A8F6D0C-52A1-4E5B-9D0B-7B4F0E5C2F11" Name="Plain" Version="1.0.0" Manufacturer="M"
      Language="1033">
    <Package InstallerVersion="200" Compressed="yes" Platform="x64"/>
    <Media Id="1" Cabinet="a.cab" EmbedCab="yes"/>
    <Directory Id="TARGETDIR" Name="SourceDir"><Directory Id="ProgramFiles64Folder"><Directory Id="D" Name="Plain">
      <Component Id="C" Guid="5A8F6D0C-52A1-4E5B-9D0B-7B4F0E5C2F12">
        <CreateFolder/><File Id="F" Source="data.bin" KeyPath="yes"/></Component>
    </Directory></Directory></Directory>
    <Feature Id="All"><ComponentRef Id="C"/></Feature>
  </Product>
</Wix>
"""
PROFILE = r"""
schema_version: 1
name: plain
title: Plain
status: exercised
product_name: Plain
installer: {kind: msi, unsigned: the package is a test's own}
install_dir: 'C:\Program Files\Plain'
files: [{path: 'C:\Program Files\Plain\data.bin'}]
"""


def test_an_msi_with_its_cabinet_beside_it_passes(one_cell: Path, bvt: BvtCommand, tmp_path: Path) -> None:
    (tmp_path / "data.bin").write_bytes(bytes((i * i * 7 + i) % 251 for i in range(90_000)))
    (tmp_path / "plain.wxs").write_text(WXS)
    (tmp_path / "plain.yaml").write_text(PROFILE)
    pack = ["wixl", "-a", "x64", "-o", "plain.msi", "plain.wxs"]
    subprocess.run(pack, cwd=tmp_path, check=True, timeout=60)
    with (tmp_path / "a.cab").open("wb") as cabinet:
        subprocess.run(
            ["msiinfo", "extract", "plain.msi", "a.cab"], cwd=tmp_path, check=True, timeout=60, stdout=cabinet
        )
    outside = ["msibuild", "plain.msi", "-q", "UPDATE `Media` SET `Cabinet` = 'a.cab'"]
    subprocess.run(outside, cwd=tmp_path, check=True, timeout=60)
    out, profile = tmp_path / "run", tmp_path / "plain.yaml"
    done = bvt("run", tmp_path / "plain.msi", "-p", profile, "-m", one_cell, "--out", out)
    assert done.code == 0, done.out + done.err
    gate = json.loads((out / "gate.json").read_text())
    found = {check["check"]: check["outcome"] for check in gate["cells"][0]["report"]["checks"]}
    assert found["install.files"] == "passed"
    assert found["install.payload_signatures"] == "not-applicable"  # it holds no program
    assert [each["name"] for each in gate["plan"]["candidate"]["beside"]] == ["a.cab"]
    (tmp_path / "a.cab").unlink()
    refused = bvt("plan", tmp_path / "plain.msi", "-p", profile, "-m", one_cell)
    assert refused.code == 2
    assert "installs from the file a.cab beside it, which is not there" in refused.err

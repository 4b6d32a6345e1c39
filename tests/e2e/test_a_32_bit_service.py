"""An MSI of 32 bits whose service opens consoles: drafted, planned and gated as a stranger would. It is good.

Wine writes fonts into the 32-bit view, and how consoles look, when it first meets such a service.
"""

import subprocess
from pathlib import Path

import pytest
import yaml

from tests.e2e.conftest import BvtCommand

pytestmark = [
    pytest.mark.wine,
    pytest.mark.slow,
    pytest.mark.in_turn("installers of other kinds", days=4),
]

SOURCES = Path(__file__).parent / "narrow"
WHY = "the package is a test's own"


def package(folder: Path) -> Path:
    compiler = ["i686-w64-mingw32-gcc", "-municode", "-O1", "-s"]
    subprocess.run([*compiler, "-o", folder / "narrow.exe", SOURCES / "narrow.c"], check=True, timeout=120)
    (folder / "narrow.wxs").write_bytes((SOURCES / "narrow.wxs").read_bytes())
    subprocess.run(["wixl", "-o", "narrow.msi", "narrow.wxs"], cwd=folder, check=True, timeout=60)
    return folder / "narrow.msi"


def test_it_passes_with_the_drafted_profile_and_what_was_declared(
    one_cell: Path, bvt: BvtCommand, tmp_path: Path
) -> None:
    msi, profile = package(tmp_path), tmp_path / "narrow.yaml"
    drafted = bvt("init", msi, "--out", profile)
    assert drafted.code == 0, drafted.out + drafted.err
    document = yaml.safe_load(profile.read_text())
    assert document["install_dir"] == "C:\\Program Files (x86)\\BVT Narrow\\Agent"
    assert document["registry_roots"] == ["HKLM\\Software\\WOW6432Node\\BVT Narrow"]
    document["installer"]["unsigned"] = WHY
    document["unsigned_programs"] = {"narrow.exe": WHY}
    profile.write_text(yaml.safe_dump(document, sort_keys=False))
    done = bvt("run", msi, "-p", profile, "-m", one_cell, "--out", tmp_path / "run")
    assert done.code == 0, done.out + done.err

"""A product whose installer is a script, with an MSI inside."""

import shutil
from pathlib import Path
from typing import Any

import yaml

from tests.integration.unusual_good.candidates import WHY
from tests.integration.unusual_good.registered import PORT, build_registered, tool

SCRIPTED = "by-script"
PREVIOUS = "previous.exe"
HOME = "C:\\Program Files\\BVT Scripted Ägent"
DATA = "C:\\ProgramData\\BVT Scripted"
OF_THE_MSI = "C:\\Program Files\\BVT\\Registered"


def build_scripted(place: Path) -> Path:
    """The set-up program, with its earlier release beside it. Raises `AssertionError`."""
    build_registered(place)
    shutil.copy(Path(__file__).with_name("scripted.nsi"), place)
    for release, name in (("0.9.0", PREVIOUS), ("1.0.0", f"{SCRIPTED}.exe")):
        stated = (f"-DRELEASE={release}", f"-DOUT={name}")
        tool(place, "makensis", "-V2", "-INPUTCHARSET", "UTF8", *stated, "scripted.nsi")
    return place / f"{SCRIPTED}.exe"


def write_scripted(path: Path) -> Path:
    """Its profile. What the MSI inside installs is the product's, too."""
    document: dict[str, Any] = {
        "name": path.stem,
        "title": SCRIPTED,
        "status": "exercised",
        "product_name": "BVT Scripted",
        "installer": {
            "kind": "exe",
            "declared_version": "1.0.0",
            "install_arguments": ["/S"],
            "uninstall_command": [f"{HOME}\\uninst.exe", "/S"],
            "unsigned": WHY,
        },
        "install_dir": HOME,
        "data_dirs": [DATA, OF_THE_MSI, "C:\\ProgramData\\BVT Registered"],
        "services": [
            {"name": "BvtScripted", "display_name": "BVT Scripted Ägent", "image_path": f"{HOME}\\uses.exe"},
            {"name": "BvtRegistered", "image_path": f"{OF_THE_MSI}\\uses.exe"},
            {"name": "BvtRegisteredHelper", "start": "demand", "running": False},
        ],
        "files": [{"path": f"{HOME}\\uses.exe"}, {"path": f"{OF_THE_MSI}\\uses.exe"}],
        "registry_roots": ["HKLM\\Software\\BVT Registered"],
        "version_command": [f"{HOME}\\uses.exe", "--version"],
        "logs": [f"{DATA}\\uses.log"],
        "releases": {"previous": {"path": PREVIOUS}},
        "open_ports": [{"port": PORT, "reason": WHY}],
    }
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    return path

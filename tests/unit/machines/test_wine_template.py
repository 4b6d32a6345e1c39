"""The template's seal and name, without building one."""

import json
import os
from pathlib import Path

from harness.machines.wine import template
from harness.machines.wine.installation import WineInstallation
from harness.machines.wine.tree_digest import seal_of_tree
from harness.state import StateDirectory

WINE = WineInstallation(Path("/usr/lib/wine/wine64"), Path("/usr/lib/wine/wineserver64"), "wine-8.0")


def seal_one(state: StateDirectory) -> Path:
    home = template.template_directory(state, WINE)
    prefix = home / "prefix"
    (prefix / "drive_c").mkdir(parents=True)
    (prefix / "drive_c" / "file.dll").write_text("program")
    (prefix / "system.reg").write_text("WINE REGISTRY Version 2\n")
    manifest = {"digest": "d" * 64, "seal": seal_of_tree(prefix), "wine_version": WINE.version, "origin": "x"}
    (home / "manifest.json").write_text(json.dumps(manifest))
    return prefix


def test_a_sealed_template_is_used_without_building(tmp_path: Path) -> None:
    state = StateDirectory(tmp_path)
    prefix = seal_one(state)
    said: list[str] = []
    found = template.ensure_template(state, WINE, said.append)
    assert found.prefix == prefix
    assert found.info().digest == "d" * 64
    assert said == []


def test_a_template_that_was_written_to_no_longer_matches_its_seal(tmp_path: Path) -> None:
    prefix = seal_one(StateDirectory(tmp_path))
    os.utime(prefix / "drive_c" / "file.dll", (1, 1))
    assert template._sealed(prefix.parent) is None


def test_a_hard_link_to_a_template_file_does_not_break_the_seal(tmp_path: Path) -> None:
    prefix = seal_one(StateDirectory(tmp_path))
    (tmp_path / "linked.dll").hardlink_to(prefix / "drive_c" / "file.dll")
    assert template._sealed(prefix.parent) is not None


def test_another_wine_version_has_another_template(tmp_path: Path) -> None:
    state = StateDirectory(tmp_path)
    newer = WineInstallation(WINE.loader, WINE.server, "wine-9.0")
    assert template.template_directory(state, WINE) != template.template_directory(state, newer)

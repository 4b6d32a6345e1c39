"""The base tree of wine-guest, from an archive that is being changed while it is asked."""

import os
from pathlib import Path

import pytest

from harness.machines import mirror
from harness.machines.libvirt.host import programs
from harness.machines.libvirt.image import debian_base
from harness.machines.libvirt.image.recipe import WineGuestRecipe, load_wine_guest, recipe_directory
from harness.model.errors import InfrastructureError

SYNC = """\
E: Failed to fetch Packages.xz  File has unexpected size (2 != 1). Mirror sync in progress?
   Hashes of expected file:
    - Filesize:2 [weak]
    - SHA256:00
    - MD5Sum:00 [weak]
   Release file created at: Sun, 01 Nov 2026 00:00:00 +0000
E: Some index files failed to download. They have been ignored, or old ones used instead.
E: apt-get update --error-on=any failed
"""
OTHER = "E: Could not resolve the archive's name\n"


@pytest.fixture
def recipe() -> WineGuestRecipe:
    return load_wine_guest(recipe_directory("wine-guest"))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With an mmdebstrap that refuses a tree that is there already, and says what the file of its turn holds."""
    played = tmp_path / "mmdebstrap"
    played.write_text(
        "#!/bin/sh\nwhile [ $# -gt 2 ]; do shift; done\n"
        f'echo >> {tmp_path}/calls; turn=$(wc -l < {tmp_path}/calls)\nmkdir "$1" || exit 9\n'
        f"if [ -e {tmp_path}/says-$turn ]; then cat {tmp_path}/says-$turn >&2; exit 25; fi\n"
        'mkdir -p "$1/var/lib/bvt/prefix/dosdevices" "$1/var/lib/bvt/prefix/drive_c/users"\n'
    )
    played.chmod(0o755)
    monkeypatch.setattr(programs, "program", lambda *_: str(played))
    monkeypatch.setattr(debian_base, "debian_sources", lambda _: "")
    monkeypatch.setattr(mirror, "SYNC_PAUSE_S", 0.0)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    home = tmp_path / "home"
    home.mkdir()
    return home


def says(home: Path, *turns: str) -> None:
    for number, text in enumerate(turns, start=1):
        (home.parent / f"says-{number}").write_text(text)


def calls(home: Path) -> int:
    return len((home.parent / "calls").read_text().splitlines())


def test_a_mirror_that_is_being_changed_is_asked_again(home: Path, recipe: WineGuestRecipe) -> None:
    says(home, SYNC, SYNC)
    base = debian_base.ensure_base(recipe, home, lambda _: None)
    assert calls(home) == 3
    assert (base / debian_base.PREFIX / "dosdevices" / "d:").is_symlink()


def test_one_that_does_not_come_to_an_end_is_said(home: Path, recipe: WineGuestRecipe) -> None:
    says(home, *[SYNC] * 9)
    with pytest.raises(InfrastructureError, match="was not built"):
        debian_base.ensure_base(recipe, home, lambda _: None)
    assert calls(home) == mirror.ASKED_AT_MOST


def test_anything_else_is_said_at_once(home: Path, recipe: WineGuestRecipe) -> None:
    says(home, *[OTHER] * 9)
    with pytest.raises(InfrastructureError, match="Could not resolve"):
        debian_base.ensure_base(recipe, home, lambda _: None)
    assert calls(home) == 1

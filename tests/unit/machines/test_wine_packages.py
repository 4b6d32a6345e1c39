"""What the archive answers: asked again while a mirror changes, and at once said when it is anything else."""

from pathlib import Path

import pytest

from harness.machines import mirror
from harness.machines.wine import packages
from harness.machines.wine.image_recipe import root_recipe
from harness.model.errors import InfrastructureError

SYNC = "E: Failed to fetch Packages.gz  File has unexpected size (2 != 1). Mirror sync in progress?"


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> packages.Archive:
    """One whose apt-get says what the file `says` holds, a line for each call, and counts its calls."""
    apt = tmp_path / "apt-get"
    apt.write_text(
        f"#!/bin/sh\necho >> {tmp_path}/calls\n"
        f'said=$(sed -n "$(wc -l < {tmp_path}/calls)p" {tmp_path}/says)\n'
        '[ -z "$said" ] || { echo "$said"; exit 100; }\n'
    )
    apt.chmod(0o755)
    monkeypatch.setattr(packages, "program", lambda *_: str(apt))
    monkeypatch.setattr(mirror, "SYNC_PAUSE_S", 0.0)
    working = tmp_path / "working"
    working.mkdir()
    return packages.Archive(working, "", root_recipe())


def calls(tmp_path: Path) -> int:
    return len((tmp_path / "calls").read_text().splitlines())


def test_a_mirror_that_is_being_changed_is_asked_again(archive: packages.Archive, tmp_path: Path) -> None:
    (tmp_path / "says").write_text(f"{SYNC}\n{SYNC}\n\n")
    archive.update()
    assert calls(tmp_path) == 3


def test_one_that_does_not_come_to_an_end_is_said(archive: packages.Archive, tmp_path: Path) -> None:
    (tmp_path / "says").write_text(f"{SYNC}\n" * 9)
    with pytest.raises(InfrastructureError, match="unexpected size"):
        archive.update()
    assert calls(tmp_path) == mirror.ASKED_AT_MOST


def test_anything_else_is_said_at_once(archive: packages.Archive, tmp_path: Path) -> None:
    (tmp_path / "says").write_text("E: Could not resolve the archive's name\n" * 9)
    with pytest.raises(InfrastructureError, match="Could not resolve"):
        archive.update()
    assert calls(tmp_path) == 1

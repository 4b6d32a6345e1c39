"""What two moments of an overlay's upper directory say of a drive, without reading what was not touched."""

import hashlib
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.residue import overlay_tree
from harness.residue.overlay_tree import Tree, difference, read_tree


@pytest.fixture
def lower(tmp_path: Path) -> Path:
    folder = tmp_path / "lower" / "windows" / "system32"
    folder.mkdir(parents=True)
    for name in ("kernel32.dll", "notepad.exe", "hosts"):
        (folder / name).write_text(f"{name} of the system")
    return tmp_path / "lower"


@pytest.fixture
def upper(tmp_path: Path) -> Path:
    folder = tmp_path / "upper" / "windows" / "system32"
    folder.mkdir(parents=True)
    return tmp_path / "upper"


@pytest.fixture
def read(upper: Path, lower: Path) -> Callable[[], Tree]:
    return lambda: read_tree(upper, lower, with_digests=True)


def whiteout(path: Path) -> None:
    try:
        os.mknod(path, stat.S_IFCHR, os.makedev(0, 0))
    except PermissionError:
        pytest.skip("this user may not make a whiteout here")


def said(before: Tree, after: Tree) -> set[tuple[str, str]]:
    return {(change.kind.value, change.name) for change in difference(before, after)}


def test_what_was_added_changed_and_removed_is_found_with_its_facts(
    upper: Path, read: Callable[[], Tree]
) -> None:
    before = read()
    system = upper / "windows" / "system32"
    (system / "new.dll").write_bytes(b"new")
    (system / "hosts").write_text("hosts of the system and one more")
    whiteout(system / "notepad.exe")
    found = {change.name.rpartition("\\")[2]: change for change in difference(before, read())}
    assert {name: change.kind.value for name, change in found.items()} == {
        "new.dll": "added",
        "hosts": "changed",
        "notepad.exe": "removed",
    }
    new = found["new.dll"]
    assert (new.path, new.size) == ("C:\\windows\\system32\\new.dll", 3)
    assert new.sha256 == hashlib.sha256(b"new").hexdigest()
    assert new.modified_s is not None


def test_a_file_that_was_copied_up_and_is_the_same_is_no_change(
    upper: Path, lower: Path, read: Callable[[], Tree]
) -> None:
    before = read()
    content = (lower / "windows/system32/hosts").read_bytes()
    (upper / "windows/system32/hosts").write_bytes(content)
    assert said(before, read()) == set()


def test_one_changed_byte_of_the_same_size_is_found_also_in_what_the_overlay_held_before(
    upper: Path, read: Callable[[], Tree]
) -> None:
    file = upper / "windows" / "system32" / "log"
    file.write_bytes(b"aaaa")
    before = read()
    times = (file.stat().st_atime_ns, file.stat().st_mtime_ns)
    file.write_bytes(b"aaba")
    os.utime(file, ns=times)  # the time of its content is anybody's to set
    assert said(before, read()) == {("changed", "c:\\windows\\system32\\log")}


def test_a_deleted_folder_takes_with_it_all_that_the_template_had_in_it(
    upper: Path, read: Callable[[], Tree]
) -> None:
    before = read()
    (upper / "windows" / "system32").rmdir()
    whiteout(upper / "windows" / "system32")
    names = {name for kind, name in said(before, read()) if kind == "removed"}
    assert {"c:\\windows\\system32", "c:\\windows\\system32\\hosts"} <= names
    assert len(names) == 4


def test_a_folder_that_was_made_anew_hides_what_was_in_the_old_one(
    upper: Path, read: Callable[[], Tree], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = read()
    monkeypatch.setattr(overlay_tree, "_is_opaque", lambda path: path.endswith("system32"))
    (upper / "windows" / "system32" / "hosts").write_text("hosts of the system")
    assert said(before, read()) == {
        ("removed", "c:\\windows\\system32\\kernel32.dll"),
        ("removed", "c:\\windows\\system32\\notepad.exe"),
    }


def test_what_was_made_and_taken_away_again_is_no_change(upper: Path, read: Callable[[], Tree]) -> None:
    before = read()
    whiteout(upper / "windows" / "system32" / "never-in-the-template.log")
    assert said(before, read()) == set()


def test_only_what_was_touched_is_read(
    upper: Path, read: Callable[[], Tree], monkeypatch: pytest.MonkeyPatch
) -> None:
    (upper / "windows" / "system32" / "large.bin").write_bytes(bytes(1 << 16))
    before = read()
    (upper / "windows" / "system32" / "new.dll").write_bytes(b"new")
    after = read_tree(upper, before.lower, with_digests=False)
    opened: list[str] = []
    digest = overlay_tree._digest

    def noted(path: Path, mode: int) -> str:
        opened.append(path.name)
        return digest(path, mode)

    monkeypatch.setattr(overlay_tree, "_digest", noted)
    assert said(before, after) == {("added", "c:\\windows\\system32\\new.dll")}
    assert set(opened) <= {"new.dll", "system32"}

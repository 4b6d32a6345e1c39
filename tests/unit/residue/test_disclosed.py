"""Texts in what a machine wrote since: in any file, and in values of every kind."""

from pathlib import Path

import pytest

from harness.machines.wine_prefix.registry_text import SetValue, edit
from harness.residue.change import Change, Kind, Where
from harness.residue.disclosed import in_files, in_registry, plain
from harness.residue.overlay_tree import Tree
from harness.residue.witness import Look

SECRET = "s3cret-of-this-run"
EMPTY = rb"""WINE REGISTRY Version 2
;; All keys relative to REGISTRY\\Machine

#arch=win64

[Software\\Old] 1
"Name"="x"
"""


def file(path: str, kind: Kind = Kind.ADDED) -> Change:
    return Change(kind=kind, where=Where.FILE, path=path, sha256="a" * 64)


def look(machine: bytes) -> Look:
    return Look(Tree({}, Path(), Path()), {"HKLM": machine, "HKU": EMPTY})


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_a_file_anywhere_is_read_in_both_encodings(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "debug.log").write_bytes(b"key=" + SECRET.encode(encoding))
    (tmp_path / "other.log").write_bytes(b"nothing")
    changes = [file("C:\\debug.log"), file("C:\\other.log"), file("C:\\gone.log")]
    assert list(in_files(changes, tmp_path, [SECRET])) == [("c:\\debug.log", SECRET)]


def test_what_was_deleted_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "debug.log").write_text(SECRET)
    assert not list(in_files([file("C:\\debug.log", Kind.REMOVED)], tmp_path, [SECRET]))


def test_values_and_names_of_values_and_keys_are_found_where_they_are_new() -> None:
    after = edit(
        EMPTY,
        [
            SetValue("Software\\Elsewhere", "Node", SECRET),
            SetValue("Software\\Elsewhere", SECRET, "1"),
            SetValue(f"Software\\{SECRET}", "Name", "x"),
        ],
    )
    found = set(in_registry(look(EMPTY), look(after), [SECRET]))
    assert found == {
        ("hklm\\software\\elsewhere\\node", SECRET),
        ("hklm\\software\\elsewhere", SECRET),
        ("hklm\\software", SECRET),
    }
    assert not set(in_registry(look(after), look(after), [SECRET]))


def test_no_place_holds_the_text_itself(tmp_path: Path) -> None:
    (tmp_path / SECRET).write_text(SECRET)
    assert list(in_files([file(f"C:\\{SECRET}")], tmp_path, [SECRET])) == [("c:\\***", SECRET)]
    after = edit(EMPTY, [SetValue(f"Software\\{SECRET}", "Name", SECRET)])
    places = {place for place, _ in in_registry(look(EMPTY), look(after), [SECRET])}
    assert places == {"hklm\\software", "hklm\\software\\***\\name"}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'"C:\\\\Agent"', ["C:\\Agent"]),
        (b'str(2):"%PATH%"', ["%PATH%"]),
        (b"dword:00000001", []),
        (b"hex:41,42", ["AB", "䉁"]),
        (b"hex(7):41,00,42,00", ["A\0B\0", "AB"]),
    ],
)
def test_data_of_each_kind_is_read_as_text(data: bytes, expected: list[str]) -> None:
    assert plain(data) == expected

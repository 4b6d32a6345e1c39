"""Paths as Windows and Linux write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.offline.errors import NotOnDisk
from harness.offline.paths import parse, through_link


@pytest.mark.parametrize(
    ("text", "drive", "names", "shown"),
    [
        (r"C:\Windows\x.log", "C", ("Windows", "x.log"), r"C:\Windows\x.log"),
        ("c:/Windows/./a/../x.log", "C", ("Windows", "x.log"), r"C:\Windows\x.log"),
        ("C:", "C", (), "C:\\"),
        (r"\Windows", "", ("Windows",), r"\Windows"),
        ("/etc//hostname", "", ("etc", "hostname"), "/etc/hostname"),
        ("/a\\b", "", ("a\\b",), "/a\\b"),
        ("/../..", "", (), "/"),
    ],
)
def test_a_path_is_a_drive_and_names(text: str, drive: str, names: tuple[str, ...], shown: str) -> None:
    path = parse(text)
    assert (path.drive, path.names, str(path)) == (drive, names, shown)


@pytest.mark.parametrize("text", ["", "x.log", "C:x.log", "etc/hostname"])
def test_a_relative_path_is_refused_with_a_hint(text: str) -> None:
    with pytest.raises(NotOnDisk, match=r"is no absolute path.*Write C:\\Windows"):
        parse(text)


@pytest.mark.parametrize(
    ("at", "target", "rest", "walked"),
    [
        (("etc", "mtab"), "../proc/mounts", (), ("proc", "mounts")),
        (("lib",), "usr/lib", ("x.so",), ("usr", "lib", "x.so")),
        (("a", "b"), "/c", ("d",), ("c", "d")),
        (("Documents and Settings",), "\\??\\C:\\Users", ("u",), ("Users", "u")),
        (("x",), "C:\\ProgramData", (), ("ProgramData",)),
    ],
)
def test_a_link_is_walked_from_its_own_directory_or_from_the_root(
    at: tuple[str, ...], target: str, rest: tuple[str, ...], walked: tuple[str, ...]
) -> None:
    assert through_link(at, target, rest) == walked


@given(st.text())
def test_any_text_is_a_path_without_dots_or_refused(text: str) -> None:
    try:
        names = parse(text).names
    except NotOnDisk:
        return
    assert not {"", ".", ".."} & set(names)

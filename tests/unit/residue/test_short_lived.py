"""Files that lie in a folder for a moment: what they held is known when they are gone."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.model.deadline import Deadline
from harness.residue import short_lived
from harness.residue.short_lived import Gone, ShortLived


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[ShortLived]:
    (tmp_path / "Windows" / "Temp").mkdir(parents=True)
    (tmp_path / "Windows" / "Temp" / "before.txt").write_text("of before")
    watching = ShortLived(tmp_path)
    yield watching
    watching.close()


def soon(true: Callable[[], bool]) -> None:
    """Until the watching thread has had its turn."""
    deadline = Deadline.after(30)
    while not true():
        assert not deadline.passed, "the watch saw nothing"
        deadline.pause(0.002)


def test_what_a_file_held_is_known_once_it_is_gone(watched: ShortLived, tmp_path: Path) -> None:
    path = tmp_path / "Windows" / "Temp" / "Exchange.tmp"
    path.write_text("a secret")
    (tmp_path / "Windows" / "Temp" / "stays.txt").write_text("it stays")
    # Whoever deletes it in the same instant is quicker than the watch.
    soon(lambda: len(watched._held) == 2)
    path.unlink()
    assert watched.close() == (Gone(("c:\\windows\\temp\\exchange.tmp",), b"a secret"),)
    assert watched.close() == watched.close()


def test_a_new_folder_is_watched_with_all_below_it(watched: ShortLived, tmp_path: Path) -> None:
    folder = tmp_path / "ProgramData" / "Agent" / "tmp"
    folder.mkdir(parents=True)
    (folder / "a").write_text("one")
    soon(lambda: len(watched._held) == 1)
    (folder / "a").unlink()
    folder.rmdir()
    assert watched.close() == (Gone(("c:\\programdata\\agent\\tmp\\a",), b"one"),)


def test_a_file_that_takes_anothers_place_has_both_names_and_the_other_is_gone(
    watched: ShortLived, tmp_path: Path
) -> None:
    temp = tmp_path / "Windows" / "Temp"
    (temp / "store").write_text("old")
    (temp / "store.tmp").write_text("new")
    soon(lambda: len(watched._held) == 2)
    (temp / "store.tmp").rename(temp / "store")
    soon(lambda: len(watched._held) == 1)
    (temp / "store").unlink()
    assert watched.close() == (
        Gone(("c:\\windows\\temp\\store",), b"old"),
        Gone(("c:\\windows\\temp\\store.tmp", "c:\\windows\\temp\\store"), b"new"),
    )


def test_a_folder_that_is_moved_takes_its_files_along(watched: ShortLived, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "file").write_text("x")
    soon(lambda: len(watched._held) == 1)
    (tmp_path / "a").rename(tmp_path / "b")
    (tmp_path / "b" / "file").unlink()
    assert watched.close() == (Gone(("c:\\a\\file", "c:\\b\\file"), b"x"),)


def test_only_so_many_are_held_and_only_so_much_is_kept(
    watched: ShortLived, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(short_lived, "MOST_OPEN", 2)
    monkeypatch.setattr(short_lived, "EACH_BYTES", 3)
    for name in ("a", "b", "c"):
        (tmp_path / name).write_text("longer than that")
    soon(lambda: tmp_path / "c" in watched._held)
    for name in ("a", "b", "c"):
        (tmp_path / name).unlink()
    assert [(each.paths, each.content) for each in watched.close()] == [
        (("c:\\b",), b"lon"),
        (("c:\\c",), b"lon"),
    ]


def test_links_and_pipes_are_left_alone(watched: ShortLived, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").unlink()
    (tmp_path / "pipe").unlink()
    assert watched.close() == ()


def test_a_folder_that_is_left_out_is_nobodys_business(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    watching = ShortLived(tmp_path, but=["own"])
    for folder in ("own", "."):
        (tmp_path / folder / "file").write_text("a secret")
    soon(lambda: len(watching._held) == 1)
    for folder in ("own", "."):
        (tmp_path / folder / "file").unlink()
    assert [each.paths for each in watching.close()] == [("c:\\file",)]

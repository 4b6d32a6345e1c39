"""Files are written whole or not at all."""

import errno
import hashlib
import io
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness.files import named_file, sha256_of, write_atomically, write_once
from harness.model.errors import ConfigurationError


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_a_write_makes_the_folder_and_leaves_nothing_but_the_file(tmp_path: Path) -> None:
    path = tmp_path / "cells" / "a.json"
    assert write_atomically(path, "é") == path
    assert path.read_bytes() == b"\xc3\xa9"
    assert write_atomically(path, b"\0") == path
    assert path.read_bytes() == b"\0"
    assert names(path.parent) == ["a.json"]


def test_a_secret_is_never_readable_for_others_not_even_for_a_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes: list[int] = []
    replace = Path.replace

    def look(path: Path, target: Path) -> Path:
        modes.append(path.stat().st_mode & 0o777)
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", look)
    path = write_atomically(tmp_path / "secret", "hush", mode=0o600)
    assert [*modes, path.stat().st_mode & 0o777] == [0o600, 0o600]


def test_a_failed_write_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_atomically(tmp_path / "a", "before")

    def full(_path: Path, _target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, "after")
    assert (names(tmp_path), path.read_text()) == (["a"], "before")


def test_a_write_that_fails_names_the_file_that_was_to_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def onto_a_full_device(descriptor: int, _mode: str) -> io.BufferedWriter:
        os.close(descriptor)
        return Path("/dev/full").open("wb")

    monkeypatch.setattr(os, "fdopen", onto_a_full_device)
    with pytest.raises(OSError, match="No space left") as caught:
        write_atomically(tmp_path / "report", "x")
    assert (caught.value.filename, names(tmp_path)) == (str(tmp_path / "report"), [])


def test_a_folder_is_not_written_over_and_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(IsADirectoryError) as caught:
        write_atomically(tmp_path / "out", "x")
    assert caught.value.filename == str(tmp_path / "out")
    assert list(tmp_path.iterdir()) == [tmp_path / "out"]


def test_what_cannot_be_written_is_called_by_its_own_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: str, *_: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(os, "open", refused)
    with pytest.raises(PermissionError) as caught:
        write_atomically(tmp_path / "report", "x")
    assert caught.value.filename == str(tmp_path / "report")


def test_of_those_who_write_once_at_the_same_time_all_have_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        for number in range(50):
            path = tmp_path / f"{number}"
            found = set(pool.map(lambda word, at=path: write_once(at, word, mode=0o600), "abcd", timeout=60))
            assert found == {path.read_text()}
            assert path.stat().st_mode & 0o777 == 0o600
    assert len(list(tmp_path.iterdir())) == 50


def test_a_digest_of_many_pieces_is_the_digest_of_the_whole(tmp_path: Path) -> None:
    content = os.urandom(3_000_001)
    (tmp_path / "big").write_bytes(content)
    assert sha256_of(tmp_path / "big") == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("missing", "there is no such file."),
        ("folder", "this is a directory, not a file."),
        ("pipe", "this is no ordinary file."),
        ("file/below", "it cannot be read: Not a directory."),
        ("a" * 300, "it cannot be read: File name too long."),
    ],
)
def test_what_a_user_names_and_is_no_file_is_said_in_one_sentence(
    tmp_path: Path, name: str, words: str
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    assert named_file(tmp_path / "file", "--iso") == tmp_path / "file"
    with pytest.raises(ConfigurationError) as refused:
        named_file(tmp_path / name, "--iso")
    assert str(refused.value) == f"{tmp_path / name}: --iso: {words}"


def test_a_pipe_is_written_into_and_stays_one(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_atomically(pipe, "text")
        assert os.read(reader, 100) == b"text"
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_device_is_written_into_and_stays_one(tmp_path: Path) -> None:
    # Never the device itself: a defect here would take it from the whole machine.
    other_name = tmp_path / "null"
    other_name.symlink_to("/dev/null")
    assert write_atomically(other_name, "text") == other_name
    assert other_name.is_symlink()
    assert other_name.is_char_device()

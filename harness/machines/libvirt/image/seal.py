"""Seals: digests of a directory's files, checked at the price of a `stat` if nothing touched them."""

import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from harness.files import sha256_of, write_atomically
from harness.model.base import Frozen


class FileSeal(Frozen):
    """One file's content."""

    sha256: str
    size: int


def digest_file(path: Path) -> FileSeal:
    """The seal of a file; holes are read as the zeros that they are. Raises `OSError`."""
    return FileSeal(sha256=sha256_of(path), size=path.stat().st_size)


def digest_files(directory: Path, names: Iterable[str]) -> dict[str, FileSeal]:
    """The seals of the named files, and a note that they were just checked."""
    seals = {name: digest_file(directory / name) for name in names}
    _write_stamps(directory, seals)
    return seals


def broken_seals(directory: Path, seals: dict[str, FileSeal], *, thorough: bool = False) -> list[str]:
    """What is wrong, one sentence per file; empty if the directory is what its seals say.

    A file with the identity, size and times that it had when last checked is believed (its ctime cannot be
    set back), unless `thorough`.
    """
    known = {} if thorough else _read_stamps(directory)
    problems = []
    for name, seal in seals.items():
        path = directory / name
        try:
            if known.get(name) == _stamp(path, seal):
                continue
            found = digest_file(path)
        except OSError as error:
            problems.append(f"{name} cannot be read ({error.strerror})")
            continue
        if found != seal:
            problems.append(f"{name} has SHA-256 {found.sha256[:12]}…, expected {seal.sha256[:12]}…")
    if not problems:
        _write_stamps(directory, seals)
    return problems


def note_checked(directory: Path, seals: dict[str, FileSeal]) -> None:
    """Note that these files are what their seals say, as the caller knows from elsewhere."""
    _write_stamps(directory, seals)


def _stamp(path: Path, seal: FileSeal) -> list[int | str]:
    status = path.stat()
    return [status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns, seal.sha256]


def _stamps_file(directory: Path) -> Path:
    return directory / "checked.json"


def _read_stamps(directory: Path) -> dict[str, list[int | str]]:
    try:
        stamps = json.loads(_stamps_file(directory).read_text())
    except (OSError, ValueError):
        return {}
    return stamps if isinstance(stamps, dict) else {}


def _write_stamps(directory: Path, seals: dict[str, FileSeal]) -> None:
    with suppress(OSError):  # a read-only store: the next check hashes again, which is only slower
        stamps = {name: _stamp(directory / name, seal) for name, seal in seals.items()}
        write_atomically(_stamps_file(directory), json.dumps(stamps))

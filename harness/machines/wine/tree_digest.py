"""Digests of a directory: of all that is in it, and a quick one that tells whether anything was touched since."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path


def digest_of_tree(root: Path) -> str:
    """SHA-256 over every name, link target and content, and over which files can be executed. Raises `OSError`."""
    total = hashlib.sha256()
    for name, path in sorted(_walk(root)):
        total.update(f"{name}\0".encode("utf-8", "surrogateescape"))
        if path.is_symlink():
            total.update(os.fsencode(path.readlink()))
        elif path.is_file():
            total.update(b"\1" if path.stat().st_mode & 0o100 else b"\0")
            with path.open("rb") as file:
                total.update(hashlib.file_digest(file, "sha256").digest())
    return total.hexdigest()


def seal_of_tree(root: Path) -> str:
    """SHA-256 over every name, mode, size and modification time: quick, so checked before every use."""
    total = hashlib.sha256()
    for name, path in sorted(_walk(root)):
        facts = path.lstat()
        line = f"{name}\0{facts.st_mode}\0"
        if not path.is_dir() or path.is_symlink():
            line += f"{facts.st_size}\0{facts.st_mtime_ns}\0"
        total.update(line.encode("utf-8", "surrogateescape"))
    return total.hexdigest()


def _walk(root: Path) -> Iterator[tuple[str, Path]]:
    for directory, names, files in os.walk(root):
        for name in [*names, *files]:
            path = Path(directory, name)
            yield str(path.relative_to(root)), path

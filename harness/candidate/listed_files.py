"""What an MSI's tables say of the files in it: hashes and versions, by which Windows Installer knows what to replace.

Sources: "MsiFileHash table", "File table: Version", "File Versioning Rules"; ICE60.
"""

import hashlib
import struct
from collections.abc import Mapping
from pathlib import Path

from harness.candidate.msi import has_table, table
from harness.candidate.pe import file_versions

PIECE = 1 << 20
PARTS = ("HashPart1", "HashPart2", "HashPart3", "HashPart4")


def hashes_of(path: Path) -> Mapping[str, tuple[int, ...]]:
    """By the key of the File table, what the MSI takes for a file's hash. Raises `ConfigurationError`."""
    if not has_table(path, "MsiFileHash"):
        return {}
    rows = table(path, "MsiFileHash", "File_", *PARTS)
    return {row["File_"]: tuple(_number(row[part]) for part in PARTS) for row in rows}


def misnamed(version: str, hashed: tuple[int, ...] | None, content: Path) -> str:
    """What the tables say of the file and is not so, in words, or nothing. Raises `OSError`.

    Windows Installer's own hash of an empty file is zeros (MsiGetFileHash). A version that is no version names another
    file, whose version counts; a program without a version resource has none.
    """
    if hashed is not None and hashed != _hash(content) and (any(hashed) or content.stat().st_size):
        return "MsiFileHash has another file's hash, so an upgrade or a repair may leave an older one in its place"
    if (
        _is_version(version)
        and (found := file_versions(content))
        and _fields(version) not in map(_fields, found)
    ):
        return (
            f"the tables call it version {version}, and it is {found[0]}: an upgrade may leave the older one"
        )
    return ""


def _hash(content: Path) -> tuple[int, ...]:
    digest = hashlib.md5(usedforsecurity=False)
    with content.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    return struct.unpack("<4i", digest.digest())


def _number(text: str) -> int:
    return int(text) if text.lstrip("-").isdecimal() else 0


def _is_version(text: str) -> bool:
    return bool(text) and all(part.isdecimal() for part in text.split("."))


def _fields(version: str) -> tuple[int, ...]:
    parts = tuple(map(int, version.split(".")))[:4]
    return (*parts, *(0,) * (4 - len(parts)))

"""What an MSI's tables say of its files, and is not so."""

import hashlib
import struct
from pathlib import Path

import pytest

from harness.candidate.listed_files import misnamed
from harness.candidate.pe import FIXED_INFO

HEAD = b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", 0x40) + b"PE\0\0"


def program(*versions: tuple[int, int, int, int]) -> bytes:
    """With a version resource for each of them; the product's version is another."""
    found = HEAD
    for one, two, three, four in versions:
        numbers = (one << 16 | two, three << 16 | four, 9 << 16, 0)
        found += b"resource" + FIXED_INFO + struct.pack("<4I", *numbers)
    return found


def parts(content: bytes) -> tuple[int, ...]:
    return struct.unpack("<4i", hashlib.md5(content, usedforsecurity=False).digest())


@pytest.mark.parametrize(
    ("version", "hashed", "content", "words"),
    [
        ("", parts(b"text"), b"text", ""),
        ("", parts(b"text"), b"another", "MsiFileHash has another file's hash"),
        ("", None, b"text", ""),
        ("", (0, 0, 0, 0), b"", ""),
        ("", parts(b""), b"", ""),
        ("", (0, 0, 0, 0), b"text", "MsiFileHash has another file's hash"),
        ("", parts(b"text"), b"", "MsiFileHash has another file's hash"),
        ("1.2.3.4", None, program((1, 2, 3, 4)), ""),
        ("1.2.3", None, program((1, 2, 3, 0)), ""),
        ("1.2.3.5", None, program((1, 2, 3, 4)), "call it version 1.2.3.5, and it is 1.2.3.4"),
        ("1.2.3.4", None, program((5, 0, 0, 0), (1, 2, 3, 4)), ""),
        ("AgentExecutable", None, program((1, 2, 3, 4)), ""),
        ("1.2.3.4", None, HEAD, ""),
        ("1.2.3.4", None, b"a font has a version, too", ""),
    ],
)
def test_hash_and_version_are_those_of_the_file(
    tmp_path: Path, version: str, hashed: tuple[int, ...] | None, content: bytes, words: str
) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    found = misnamed(version, hashed, file)
    assert words in found
    assert bool(words) is bool(found)

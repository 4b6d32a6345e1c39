"""What a qcow2 header names, also one that was written to mislead."""

import struct
from pathlib import Path

import pytest

from harness.offline.qcow2 import BACKING_FORMAT, FEATURES, HEADER, MAGIC, behind


def overlay(path: Path, name: bytes, kind: bytes = b"qcow2") -> Path:
    """The head of an overlay of version 3."""
    at = HEADER.size + FEATURES.size
    extension = struct.pack(">II", BACKING_FORMAT, len(kind)) + kind.ljust((len(kind) + 7) // 8 * 8, b"\0")
    name_at = at + len(extension) + 8
    head = HEADER.pack(MAGIC, 3, name_at, len(name), 16, 1 << 20, 0, 1, 65536, 0, 0, 0, 0)
    path.write_bytes(head + FEATURES.pack(0, 0, 0, 4, at) + extension + bytes(8) + name)
    return path


@pytest.mark.parametrize("end", [b"", b"\0", b"\0/etc/passwd"])
def test_a_name_ends_at_its_first_nul_as_qemu_reads_it(tmp_path: Path, end: bytes) -> None:
    found = behind(overlay(tmp_path / "overlay.qcow2", b"base.raw" + end, b"raw" + end))
    assert found is not None
    assert (found.path, found.format) == (tmp_path / "base.raw", "raw")


def test_what_is_no_local_file_or_not_there_is_nothing_behind(tmp_path: Path) -> None:
    for name in (b"", b"\0base.raw", b"nbd:unix:/x", b"json:{}"):
        assert behind(overlay(tmp_path / "overlay.qcow2", name)) is None

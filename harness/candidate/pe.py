"""Portable executables, as far as telling one from anything else. Source: Microsoft's "PE Format"."""

import struct
from pathlib import Path


def is_pe(path: Path) -> bool:
    """True if the file has a DOS header that leads to a PE signature."""
    with path.open("rb") as file:
        head = file.read(64)
        if len(head) < 64 or head[:2] != b"MZ":
            return False
        (offset,) = struct.unpack_from("<I", head, 0x3C)
        file.seek(offset)
        return file.read(4) == b"PE\0\0"

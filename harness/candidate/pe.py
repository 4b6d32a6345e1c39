"""Portable executables, as far as telling one from anything else. Source: Microsoft's "PE Format"."""

import shutil
import struct
from pathlib import Path

LARGEST_TABLE = 64 << 20
FIXED_INFO = struct.pack("<II", 0xFEEF04BD, 0x10000)
"""How a version resource's numbers begin: their signature, and the version of their form."""
PKCS_SIGNED_DATA = b"\x02\0"
"""WIN_CERT_TYPE_PKCS_SIGNED_DATA."""


def is_pe(path: Path) -> bool:
    """True if the file has a DOS header that leads to a PE signature."""
    with path.open("rb") as file:
        head = file.read(64)
        if len(head) < 64 or head[:2] != b"MZ":
            return False
        (offset,) = struct.unpack_from("<I", head, 0x3C)
        file.seek(offset)
        return file.read(4) == b"PE\0\0"


def signature_blocks(path: Path) -> int:
    """How many signatures lie in a program's certificate table; 0 for what is no program, or has none.

    One that is nested in another is not counted. Source: "The Attribute Certificate Table".
    """
    return len(_blocks(path)[1])


def with_first_signature_only(path: Path, into: Path) -> None:
    """A copy without the signatures that were appended to the first. None of them is a part of what is signed."""
    entry, blocks = _blocks(path)
    place, length = blocks[0]
    with into.open("wb") as copy, path.open("rb") as file:
        shutil.copyfileobj(file, copy)
        copy.truncate(place + length)
        copy.seek(entry + 4)
        copy.write(length.to_bytes(4, "little"))


def _blocks(path: Path) -> tuple[int, list[tuple[int, int]]]:
    """Where the header names the certificate table; place and padded length of each signature in it, in bytes."""
    if not is_pe(path):
        return 0, []
    with path.open("rb") as file:
        head = file.read(0x1000)
        at = _number(head, 0x3C) + 24
        entry = at + {b"\x0b\x01": 96, b"\x0b\x02": 112}.get(head[at : at + 2], 0x1000) + 4 * 8
        place, size = _number(head, entry), _number(head, entry + 4)
        file.seek(place)
        table = file.read(min(size, LARGEST_TABLE)) if place else b""
    found, position = [], 0
    while position + 8 <= len(table) and (length := _number(table, position)) >= 8:
        padded = (length + 7) // 8 * 8
        if table[position + 6 : position + 8] == PKCS_SIGNED_DATA and position + length <= len(table):
            found.append((place + position, padded))
        position += padded
    return entry, found


def resource_version(path: Path) -> str:
    """The product's version by a program's version resource, in four fields; empty if it states none.

    Of several, as self-extracting programs hold them, the first, the program's own: what is appended comes last.
    Source: "VS_FIXEDFILEINFO structure".
    """
    if not is_pe(path):
        return ""
    with path.open("rb") as file:
        data = file.read(LARGEST_TABLE)
    at = data.find(FIXED_INFO)
    if at < 0 or at + 24 > len(data):
        return ""
    high, low = struct.unpack_from("<II", data, at + 16)
    fields = (high >> 16, high & 0xFFFF, low >> 16, low & 0xFFFF)
    return ".".join(map(str, fields)) if any(fields) else ""


def file_versions(path: Path) -> tuple[str, ...]:
    """The file's own version by each version resource in it, in four fields: of self-extracting programs there are more.

    None for what is no program, or has none.
    """
    if not is_pe(path):
        return ()
    with path.open("rb") as file:
        data = file.read(LARGEST_TABLE)
    found, at = [], data.find(FIXED_INFO)
    while 0 <= at <= len(data) - 16:
        high, low = struct.unpack_from("<II", data, at + 8)
        found.append(".".join(map(str, (high >> 16, high & 0xFFFF, low >> 16, low & 0xFFFF))))
        at = data.find(FIXED_INFO, at + 1)
    return tuple(found)


def _number(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "little")

"""Hives from keys and values, byte by byte, for what no tool writes.

Format: M. Suhanov, "Windows registry file format specification".
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.integration.offline.making import base_block

NONE = 0xFFFFFFFF
COMPRESSED = 0x20


@dataclass(frozen=True)
class Key:
    """A key: a name of bytes is compressed, one of text is UTF-16."""

    name: "bytes | str"
    values: "Mapping[bytes | str, tuple[int, bytes]]" = field(default_factory=dict)
    keys: "tuple[Key, ...]" = ()


def make_hive(root: Key) -> bytes:
    """The bytes of a clean hive with this root key."""
    cells = Cells()
    at = cells.key(root, NONE)
    used = len(cells.data)
    size = (32 + used + 8 + 4095) // 4096 * 4096
    rest = size - 32 - used
    head = bytearray(base_block(1, 1))
    struct.pack_into("<II", head, 0x24, at, size)
    total = 0
    for (word,) in struct.iter_unpack("<I", head[:508]):
        total ^= word
    struct.pack_into("<I", head, 508, total)
    hbin = struct.pack("<4sIIQQI", b"hbin", 0, size, 0, 0, 0)
    return bytes(head) + hbin + bytes(cells.data) + struct.pack("<i", rest) + bytes(rest - 4)


class Cells:
    """The cells of one bin, as they are filled."""

    def __init__(self) -> None:
        self.data = bytearray()
        descriptor = struct.pack("<BBHIIII", 1, 0, 0x8000, 0, 0, 0, 0)
        self.security = self.add(struct.pack("<2sHIIII", b"sk", 0, 32, 32, 1, len(descriptor)) + descriptor)

    def add(self, body: bytes) -> int:
        """A cell; returns its offset."""
        at = 32 + len(self.data)
        size = (len(body) + 4 + 7) // 8 * 8
        self.data += struct.pack("<i", -size) + body.ljust(size - 4, b"\0")
        return at

    def key(self, key: Key, parent: int) -> int:
        """A key with all below it."""
        values = [self.value(name, kind, data) for name, (kind, data) in key.values.items()]
        listed = self.add(struct.pack(f"<{len(values)}I", *values)) if values else NONE
        below = sorted(key.keys, key=lambda each: text(each.name).upper())
        offsets = [self.key(each, 0) for each in below]
        index = NONE
        if offsets:
            entries = (
                struct.pack("<II", at, hashed(each.name)) for at, each in zip(offsets, below, strict=True)
            )
            index = self.add(struct.pack("<2sH", b"lh", len(offsets)) + b"".join(entries))
        name = raw(key.name)
        flags = COMPRESSED if isinstance(key.name, bytes) else 0
        words = (
            0,
            parent,
            len(offsets),
            0,
            index,
            NONE,
            len(values),
            listed,
            self.security,
            NONE,
            0,
            0,
            0,
            0,
            0,
        )
        return self.add(struct.pack("<2sHQ15IHH", b"nk", flags, 0, *words, len(name), 0) + name)

    def value(self, name: "bytes | str", kind: int, data: bytes) -> int:
        """A value; up to four bytes of data lie in its record."""
        if len(data) <= 4:
            size, where = len(data) | 0x80000000, int.from_bytes(data.ljust(4, b"\0"), "little")
        else:
            size, where = len(data), self.add(data)
        flags = 1 if isinstance(name, bytes) and name else 0
        stored = raw(name)
        return self.add(struct.pack("<2sHIIIHH", b"vk", len(stored), size, where, kind, flags, 0) + stored)


def text(name: "bytes | str") -> str:
    """What the registry takes the name for."""
    return name.decode("latin-1") if isinstance(name, bytes) else name


def raw(name: "bytes | str") -> bytes:
    return name if isinstance(name, bytes) else name.encode("utf-16-le", "surrogatepass")


def hashed(name: "bytes | str") -> int:
    total = 0
    for each in text(name).upper():
        total = (total * 37 + ord(each)) & 0xFFFFFFFF
    return total

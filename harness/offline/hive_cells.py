"""A hive's keys, values and access lists from its cells; pure.

libregf reads single keys well, and needs milliseconds for each (20 000 keys with three values each: 70 s). A comparison
looks at all keys, so it reads cells itself. Source: M. Suhanov, "Windows registry file format specification".
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from harness.offline import security
from harness.offline.hive_record import key_name, resident_data, value_name

BINS = 4096
"""Where the first bin begins, from which all offsets count."""
NONE = 0xFFFFFFFF
SEGMENT = 16344
"""Bytes of one part of large data ("Big data")."""
LARGEST_VALUE = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class KeyNode:
    """One key, by what its record leads to."""

    at: int
    """Byte of the hive at which the record begins."""
    subkeys: int
    """How many."""
    subkeys_at: int
    values: int
    values_at: int
    security_at: int
    size: int


class Cells:
    """One hive's bytes. Methods raise `ValueError` and `struct.error` for damage."""

    def __init__(self, data: bytes) -> None:
        if len(data) < BINS or data[:4] != b"regf":
            raise ValueError("this is no registry hive")
        self.data = data
        self.root = struct.unpack_from("<I", data, 0x24)[0]

    def cell(self, offset: int) -> tuple[int, int]:
        """Where a cell's content lies: its first byte and how many there are."""
        at = BINS + offset
        if offset == NONE or at + 8 > len(self.data):
            raise ValueError(f"there is no cell {offset:#x}")
        size = -struct.unpack_from("<i", self.data, at)[0]
        if size < 8 or at + size > len(self.data):
            raise ValueError(f"cell {offset:#x} has no sensible size")
        return at + 4, size - 4

    def key(self, offset: int) -> KeyNode:
        """The key whose record is in this cell."""
        at, size = self.cell(offset)
        if self.data[at : at + 2] != b"nk" or size < 76:
            raise ValueError(f"there is no key in cell {offset:#x}")
        subkeys, _, subkeys_at, _, values, values_at, security_at = struct.unpack_from(
            "<7I", self.data, at + 20
        )
        return KeyNode(at, subkeys, subkeys_at, values, values_at, security_at, size)

    def name(self, key: KeyNode) -> str:
        """A key's name."""
        return key_name(self.data, key.at)

    def lists(self, offset: int) -> Iterator[tuple[int, int]]:
        """Where the lists of subkeys lie to which this one leads (first byte, size), it itself among them."""
        at, size = self.cell(offset)
        yield at, size
        if self.data[at : at + 2] == b"ri":  # which leads to no further list of lists ("Index root")
            seen = {offset}
            for below in self._entries(at, size, 4):
                if below in seen:
                    raise ValueError(f"a list of keys at byte {at} has no end")
                seen.add(below)
                yield self.cell(below)

    def children(self, key: KeyNode) -> Iterator[int]:
        """The cells of the keys directly below."""
        if not key.subkeys:
            return
        for number, (at, size) in enumerate(self.lists(key.subkeys_at)):
            kind = self.data[at : at + 2]
            if kind in (b"lf", b"lh"):
                yield from self._entries(at, size, 8)
            elif kind == b"li":
                yield from self._entries(at, size, 4)
            elif kind != b"ri" or number:
                raise ValueError(f"there is no list of keys at byte {at}")

    def value_cells(self, key: KeyNode) -> tuple[int, ...]:
        """The cells of a key's values."""
        if not key.values:
            return ()
        at, size = self.cell(key.values_at)
        if 4 * key.values > size:
            raise ValueError(f"a list of values at byte {at} is cut short")
        return struct.unpack_from(f"<{key.values}I", self.data, at)

    def value_places(self, offset: int) -> Iterator[tuple[int, int]]:
        """Where a value's record and data lie (first byte, size)."""
        at, size = self.cell(offset)
        yield at, size
        length, data_at = struct.unpack_from("<II", self.data, at + 4)
        if length and not length & 0x80000000:
            first, size = self.cell(data_at)
            yield first, size
            if length > SEGMENT and self.data[first : first + 2] == b"db":
                yield from (self.cell(part) for part in self._parts(first))

    def value(self, offset: int) -> tuple[str, int, bytes]:
        """A value's name, type and data."""
        at, size = self.cell(offset)
        if self.data[at : at + 2] != b"vk" or size < 20:
            raise ValueError(f"there is no value in cell {offset:#x}")
        length, data_at, kind = struct.unpack_from("<III", self.data, at + 4)
        data = resident_data(self.data, at)
        return value_name(self.data, at), kind, self._data(data_at, length) if data is None else data

    def security(self, key: KeyNode) -> str:
        """A key's owner and access list in words; empty where it has none."""
        if key.security_at == NONE:
            return ""
        at, size = self.cell(key.security_at)
        length = struct.unpack_from("<I", self.data, at + 16)[0]
        descriptor = self.data[at + 20 : at + 20 + min(length, size - 20)]
        return f"{security.owner(descriptor)} {security.access(descriptor)}".strip()

    def _entries(self, at: int, size: int, width: int) -> Iterator[int]:
        count = struct.unpack_from("<H", self.data, at + 2)[0]
        if 4 + count * width > size:
            raise ValueError(f"a list of keys at byte {at} is cut short")
        for entry in range(at + 4, at + 4 + count * width, width):
            yield struct.unpack_from("<I", self.data, entry)[0]

    def _parts(self, at: int) -> tuple[int, ...]:
        count, parts_at = struct.unpack_from("<HI", self.data, at + 2)
        first, size = self.cell(parts_at)
        if 4 * count > size:
            raise ValueError(f"large data at byte {at} is cut short")
        return struct.unpack_from(f"<{count}I", self.data, first)

    def _data(self, offset: int, length: int) -> bytes:
        if length > LARGEST_VALUE:
            raise ValueError("a value has no sensible size")
        at, size = self.cell(offset)
        if length > SEGMENT and self.data[at : at + 2] == b"db":
            parts = (self.cell(part) for part in self._parts(at)[: -(-length // SEGMENT)])
            return b"".join(self.data[first : first + SEGMENT] for first, _ in parts)[:length]
        return self.data[at : at + min(length, size)]

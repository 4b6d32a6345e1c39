"""Writes a transform for an MSI: a few rows that are changed. No tool of Debian's makes one.

Sources: "[MS-CFB] Compound File Binary File Format", version 3; how Windows Installer stores tables and transforms is as
Wine reads it (`dlls/msi/table.c`, `string.c`).
"""

import struct
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

SECTOR, MINI = 512, 64
FREE, END, OF_FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
TRANSFORM = uuid.UUID("000c1082-0000-0000-c000-000000000046").bytes_le
OF_TABLE = "\u4840"
LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._"
UTF8 = 65001


def write_transform(into: Path, properties: Mapping[str, str]) -> Path:
    """A transform that gives rows of the Property table other values. Each row must be in the MSI."""
    strings = list(dict.fromkeys(part for pair in properties.items() for part in pair))
    encoded = [text.encode() for text in strings]
    pool = struct.pack("<I", UTF8) + b"".join(struct.pack("<HH", len(text), 1) for text in encoded)
    number = {text: place for place, text in enumerate(strings, 1)}
    # The mask names the second column; the key always comes along.
    rows = b"".join(struct.pack("<HHH", 2, number[name], number[value]) for name, value in properties.items())
    streams = {"_StringPool": pool, "_StringData": b"".join(encoded), "Property": rows}
    into.write_bytes(compound_file({OF_TABLE + packed(name): content for name, content in streams.items()}))
    return into


def packed(name: str) -> str:
    """Two letters of a stream's name in one character."""
    found = ""
    for at in range(0, len(name), 2):
        first, second = LETTERS.index(name[at]), name[at + 1 : at + 2]
        found += chr(0x3800 + first + (LETTERS.index(second) << 6)) if second else chr(0x4800 + first)
    return found


def compound_file(streams: Mapping[str, bytes]) -> bytes:
    """A file with these small streams, of the class of transforms."""
    short, starts = b"", dict[str, int]()
    chains: list[int] = []
    for name, content in streams.items():
        count = -(-len(content) // MINI)
        starts[name] = len(chains) if count else END
        chains += [*range(len(chains) + 1, len(chains) + count), END] if count else []
        short += content.ljust(count * MINI, b"\0")
    directory = _directory(streams, starts, len(short))
    mini_fat = struct.pack(f"<{len(chains)}I", *chains)
    parts = [_whole(directory, b"\0"), _whole(mini_fat, b"\xff"), _whole(short, b"\0")]
    places, fat = [], [OF_FAT]
    for part in parts:
        count = len(part) // SECTOR
        places.append(len(fat) if count else END)
        fat += [*range(len(fat) + 1, len(fat) + count), END] if count else []
    assert len(fat) <= SECTOR // 4, "one sector holds the whole table"
    directory = _directory(streams, starts, len(short), places[2])
    head = struct.pack(
        "<8s16sHHHHH6sIIIIIIIIII",
        *(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", bytes(16), 0x3E, 3, 0xFFFE, 9, 6, bytes(6)),
        *(0, 1, places[0], 0, 4096, places[1], len(parts[1]) // SECTOR, END, 0, 0),
    )
    head += struct.pack("<I", FREE) * ((SECTOR - len(head)) // 4)
    table = _whole(struct.pack(f"<{len(fat)}I", *fat), b"\xff")
    return head + table + _whole(directory, b"\0") + parts[1] + parts[2]


def _whole(content: bytes, filler: bytes) -> bytes:
    return content.ljust(-(-len(content) // SECTOR) * SECTOR, filler)


def _directory(streams: Mapping[str, bytes], starts: Mapping[str, int], size: int, place: int = END) -> bytes:
    """The root and its streams, in a tree that is ordered as the format has it: by length, then by letters."""
    names = sorted(streams, key=lambda name: (len(name), name.upper()))
    kin: dict[int, tuple[int, int]] = {}

    def tree(low: int, high: int) -> int:
        if low >= high:
            return FREE
        middle = (low + high) // 2
        kin[middle] = tree(low, middle), tree(middle + 1, high)
        return middle + 1

    top = tree(0, len(names))
    entries = [_entry("Root Entry", 5, (FREE, FREE, top), place, size, TRANSFORM)]
    entries += [
        _entry(name, 2, (*kin[number], FREE), starts[name], len(streams[name]))
        for number, name in enumerate(names)
    ]
    entries += [_entry("", 0, (FREE, FREE, FREE), 0, 0)] * (-len(entries) % 4)
    return b"".join(entries)


def _entry(
    name: str, kind: int, links: Sequence[int], start: int, size: int, class_id: bytes = bytes(16)
) -> bytes:
    encoded = name.encode("utf-16-le") + b"\0\0" if name else b""
    return struct.pack(
        "<64sHBB3I16sIQQIQ", encoded, len(encoded), kind, 1, *links, class_id, 0, 0, 0, start, size
    )

"""What a qcow2 file holds itself, what lies behind it, and whether it holds every byte that its tables lead to.

QEMU reads zeros where a file has ended, so a copy that was cut short would pass for a disk of other content. Source:
"Qcow2 Image File Format" (`docs/interop/qcow2.rst` of QEMU).
"""

import re
import struct
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

MAGIC = b"QFI\xfb"
HEADER = struct.Struct(">4sIQIIQIIQQIIQ")
FEATURES = struct.Struct(">QQQII")
"""What version 3 adds: incompatible, compatible, autoclear; two numbers, the last one the header's length."""
EXTERNAL_DATA, EXTENDED_L2 = 1 << 2, 1 << 4
"""Incompatible features with which a file's own end says nothing, or with which tables look otherwise."""
OFFSET = 0x00FFFFFFFFFFFE00
COMPRESSED, READS_ZEROS = 1 << 62, 1
BACKING_FORMAT = 0xE2792ACA
MOST_BEHIND = 64
SECTOR = 512
PROTOCOL = re.compile("[a-zA-Z][a-zA-Z0-9+]*:")
"""How the name of an image begins that is no local file."""


@dataclass(frozen=True)
class CutShort:
    """An image whose file ends before what its tables lead to."""

    path: Path
    size: int
    needed: int


@dataclass(frozen=True)
class _Header:
    cluster_bits: int
    l1_size: int
    l1_offset: int
    features: int
    backing: str
    backing_format: str


def cut_short(path: Path, *, backing: bool = True) -> CutShort | None:
    """The first such image: this one, or with `backing` one of those behind it. None: all are whole.

    For an image that QEMU has opened, so that its header makes sense. Images behind it that are of another format, or
    no local files, are not looked at. Raises `OSError`.
    """
    for _ in range(MOST_BEHIND):
        with path.open("rb") as file:
            header = _header(file)
            if header is None:
                return None
            size = file.seek(0, 2)
            needed = max(_ends(file, header), default=0)
        if needed > size:
            return CutShort(path, size, needed)
        if not (backing and header.backing) or header.backing_format not in ("", "qcow2"):
            return None
        if PROTOCOL.match(header.backing):
            return None
        path = path.parent / header.backing
    return None


@dataclass(frozen=True)
class Behind:
    """The image behind an overlay, as the overlay's header names it."""

    path: Path
    format: str | None
    """None: the header does not say it."""


def behind(path: Path) -> Behind | None:
    """The image behind an overlay; None where there is none, or it is no local file. Raises `OSError`."""
    with path.open("rb") as file:
        header = _header(file)
    if header is None or not header.backing or PROTOCOL.match(header.backing):
        return None
    return Behind(path.parent / header.backing, header.backing_format or None)


def held(path: Path) -> list[tuple[int, int]]:
    """Start and size, in bytes of the disk, of what a qcow2 file holds itself: in order, neighbours joined.

    For an image that QEMU has opened. Raises `OSError`, and `ValueError` for a file that is no qcow2.
    """
    with path.open("rb") as file:
        header = _header(file)
        if header is None:
            raise ValueError("this is no qcow2 file")
        found: list[tuple[int, int]] = []
        for start, size in _held(file, header):
            if found and sum(found[-1]) == start:
                start, size = found[-1][0], found[-1][1] + size
                found.pop()
            found.append((start, size))
        return found


def _held(file: IO[bytes], header: _Header) -> Iterator[tuple[int, int]]:
    size = 1 << header.cluster_bits
    width = (
        2 if header.features & EXTENDED_L2 else 1
    )  # words of an entry; the second says which parts there are
    for first, entry in enumerate(_table(file, header.l1_offset, 8 * header.l1_size)):
        if not entry & OFFSET:
            continue
        table = _table(file, entry & OFFSET, size)
        for number in range(0, len(table), width):
            if any(table[number : number + width]):
                yield (first * (len(table) // width) + number // width) * size, size


def _header(file: IO[bytes]) -> _Header | None:
    raw = file.read(HEADER.size + FEATURES.size)
    if len(raw) < HEADER.size or raw[:4] != MAGIC:
        return None
    _, version, name_at, name_size, cluster_bits, _, _, l1_size, l1_offset, *_ = HEADER.unpack_from(raw)
    features, length = 0, HEADER.size
    if version > 2 and len(raw) == HEADER.size + FEATURES.size:
        features, *_, length = FEATURES.unpack_from(raw, HEADER.size)
    name = b""
    if name_at:
        file.seek(name_at)
        name = _text(file.read(name_size))
    backing_format = _backing_format(file, length)
    return _Header(
        cluster_bits, l1_size, l1_offset, features, name.decode("utf-8", "surrogateescape"), backing_format
    )


def _backing_format(file: IO[bytes], at: int) -> str:
    while True:
        file.seek(at)
        raw = file.read(8)
        kind, size = struct.unpack(">II", raw) if len(raw) == 8 else (0, 0)
        if kind == 0:
            return ""
        if kind == BACKING_FORMAT:
            return _text(file.read(size)).decode("ascii", "replace")
        at += 8 + (size + 7) // 8 * 8


def _text(raw: bytes) -> bytes:
    """As QEMU reads it: up to the first NUL."""
    return raw.partition(b"\0")[0]


def _ends(file: IO[bytes], header: _Header) -> Iterator[int]:
    """The least size that the file must have for each of its tables and clusters."""
    if header.features & (EXTERNAL_DATA | EXTENDED_L2):
        return
    table_size = 1 << header.cluster_bits
    shift = 62 - (header.cluster_bits - 8)
    yield header.l1_offset + 8 * header.l1_size
    for entry in _table(file, header.l1_offset, 8 * header.l1_size):
        table_at = entry & OFFSET
        if not table_at:
            continue
        yield table_at + table_size
        for cluster in _table(file, table_at, table_size):
            if cluster & COMPRESSED:  # how many more sectors it reaches into
                at, more = cluster & (1 << shift) - 1, (cluster & COMPRESSED - 1) >> shift
                yield at // SECTOR * SECTOR + more * SECTOR + 1
            elif cluster & OFFSET and not cluster & READS_ZEROS:
                yield (cluster & OFFSET) + 1  # a last cluster may be short where the disk ends in it


def _table(file: IO[bytes], at: int, size: int) -> "array[int]":
    file.seek(at)
    raw = file.read(size)
    numbers = array("Q", raw[: len(raw) // 8 * 8])
    numbers.byteswap()  # the format is big-endian, what it runs on here is not
    return numbers

"""Where NTFS keeps what it knows of files: the records of $MFT, their names and runs.

Read from the bytes themselves, because no library tells which record a cluster belongs to. What is in the files is read
by libfsntfs. Source: libfsntfs, "New Technologies File System (NTFS)".
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from harness.offline.window import Window

IN_USE, FOLDER = 1, 2
ATTRIBUTE_LIST, FILE_NAME, DATA = 0x20, 0x30, 0x80
END = 0xFFFFFFFF
DOS_NAME = 2
"""The name space of a second, short name."""
REFERENCE = (1 << 48) - 1
"""The part of a file reference that is the record's number."""
SECTOR = 512
MFT, ROOT, BITMAP, EXTEND = 0, 5, 6, 11
SYSTEM_RECORDS = 24
"""Records below this are the filesystem's own."""


@dataclass(frozen=True)
class Attribute:
    """One attribute of a record: its content where it lies in the record, else its runs on the volume (start, end)."""

    type: int
    name: str
    content: bytes
    runs: tuple[tuple[int, int], ...]
    resident: bool

    @property
    def file_name(self) -> tuple[int, str] | None:
        """Folder and name, where it is a name; None for a short second one."""
        raw = self.content
        if self.type != FILE_NAME or len(raw) < 66 or raw[65] == DOS_NAME:
            return None
        parent = struct.unpack_from("<Q", raw, 0)[0] & REFERENCE
        return parent, raw[66 : 66 + 2 * raw[64]].decode("utf-16-le", "surrogatepass")


class Record:
    """One record of $MFT, its sectors put right. Raises `ValueError`, `struct.error` for damage."""

    def __init__(self, raw: bytes, cluster: int) -> None:
        self.raw = _put_right(raw)
        self._cluster = cluster
        self.flags = struct.unpack_from("<H", raw, 0x16)[0]
        self.links = struct.unpack_from("<H", raw, 0x12)[0]
        self.base = struct.unpack_from("<Q", raw, 0x20)[0] & REFERENCE
        """Number of the record that this one goes on for; 0 where it stands for itself."""

    @property
    def exists(self) -> bool:
        """Whether it is in use."""
        return bool(self.flags & IN_USE)

    @property
    def identity(self) -> bytes:
        """Its bytes without the number of the last change in the journal and the sectors' check."""
        first, used = struct.unpack_from("<HxxI", self.raw, 0x14)
        return self.raw[0x10:0x2C] + self.raw[first:used]

    def attributes(self) -> Iterator[Attribute]:
        """All attributes that lie in this record."""
        raw, at = self.raw, struct.unpack_from("<H", self.raw, 0x14)[0]
        while at + 16 <= len(raw):
            kind, length, outside, size, name_at = struct.unpack_from("<IIBBH", raw, at)
            if kind == END or length < 16 or at + length > len(raw):
                return
            name = raw[at + name_at : at + name_at + 2 * size].decode("utf-16-le", "replace")
            if outside:
                runs_at = struct.unpack_from("<H", raw, at + 32)[0]
                yield Attribute(kind, name, b"", tuple(self._runs(raw[at + runs_at : at + length])), False)
            else:
                content_size, content_at = struct.unpack_from("<IH", raw, at + 16)
                start = at + content_at
                yield Attribute(kind, name, raw[start : start + content_size], (), True)
            at += length

    def names(self) -> Iterator[tuple[int, str]]:
        """Folder and name by each of its names, short second ones left out."""
        return (name for each in self.attributes() if (name := each.file_name) is not None)

    def _runs(self, raw: bytes) -> Iterator[tuple[int, int]]:
        at, cluster = 0, 0
        while at < len(raw) and raw[at]:
            sizes = raw[at]
            length_size, offset_size = sizes & 15, sizes >> 4
            length = int.from_bytes(raw[at + 1 : at + 1 + length_size], "little")
            at += 1 + length_size
            if offset_size:  # a run without place is sparse
                cluster += int.from_bytes(raw[at : at + offset_size], "little", signed=True)
                yield cluster * self._cluster, (cluster + length) * self._cluster
            at += offset_size


def _put_right(raw: bytes) -> bytes:
    """The last two bytes of each sector hold a check while they are on the disk; theirs are kept in the head."""
    if raw[:4] != b"FILE":
        raise ValueError("this is no record of $MFT")
    at, count = struct.unpack_from("<HH", raw, 4)
    if at + 2 * count > len(raw):
        raise ValueError("a record's checks lie beyond it")
    fixed = bytearray(raw)
    for number in range(1, min(count, len(raw) // SECTOR + 1)):
        fixed[number * SECTOR - 2 : number * SECTOR] = raw[at + 2 * number : at + 2 * number + 2]
    return bytes(fixed)


class NtfsLayout:
    """One volume. Raises `ValueError`, `struct.error` for what makes no sense."""

    def __init__(self, window: Window) -> None:
        self.window = window
        boot = window.at(0, SECTOR)
        sector, per_cluster = struct.unpack_from("<HB", boot, 11)
        self.cluster = sector * (per_cluster if per_cluster <= 0x80 else 1 << 256 - per_cluster)
        start, size = struct.unpack_from("<Q", boot, 48)[0], struct.unpack_from("<b", boot, 64)[0]
        self.record = 1 << -size if size < 0 else size * self.cluster
        if not 512 <= self.cluster <= 1 << 21 or self.record not in (1024, 2048, 4096):
            raise ValueError("its clusters or records have no sensible size")
        first = Record(window.at(start * self.cluster, self.record), self.cluster)
        self.mft: tuple[tuple[int, int], ...] = ()
        """Where the records lie (start, end), in their order."""
        self.mft = tuple(
            run for each in first.attributes() if each.type == DATA and not each.name for run in each.runs
        )
        if any(each.type == ATTRIBUTE_LIST for each in first.attributes()):
            self.mft = tuple(
                run for each in self.whole(MFT) if each.type == DATA and not each.name for run in each.runs
            )
        self.records = sum(end - start for start, end in self.mft) // self.record

    def raw(self, number: int) -> bytes:
        """A record's bytes, empty where there is none."""
        at = number * self.record
        for start, end in self.mft:
            if at < end - start:
                return self.window.at(start + at, self.record)
            at -= end - start
        return b""

    def get(self, number: int) -> Record | None:
        """A record that was ever used; None where there is none."""
        raw = self.raw(number)
        return Record(raw, self.cluster) if raw[:4] == b"FILE" and len(raw) == self.record else None

    def whole(self, number: int) -> Iterator[Attribute]:
        """All attributes of a file, those in the records that go on for it among them."""
        record = self.get(number)
        if record is None:
            return
        further: set[int] = set()
        for each in record.attributes():
            yield each
            if each.type == ATTRIBUTE_LIST:
                content = each.content if each.resident else self._bytes(each.runs)
                further |= set(_listed(content)) - {number}
        for other in sorted(further):
            if (extension := self.get(other)) is not None and extension.base == number:
                yield from extension.attributes()

    def runs(self, number: int) -> list[tuple[int, int]]:
        """Where everything of a file lies outside of its records (start, end)."""
        return [run for each in self.whole(number) for run in each.runs]

    def numbers(self, start: int, end: int) -> Iterator[int]:
        """The records that lie in these bytes of the volume."""
        before = 0
        for first, last in self.mft:
            low, high = max(first, start), min(last, end)
            if low < high:
                yield from range(
                    (before + low - first) // self.record, -(-(before + high - first) // self.record)
                )
            before += last - first

    def all_records(self) -> Iterator[tuple[int, Record]]:
        """Every record that is in use."""
        number, left = 0, b""
        for start, end in self.mft:
            for at in range(start, end, 1 << 20):
                self.window.check()
                data = left + self.window.exactly(at, min(1 << 20, end - at))
                whole = len(data) // self.record * self.record
                for offset in range(0, whole, self.record):
                    raw = data[offset : offset + self.record]
                    if raw[:4] == b"FILE" and raw[0x16] & IN_USE:
                        yield number, Record(raw, self.cluster)
                    number += 1
                left = data[whole:]

    @cached_property
    def _bitmap(self) -> tuple[Attribute, ...]:
        return tuple(each for each in self.whole(BITMAP) if each.type == DATA and not each.name)

    def in_use(self, cluster: int) -> bool:
        """Whether a cluster belongs to anything."""
        at = cluster // 8
        for each in self._bitmap:
            if at < len(each.content):
                return bool(each.content[at] >> cluster % 8 & 1)
            for start, end in each.runs:
                if at < end - start:
                    return bool(self.window.at(start + at, 1)[0] >> cluster % 8 & 1)
                at -= end - start
        return False

    def _bytes(self, runs: tuple[tuple[int, int], ...]) -> bytes:
        return b"".join(self.window.at(start, min(end - start, 1 << 20)) for start, end in runs)


def _listed(content: bytes) -> Iterator[int]:
    """Records that an $ATTRIBUTE_LIST names."""
    at = 0
    while at + 26 <= len(content):
        length = struct.unpack_from("<H", content, at + 4)[0]
        if length < 26:
            return
        yield struct.unpack_from("<Q", content, at + 16)[0] & REFERENCE
        at += length

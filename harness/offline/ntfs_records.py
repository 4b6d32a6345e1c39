"""Files of an NTFS volume by the numbers of their records, and which records a changed cluster belongs to."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import cached_property

from harness.offline import security
from harness.offline.changed import Ranges
from harness.offline.entry import filetime
from harness.offline.ntfs import REPARSE_POINT, NtfsFilesystem
from harness.offline.ntfs_layout import DATA, EXTEND, FOLDER, REFERENCE, ROOT, SYSTEM_RECORDS, NtfsLayout
from harness.offline.record import RecordFacts
from harness.offline.window import Window

PIECE = 4 * 1024 * 1024
ARCHIVE = 0x20
"""The attribute that every program's write sets."""
DEEPEST = 512


class NtfsRecords:
    """Satisfies `Records`."""

    def __init__(self, window: Window) -> None:
        self.layout = NtfsLayout(window)
        self._window = window
        self._folders: dict[int, str] = {ROOT: ""}

    @cached_property
    def library(self) -> NtfsFilesystem:
        """The volume as libfsntfs reads it."""
        return NtfsFilesystem(self._window)

    def facts(self, number: int) -> RecordFacts | None:
        record = self.layout.get(number)
        if record is None or not record.exists or record.base:
            return None
        entry = self.library.record(number)
        flags = int(entry.file_attribute_flags or 0)
        folder = bool(record.flags & FOLDER)
        kind = "link" if flags & REPARSE_POINT else "folder" if folder else "file"
        descriptor = entry.security_descriptor_data or b""
        streams = sorted(each.name for each in self.layout.whole(number) if each.type == DATA and each.name)
        marks = repr((flags & ~ARCHIVE, streams)).encode("utf-8", "surrogatepass")
        return RecordFacts(
            kind=kind,
            size=0 if folder or not entry.has_default_data_stream() else int(entry.size),
            owner=security.owner(descriptor),
            access=security.access(descriptor),
            marks=hashlib.sha256(marks).hexdigest()[:12],
            modified_s=_seconds(filetime(entry.get_modification_time_as_integer())),
            runs=() if folder else tuple(self._content_runs(number)),
        )

    def content(self, number: int) -> Iterator[bytes]:
        entry = self.library.record(number)
        if int(entry.file_attribute_flags or 0) & REPARSE_POINT and (target := entry.symbolic_link_target):
            yield target.encode("utf-8", "surrogatepass")
        if entry.has_default_data_stream():
            yield from self._pieces(entry)
        for at in range(entry.number_of_alternate_data_streams):
            stream = entry.get_alternate_data_stream(at)
            yield (stream.name or "").encode("utf-8", "surrogatepass")
            yield from self._pieces(stream)

    def _pieces(self, stream: "object") -> Iterator[bytes]:
        size, at = int(stream.get_size()), 0  # type: ignore[attr-defined]
        while at < size and (data := stream.read_buffer_at_offset(min(PIECE, size - at), at)):  # type: ignore[attr-defined]
            self._window.check()  # a hole is read without the disk, however large it is
            yield data
            at += len(data)

    def names(self, numbers: Iterable[int]) -> Mapping[int, set[str]]:
        return {number: {path.removeprefix("/") for path in self._names(number)} for number in numbers}

    def below(self, number: int) -> Iterator[int]:
        entry = self.library.record(number)
        if entry.has_directory_entries_index():
            for at in range(entry.number_of_sub_file_entries):
                self._window.check()
                yield int(entry.get_sub_file_entry(at).file_reference) & REFERENCE

    def above(self, number: int) -> Iterator[int]:
        """The folders that a file lies in, up to the root."""
        seen: set[int] = set()
        left = [number]
        while left:
            record = self.layout.get(left.pop())
            for parent, _ in record.names() if record is not None else ():
                if parent not in seen:
                    seen.add(parent)
                    left.append(parent)
                    yield parent

    def _names(self, number: int) -> Iterator[str]:
        record = self.layout.get(number)
        if record is None or not record.exists or record.base:
            return
        if number == ROOT:
            yield ""
            return
        found = list(record.names())
        for each in self.layout.whole(number) if not found or len(found) < record.links else ():
            found += [further] if (further := each.file_name) is not None and further not in found else []
        for parent, name in found:
            yield f"{self._path(parent)}/{name}"

    def _path(self, folder: int) -> str:
        names: list[str] = []
        at = folder
        while at not in self._folders:
            record = self.layout.get(at)
            parent, name = next(record.names(), (ROOT, "?")) if record is not None else (ROOT, "?")
            names.append(name)
            at = parent
            if len(names) > DEEPEST:
                raise ValueError(f"folder {folder} lies in itself")
        path = "/".join([self._folders[at], *reversed(names)]) if names else self._folders[at]
        self._folders[folder] = path
        return path

    def _content_runs(self, number: int) -> Iterator[tuple[int, int]]:
        """Nothing where any of it lies in the record: then it is small, and read."""
        found = [each for each in self.layout.whole(number) if each.type == DATA]
        if not any(each.resident for each in found):
            yield from (run for each in found for run in each.runs)


class NtfsVolumes:
    """Satisfies `Volumes`."""

    def __init__(self, before: Window, after: Window) -> None:
        self.before, self.after = NtfsRecords(before), NtfsRecords(after)
        was, now = self.before.layout, self.after.layout
        if (was.cluster, was.record) != (now.cluster, now.record):
            raise ValueError("its filesystem was made anew")

    @property
    def cautions(self) -> tuple[str, ...]:
        """Why what is read may not be what the system had."""
        return self.after.library.cautions

    def touched(self, changed: Ranges) -> set[int]:
        found = set(self._differing(changed))
        layout = self.after.layout
        known = list(layout.mft)
        for records in (self.before, self.after):
            own = {*range(SYSTEM_RECORDS), *records.below(EXTEND), *found}
            own |= {parent for number in found for parent in records.above(number)}
            for number in own:
                known += records.layout.runs(number)
        if unknown := self._in_use(changed.without(Ranges(known))):
            found |= self._owners(unknown)
        return {number for number in found if number == ROOT or number >= SYSTEM_RECORDS}

    def _differing(self, changed: Ranges) -> Iterator[int]:
        """Records that are not as they were; of one that goes on for another, that one."""
        was, now = self.before.layout, self.after.layout
        numbers = {number for run in changed for layout in (was, now) for number in layout.numbers(*run)}
        for number in numbers:
            pair = [layout.get(number) for layout in (was, now)]
            if len({each.identity if each is not None else b"" for each in pair}) > 1:
                yield from {each.base or number for each in pair if each is not None and each.exists}

    def _in_use(self, ranges: Ranges) -> Ranges:
        layout = self.after.layout
        return Ranges(
            (cluster * layout.cluster, (cluster + 1) * layout.cluster)
            for start, end in ranges
            for cluster in range(start // layout.cluster, -(-end // layout.cluster))
            if layout.in_use(cluster)
        )

    def _owners(self, unknown: Ranges) -> set[int]:
        """Whose clusters they are: they were written past their record, and all records are read to find it."""
        return {
            record.base or number
            for number, record in self.after.layout.all_records()
            if any(unknown.meet(each.runs) for each in record.attributes())
        }


def _seconds(time: datetime | None) -> float | None:
    return time.timestamp() if time is not None else None

"""NTFS, by libfsntfs: compressed, sparse and WOF-compressed files included."""

from collections.abc import Iterator
from functools import cached_property

import pyfsntfs

from harness.offline.entry import Entry, FileFacts, filetime
from harness.offline.errors import LIBRARY_ERRORS, reason
from harness.offline.window import Window

REPARSE_POINT = 0x400


class NtfsFilesystem:
    """One NTFS volume. Raises what libfsntfs raises; made within `Window.operation`."""

    def __init__(self, window: Window) -> None:
        self.problems: list[str] = []
        self.check = window.check
        self._volume = pyfsntfs.volume()
        self._volume.open_file_object(window)

    @property
    def root(self) -> Entry:
        return NtfsEntry(self, self._volume.get_root_directory())


class NtfsEntry:
    """One MFT record."""

    def __init__(self, filesystem: NtfsFilesystem, record: "pyfsntfs.file_entry") -> None:
        self._filesystem = filesystem
        self._record = record

    @property
    def facts(self) -> FileFacts:
        record = self._record
        is_directory = bool(record.has_directory_entries_index())
        target = record.symbolic_link_target if record.file_attribute_flags & REPARSE_POINT else None
        return FileFacts(
            name=record.name or "",
            is_directory=is_directory,
            size=record.size if record.has_default_data_stream() else 0,
            created=filetime(record.get_creation_time_as_integer()),
            modified=filetime(record.get_modification_time_as_integer()),
            link_target=target or "",
        )

    def children(self) -> Iterator[Entry]:
        if not self._record.has_directory_entries_index():
            return
        for record in self._records():
            yield NtfsEntry(self._filesystem, record)

    def child(self, name: str) -> Entry | None:
        records = self._by_name.get(name.upper(), ())
        exact = [record for record in records if record.name == name]  # a directory may be case-sensitive
        return NtfsEntry(self._filesystem, (exact or records)[0]) if records else None

    @cached_property
    def _by_name(self) -> "dict[str, list[pyfsntfs.file_entry]]":
        records: dict[str, list[pyfsntfs.file_entry]] = {}
        if self._record.has_directory_entries_index():
            for record in self._records():
                records.setdefault(record.name.upper(), []).append(record)
        return records

    def read_at(self, offset: int, size: int) -> bytes:
        if not self._record.has_default_data_stream():
            return b""
        size = max(0, min(size, self._record.size - offset))
        data: bytes = self._record.read_buffer_at_offset(size, offset) if size else b""
        return data

    def _records(self) -> Iterator["pyfsntfs.file_entry"]:
        for number in range(self._record.number_of_sub_file_entries):
            self._filesystem.check()
            try:
                record = self._record.get_sub_file_entry(number)
                if record.name is None:
                    continue
            except LIBRARY_ERRORS as error:
                self._filesystem.problems.append(
                    f"entry {number} of the directory {self._record.name!r} is damaged and was skipped: "
                    f"{reason(error)}"
                )
                continue
            yield record

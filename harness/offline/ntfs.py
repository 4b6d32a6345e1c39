"""NTFS, by libfsntfs: compressed, sparse and WOF-compressed files included."""

from collections.abc import Iterator
from functools import cached_property

import pyfsntfs

from harness.offline.entry import Entry, FileFacts, filetime
from harness.offline.errors import LIBRARY_ERRORS, reason
from harness.offline.window import Window

REPARSE_POINT = 0x400
VOLUME_RECORD, VOLUME_INFORMATION, DIRTY = 3, 0x70, 0x1
HIBERNATED = (b"HIBR", b"hibr")
"""How `hiberfil.sys` begins while it holds a system that will go on, one shut down with fast startup among them."""


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

    def record(self, number: int) -> "pyfsntfs.file_entry":
        """A record of $MFT by its number."""
        return self._volume.get_file_entry(number)

    @property
    def cautions(self) -> tuple[str, ...]:
        """Why what is read may not be what the system had; nothing where that cannot be told."""
        found = []
        try:
            if self._is_dirty():
                found.append("it was not unmounted: what was written last may be missing or half there")
            hibernation = self.root.child("hiberfil.sys")
            if hibernation is not None and hibernation.read_at(0, 4) in HIBERNATED:
                found.append("its system is hibernated: changes that it held in memory are not shown")
        except LIBRARY_ERRORS:
            return tuple(found)
        return tuple(found)

    def _is_dirty(self) -> bool:
        record = self._volume.get_file_entry(VOLUME_RECORD)
        attributes = (record.get_attribute(number) for number in range(record.number_of_attributes))
        return any(
            each.attribute_type == VOLUME_INFORMATION and int(each.flags) & DIRTY for each in attributes
        )


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

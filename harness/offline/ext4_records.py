"""Files of an ext4 volume by the numbers of their inodes, and which inodes a changed block belongs to."""

import hashlib
import stat
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from harness.offline.changed import BLOCK, Ranges
from harness.offline.ext4_layout import (
    EXTENTS,
    INLINE_DATA,
    LARGEST_FOLDER,
    ROOT,
    S_IFDIR,
    S_IFLNK,
    S_IFREG,
    Ext4Layout,
    Inode,
)
from harness.offline.record import RecordFacts
from harness.offline.sleuthkit import SleuthkitFilesystem
from harness.offline.window import Window

KINDS = {S_IFDIR: "folder", S_IFREG: "file", S_IFLNK: "link"}
FEW = 16
"""Up to so many inodes are looked for one by one in the bytes of all folders; for more, all names are read."""
PIECE = 4 * 1024 * 1024
ATTRIBUTES_HEAD = 32
"""Bytes of an attribute block's header: a counter of those who share it, and checksums."""


class Ext4Records:
    """Satisfies `Records`."""

    def __init__(self, window: Window) -> None:
        self.layout = Ext4Layout(window)
        self._window = window
        self._folders: dict[int, str] = {ROOT: ""}
        self._places: dict[int, set[tuple[int, str]]] = {}

    @cached_property
    def _library(self) -> SleuthkitFilesystem:
        return SleuthkitFilesystem(self._window, case_sensitive=True)

    def facts(self, number: int) -> RecordFacts | None:
        inode = self.layout.inode(number) if number <= self.layout.inodes else None
        if inode is None or not inode.exists:
            return None
        link = inode.type == S_IFLNK
        return RecordFacts(
            kind=KINDS.get(inode.type, stat.filemode(inode.mode)[0]),
            size=0 if inode.type == S_IFDIR else inode.size,
            owner=f"{inode.uid}:{inode.gid}",
            access=f"mode {stat.S_IMODE(inode.mode):o}",
            marks=self._marks(inode),
            modified_s=float(inode.modified_s),
            runs=() if link else tuple(self.runs(number, inode)),
        )

    def content(self, number: int) -> Iterator[bytes]:
        file = self._library.handle.open_meta(inode=number)
        if (target := file.info.meta.link) is not None:
            yield bytes(target)
            return
        size, at = int(file.info.meta.size), 0
        while at < size and (data := file.read_random(at, min(PIECE, size - at))):
            self._window.check()  # a hole is read without the disk, however large it is
            yield data
            at += len(data)

    def names(self, numbers: Iterable[int]) -> Mapping[int, set[str]]:
        places = self.places(numbers)
        paths = {
            number: {f"{self._path(folder)}/{name}".removeprefix("/") for folder, name in found}
            for number, found in places.items()
        }
        return paths | ({ROOT: {""}} if ROOT in places else {})

    def places(self, numbers: Iterable[int]) -> dict[int, set[tuple[int, str]]]:
        """The folder and the name in it by each entry that leads to an inode."""
        wanted = list(numbers)
        left: dict[int, int] = {}
        for number in wanted:
            if number not in self._places:
                self._places[number] = set()
                inode = self.layout.inode(number) if number <= self.layout.inodes else None
                if inode is not None and inode.exists and number != ROOT:
                    left[number] = 1 if inode.type == S_IFDIR else inode.links
        for folder, number, name in self._entries_of(left):
            self._places[number].add((folder, name))
            left[number] -= 1
            if not left[number]:
                del left[number]
        return {number: self._places[number] for number in wanted}

    def below(self, number: int) -> Iterator[int]:
        return (inode for inode, _ in self.entries(number))

    def entries(self, folder: int) -> Iterator[tuple[int, str]]:
        """Inode and name of all that lies directly in a folder; nothing where it is none."""
        inode = self.layout.inode(folder) if folder <= self.layout.inodes else None
        if inode is not None and inode.exists and inode.type == S_IFDIR:
            for entry, name in self.layout.entries(self._data(folder, inode)):
                if name not in (".", ".."):
                    yield entry, name

    def runs(self, number: int, inode: Inode) -> Iterator[tuple[int, int]]:
        """Where everything of a file lies (start, end)."""
        yield from self.layout.runs(inode)
        if inode.flags & (EXTENTS | INLINE_DATA) or inode.type not in (S_IFREG, S_IFDIR):
            return
        block = self.layout.block  # the map of ext2 and ext3
        for attribute in self._library.handle.open_meta(inode=number):
            for run in attribute:
                if run.addr:
                    yield int(run.addr) * block, int(run.addr + run.len) * block

    def _marks(self, inode: Inode) -> str:
        block = b""
        if inode.attributes_block:
            at = inode.attributes_block * self.layout.block + ATTRIBUTES_HEAD
            block = self._window.at(at, self.layout.block - ATTRIBUTES_HEAD)
        attributes = inode.attributes + block.rstrip(b"\0")
        return hashlib.sha256(attributes).hexdigest()[:12] if attributes else ""

    def _entries_of(self, wanted: dict[int, int]) -> Iterator[tuple[int, int, str]]:
        """Folder, inode and name of what leads to the wanted; the caller takes out of `wanted` what it has all of."""
        layout, few = self.layout, len(wanted) <= FEW
        near = {
            (number - 1) // layout.inodes_per_group for number in wanted
        }  # where most folders keep their files
        for group in sorted(range(layout.count), key=lambda each: (each not in near, each)):
            for folder, inode in layout.folders(group) if wanted else ():
                if not wanted:
                    return
                data = self._data(folder, inode)
                if few and not any(number.to_bytes(4, "little") in data for number in wanted):
                    continue
                for number, name in layout.entries(data):
                    if number in wanted and name not in (".", ".."):
                        yield folder, number, name

    def _path(self, folder: int) -> str:
        """The path of a folder, by way of its `..`."""
        names: list[str] = []
        at, seen = folder, set[int]()
        while at not in self._folders:
            if at in seen:
                raise ValueError(f"folder {folder} lies in itself")
            seen.add(at)
            data = self._data(at, self.layout.inode(at))
            parent = next((number for number, name in self.layout.entries(data) if name == ".."), 0)
            above = self._data(parent, self.layout.inode(parent))
            names.append(next((name for number, name in self.layout.entries(above) if number == at), "?"))
            at = parent
        path = "/".join([self._folders[at], *reversed(names)]) if names else self._folders[at]
        self._folders[folder] = path
        return path

    def _data(self, number: int, inode: Inode) -> bytes:
        """A folder's blocks."""
        runs = list(self.layout.content_runs(inode)) if inode.flags & EXTENTS else [(0, inode.size)]
        if sum(end - start for start, end in runs) > LARGEST_FOLDER:
            raise ValueError(f"folder {number} has no sensible size")
        if not inode.flags & EXTENTS:
            return b"".join(self.content(number))
        return b"".join(self._window.exactly(start, end - start) for start, end in runs)


class Ext4Volumes:
    """Satisfies `Volumes`."""

    def __init__(self, before: Window, after: Window) -> None:
        self.before, self.after = Ext4Records(before), Ext4Records(after)
        was, now = self.before.layout, self.after.layout
        if (was.block, was.inode_size, was.inodes_per_group) != (
            now.block,
            now.inode_size,
            now.inodes_per_group,
        ):
            raise ValueError("its filesystem was made anew")

    @property
    def cautions(self) -> tuple[str, ...]:
        """Why what is read may not be what the system had."""
        if self.after.layout.needs_recovery:
            return ("it was not unmounted: what is in its journal alone is not shown",)
        return ()

    def touched(self, changed: Ranges) -> set[int]:
        found = {ROOT, *self._differing(changed)} - {0}
        layout = self.after.layout
        known = list(layout.metadata())
        own = (*range(1, layout.first_inode), layout.orphans_inode)
        for records in (self.before, self.after):
            folders = {folder for each in records.places(found).values() for folder, _ in each}
            inodes = range(1, records.layout.inodes + 1)
            for number in own:
                known += records.layout.runs(records.layout.inode(number)) if number in inodes else ()
            for number in {*found, *folders}:
                known += records.runs(number, records.layout.inode(number)) if number in inodes else ()
        if unknown := self._in_use(changed.without(Ranges(known))):
            found |= self._owners(unknown)
        found |= {inode for folder in found for inode in self._renamed(folder)}
        return {number for number in found if number == ROOT or number >= layout.first_inode}

    def _differing(self, changed: Ranges) -> Iterator[int]:
        """Inodes that are not as they were."""
        layout, size = self.after.layout, self.after.layout.inode_size
        for group, each in enumerate(layout.groups):
            length = layout.inodes_per_group * size
            for start, end in changed.within(each.table, each.table + length):
                first, last = (start - each.table) // size, -(-(end - each.table) // size)
                for number in range(first + 1, min(last, layout.inodes_per_group) + 1):
                    inode = group * layout.inodes_per_group + number
                    if self._identity(self.before, inode) != self._identity(self.after, inode):
                        yield inode

    def _identity(self, records: Ext4Records, number: int) -> bytes:
        return records.layout.inode(number).identity if number <= records.layout.inodes else b""

    def _renamed(self, folder: int) -> set[int]:
        """What a folder names otherwise than before: the inode itself need not show it."""
        was, now = (set(records.entries(folder)) for records in (self.before, self.after))
        return {number for number, _ in was ^ now}

    def _in_use(self, ranges: Ranges) -> Ranges:
        layout = self.after.layout
        step = max(layout.block, BLOCK)
        return Ranges(
            (at, min(at + step, end))
            for start, end in ranges
            for at in range(start, end, step)
            if any(
                layout.in_use(block // layout.block) for block in range(at, min(at + step, end), layout.block)
            )
        )

    def _owners(self, unknown: Ranges) -> set[int]:
        """Whose blocks they are: they were written past their inode, and all inodes are read to find it."""
        size = self.after.layout.inode_size
        found = set()
        for first, table in self.after.layout.tables():
            self.after.layout.window.check()
            for at in range(len(table) // size):
                inode = Inode(table[at * size : (at + 1) * size])
                if inode.exists and unknown.meet(self.after.runs(first + at, inode)):
                    found.add(first + at)
        return found

"""Where ext2, ext3 and ext4 keep what they know of files: groups, inodes, extents, entries of folders.

Read from the bytes themselves, because no library tells which inode a block belongs to. What is in the files is read by
The Sleuth Kit. Source: Linux, "ext4 Data Structures and Algorithms" (`Documentation/filesystems/ext4/`).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from harness.offline.superblock import SUPERBLOCK
from harness.offline.window import Window

ROOT = 2
RECOVER, META_BG, BITS64 = 0x4, 0x10, 0x80
SPARSE_SUPER, SPARSE_SUPER2 = 0x1, 0x200
GDT_CSUM, METADATA_CSUM = 0x10, 0x400
INODE_UNINIT = 0x1
EXTENTS, INLINE_DATA = 0x80000, 0x10000000
EXTENT_MAGIC = 0xF30A
DEEPEST = 5
LEAST_PER_GROUP = 256
"""Blocks of a group, as mke2fs allows at least."""
LARGEST_FOLDER = 256 * 1024 * 1024
S_IFMT, S_IFDIR, S_IFREG, S_IFLNK = 0xF000, 0x4000, 0x8000, 0xA000
FOLDER_MODES = bytes(1 if high >> 4 == S_IFDIR >> 12 else 0 for high in range(256))
"""For the upper byte of a mode: whether it is a folder's."""


@dataclass(frozen=True)
class Group:
    """One block group: bytes of the volume, and how many of its inodes were ever used."""

    block_bitmap: int
    inode_bitmap: int
    table: int
    used: int


class Inode:
    """One inode's bytes, read."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        (self.mode, uid, size_low) = struct.unpack_from("<HHI", raw, 0)
        self.changed_s, self.modified_s, self.deleted_s = struct.unpack_from("<III", raw, 12)
        gid, self.links = struct.unpack_from("<HH", raw, 24)
        self.flags = struct.unpack_from("<I", raw, 32)[0]
        acl_low, size_high = struct.unpack_from("<II", raw, 104)
        acl_high, uid_high, gid_high = struct.unpack_from("<HHH", raw, 118)
        self.uid, self.gid = uid | uid_high << 16, gid | gid_high << 16
        self.size = size_low | size_high << 32
        self.attributes_block = acl_low | acl_high << 32
        self.pointers = raw[40:100]

    @property
    def exists(self) -> bool:
        """Whether any name leads to it."""
        return bool(self.mode and self.links)

    @property
    def type(self) -> int:
        """`S_IFDIR` and its like."""
        return int(self.mode & S_IFMT)

    @property
    def attributes(self) -> bytes:
        """Extended attributes that lie in the inode itself, behind its fields."""
        if len(self.raw) <= 130:
            return b""
        return self.raw[128 + struct.unpack_from("<H", self.raw, 128)[0] :].rstrip(b"\0")

    @property
    def identity(self) -> bytes:
        """Its bytes without the time of the last reading and the checksum."""
        raw = self.raw
        parts = [raw[:8], raw[12:124], raw[126:130]]
        if len(raw) > 144:
            parts += [raw[132:140], raw[144:]]
        return b"".join(parts)


class Ext4Layout:
    """One volume. Raises `ValueError`, `struct.error` for what makes no sense."""

    def __init__(self, window: Window) -> None:
        self.window = window
        head = window.at(SUPERBLOCK, 1024)
        self.inodes, blocks = struct.unpack_from("<II", head, 0)
        self.first_block, shift = struct.unpack_from("<II", head, 20)
        if shift > 6:
            raise ValueError("its blocks have no sensible size")
        self.block = 1024 << shift
        self.blocks_per_group, _, self.inodes_per_group = struct.unpack_from("<III", head, 32)
        self.first_inode, self.inode_size = struct.unpack_from("<IH", head, 84)
        compatible, incompatible, read_only = struct.unpack_from("<III", head, 92)
        self._wide = bool(incompatible & BITS64)
        self.needs_recovery = bool(incompatible & RECOVER)
        """Whether the journal holds changes that are not in their places yet: it was not unmounted or frozen."""
        self._counted = bool(read_only & (GDT_CSUM | METADATA_CSUM))
        self._descriptor = max(32, struct.unpack_from("<H", head, 254)[0]) if self._wide else 32
        self._reserved = struct.unpack_from("<H", head, 0xCE)[0]
        self.orphans_inode = struct.unpack_from("<I", head, 0x280)[0]
        self._sparse = bool(read_only & SPARSE_SUPER) or bool(compatible & SPARSE_SUPER2)
        if self._wide:
            blocks |= struct.unpack_from("<I", head, 0x150)[0] << 32
        self.blocks = blocks
        if incompatible & META_BG:
            raise ValueError("its group descriptors are spread (meta_bg), which is not read here")
        if not (
            self.blocks_per_group >= LEAST_PER_GROUP
            and 0 < self.inodes_per_group <= 8 * self.block  # one block holds the bitmap of a group's inodes
            and 128 <= self.inode_size <= self.block
        ):
            raise ValueError("its groups or inodes have no sensible size")
        if not self.first_block < blocks <= window.size // self.block:
            raise ValueError("it has more blocks than its volume")
        self.count = -(-(blocks - self.first_block) // self.blocks_per_group)

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """All block groups, in order."""
        raw = self.window.at((self.first_block + 1) * self.block, self.count * self._descriptor)
        return tuple(
            self._group(raw[at : at + self._descriptor]) for at in range(0, len(raw), self._descriptor)
        )

    def _group(self, raw: bytes) -> Group:
        bitmap, inodes, table = struct.unpack_from("<III", raw, 0)
        flags = struct.unpack_from("<H", raw, 0x12)[0]
        unused = struct.unpack_from("<H", raw, 0x1C)[0]
        if len(raw) >= 64:
            bitmap_high, inodes_high, table_high = struct.unpack_from("<III", raw, 0x20)
            bitmap, inodes, table = (
                bitmap | bitmap_high << 32,
                inodes | inodes_high << 32,
                table | table_high << 32,
            )
            unused |= struct.unpack_from("<H", raw, 0x32)[0] << 16
        used = self.inodes_per_group
        if self._counted:
            used = 0 if flags & INODE_UNINIT else max(0, used - unused)
        return Group(bitmap * self.block, inodes * self.block, table * self.block, used)

    def inode(self, number: int) -> Inode:
        """An inode by its number. Raises `ValueError` beyond the last one."""
        if not 1 <= number <= self.inodes:
            raise ValueError(f"there is no inode {number}")
        group, at = divmod(number - 1, self.inodes_per_group)
        raw = self.window.at(self.groups[group].table + at * self.inode_size, self.inode_size)
        if len(raw) < self.inode_size:
            raise ValueError(f"inode {number} lies beyond the volume")
        return Inode(raw)

    def tables(self) -> Iterator[tuple[int, bytes]]:
        """The first inode's number and the used part of every group's table."""
        for number, group in enumerate(self.groups):
            yield number * self.inodes_per_group + 1, self.table(number, group)

    def table(self, number: int, group: Group | None = None) -> bytes:
        """The used part of a group's table of inodes."""
        group = group or self.groups[number]
        return self.window.exactly(group.table, group.used * self.inode_size)

    def folders(self, group: int) -> Iterator[tuple[int, Inode]]:
        """The folders among a group's inodes."""
        raw, size = self.table(group), self.inode_size
        marks = raw[1::size].translate(FOLDER_MODES)
        at = marks.find(1)
        while at >= 0:
            inode = Inode(raw[at * size : (at + 1) * size])
            if inode.exists:
                yield group * self.inodes_per_group + at + 1, inode
            at = marks.find(1, at + 1)

    def metadata(self) -> Iterator[tuple[int, int]]:
        """Where no file's content can lie (start, end): superblocks, group descriptors, bitmaps, tables of inodes."""
        head = 1 + -(-self.count * self._descriptor // self.block) + self._reserved
        length = self.inodes_per_group * self.inode_size
        for number, group in enumerate(self.groups):
            if self._has_copy(number):
                start = (self.first_block + number * self.blocks_per_group) * self.block
                yield (0 if number == 0 else start), start + head * self.block
            yield group.block_bitmap, group.block_bitmap + self.block
            yield group.inode_bitmap, group.inode_bitmap + self.block
            yield group.table, group.table + length

    def _has_copy(self, group: int) -> bool:
        if not self._sparse or group <= 1:
            return True
        return any(group == power**exponent for power in (3, 5, 7) for exponent in range(1, 21))

    def in_use(self, block: int) -> bool:
        """Whether a block belongs to anything."""
        group, bit = divmod(block - self.first_block, self.blocks_per_group)
        if not 0 <= group < self.count:
            return False
        return bool(self.window.at(self.groups[group].block_bitmap + bit // 8, 1)[0] >> bit % 8 & 1)

    def runs(self, inode: Inode) -> Iterator[tuple[int, int]]:
        """Where content lies that extents describe, and the blocks of these (start, end)."""
        if inode.attributes_block:
            yield inode.attributes_block * self.block, (inode.attributes_block + 1) * self.block
        if inode.flags & EXTENTS:
            yield from self._extents(inode.pointers, DEEPEST, set(), with_nodes=True)

    def content_runs(self, inode: Inode) -> Iterator[tuple[int, int]]:
        """Where content lies that extents describe, in its order (start, end)."""
        return self._extents(inode.pointers, DEEPEST, set(), with_nodes=False)

    def _extents(
        self, node: bytes, depth_left: int, seen: set[int], *, with_nodes: bool
    ) -> Iterator[tuple[int, int]]:
        """`seen`: where the nodes lie that were read; a sound tree leads to each once."""
        magic, entries, _, depth = struct.unpack_from("<HHHH", node, 0)
        if magic != EXTENT_MAGIC or depth > depth_left:
            raise ValueError("a tree of extents makes no sense")
        for at in range(12, 12 + 12 * min(entries, (len(node) - 12) // 12), 12):
            if depth == 0:
                length, high, low = struct.unpack_from("<HHI", node, at + 4)
                length = length if length <= 32768 else length - 32768  # allocated, and not written yet
                start = (low | high << 32) * self.block
                yield start, start + length * self.block
            else:
                low, high = struct.unpack_from("<IH", node, at + 4)
                start = (low | high << 32) * self.block
                if start in seen:
                    raise ValueError("a tree of extents leads to one of its blocks twice")
                seen.add(start)
                if with_nodes:
                    yield start, start + self.block
                below = self.window.exactly(start, self.block)
                yield from self._extents(below, depth - 1, seen, with_nodes=with_nodes)

    def entries(self, data: bytes) -> Iterator[tuple[int, str]]:
        """Inode and name of each entry in a folder's blocks, `.` and `..` among them."""
        at = 0
        while at + 8 <= len(data):
            number, length, size = struct.unpack_from("<IHB", data, at)
            length = length if self.block < 65536 or length not in (0, 65535) else self.block
            if length < 8:  # damaged: the rest of this block tells nothing
                at = (at // self.block + 1) * self.block
                continue
            if number and size:
                yield number, data[at + 8 : at + 8 + size].decode("utf-8", "surrogateescape")
            at += length

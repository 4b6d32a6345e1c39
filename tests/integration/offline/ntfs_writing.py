"""Changes of NTFS volumes by libntfs-3g in this process: no mount, no root, thousands of files in a second."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

S_IFDIR, S_IFREG = 0o040000, 0o100000
AT_DATA = 0x80
POINTER, INT, SIZE = ctypes.c_void_p, ctypes.c_int, ctypes.c_int64
CONTEXT_BYTES = 512
"""More than its `struct SECURITY_CONTEXT` has; only the first field, the volume, is looked at here."""
FUNCTIONS = {
    "ntfs_mount": (POINTER, [ctypes.c_char_p, ctypes.c_ulong]),
    "ntfs_umount": (INT, [POINTER, INT]),
    "ntfs_pathname_to_inode": (POINTER, [POINTER, POINTER, ctypes.c_char_p]),
    "ntfs_inode_close": (INT, [POINTER]),
    "ntfs_inode_close_in_dir": (INT, [POINTER, POINTER]),
    "ntfs_create": (POINTER, [POINTER, ctypes.c_uint32, ctypes.c_char_p, ctypes.c_uint8, ctypes.c_uint32]),
    "ntfs_delete": (INT, [POINTER, ctypes.c_char_p, POINTER, POINTER, ctypes.c_char_p, ctypes.c_uint8]),
    "ntfs_link": (INT, [POINTER, POINTER, ctypes.c_char_p, ctypes.c_uint8]),
    "ntfs_attr_open": (POINTER, [POINTER, ctypes.c_uint32, ctypes.c_char_p, ctypes.c_uint32]),
    "ntfs_attr_add": (INT, [POINTER, ctypes.c_uint32, ctypes.c_char_p, ctypes.c_uint8, POINTER, SIZE]),
    "ntfs_attr_pwrite": (SIZE, [POINTER, SIZE, SIZE, ctypes.c_char_p]),
    "ntfs_attr_truncate": (INT, [POINTER, SIZE]),
    "ntfs_attr_close": (None, [POINTER]),
    "ntfs_set_ntfs_acl": (INT, [POINTER, POINTER, ctypes.c_char_p, ctypes.c_size_t, INT]),
}


class NtfsWriter:
    """One opened volume. Paths are POSIX, from its root."""

    def __init__(self, path: Path) -> None:
        self._library = ctypes.CDLL("libntfs-3g.so.89", use_errno=True)
        for name, (result, arguments) in FUNCTIONS.items():
            function = getattr(self._library, name)
            function.restype, function.argtypes = result, arguments
        self._volume = self._library.ntfs_mount(str(path).encode(), 0)
        assert self._volume, "libntfs-3g cannot open the volume"

    def close(self) -> None:
        assert self._library.ntfs_umount(self._volume, 0) == 0

    def folder(self, path: str) -> None:
        """A folder with all above it."""
        names = PurePosixPath(path).parts[1:]
        for depth in range(1, len(names) + 1):
            at = "/" + "/".join(names[:depth])
            if there := self._library.ntfs_pathname_to_inode(self._volume, None, at.encode()):
                self._close(there)
            else:
                self._create(str(PurePosixPath(at).parent), names[depth - 1], S_IFDIR)

    def file(self, path: str, content: bytes) -> None:
        """A file with this content, whatever was there."""
        place = PurePosixPath(path)
        if not (there := self._library.ntfs_pathname_to_inode(self._volume, None, path.encode())):
            self.folder(str(place.parent))
            self._create(str(place.parent), place.name, S_IFREG, content)
            return
        self._write(there, content)
        self._close(there)

    def files(self, folder: str, contents: dict[str, bytes]) -> None:
        """Many new files in one folder."""
        self.folder(folder)
        with self._inode(folder) as parent:
            for name, content in contents.items():
                self._create_in(parent, name, S_IFREG, content)

    def stream(self, path: str, name: str, content: bytes) -> None:
        """A further stream of a file."""
        text = name.encode("utf-16-le")
        with self._inode(path) as inode:
            added = self._library.ntfs_attr_add(inode, AT_DATA, text, len(text) // 2, content, len(content))
            assert added == 0

    def write_at(self, path: str, offset: int, content: bytes) -> None:
        """Bytes in the middle of a file."""
        with self._inode(path) as inode:
            attribute = self._library.ntfs_attr_open(inode, AT_DATA, None, 0)
            assert self._library.ntfs_attr_pwrite(attribute, offset, len(content), content) == len(content)
            self._library.ntfs_attr_close(attribute)

    def remove(self, path: str) -> None:
        place = PurePosixPath(path)
        inode, parent = self._open(path), self._open(str(place.parent))
        text = place.name.encode("utf-16-le")
        assert (
            self._library.ntfs_delete(self._volume, path.encode(), inode, parent, text, len(text) // 2) == 0
        )

    def link(self, path: str, further: str) -> None:
        """A second name of a file."""
        place = PurePosixPath(further)
        text = place.name.encode("utf-16-le")
        with self._inode(path) as inode, self._inode(str(place.parent)) as parent:
            assert self._library.ntfs_link(inode, parent, text, len(text) // 2) == 0

    def move(self, path: str, to: str) -> None:
        """Another name, in the same folder or another."""
        self.link(path, to)
        self.remove(path)

    def security(self, path: str, descriptor: bytes) -> None:
        """Owner and access list, as a self-relative security descriptor."""
        context = (ctypes.c_uint64 * (CONTEXT_BYTES // 8))()
        context[0] = self._volume
        with self._inode(path) as inode:
            done = self._library.ntfs_set_ntfs_acl(context, inode, descriptor, len(descriptor), 0)
            assert done == 0, ctypes.get_errno()

    def _create(self, parent: str, name: str, kind: int, content: bytes = b"") -> None:
        with self._inode(parent) as folder:
            self._create_in(folder, name, kind, content)

    def _create_in(self, folder: int, name: str, kind: int, content: bytes) -> None:
        text = name.encode("utf-16-le")
        inode = self._library.ntfs_create(folder, 0, text, len(text) // 2, kind)
        assert inode, f"libntfs-3g cannot create {name}: {ctypes.get_errno()}"
        if content:
            self._write(inode, content)
        assert self._library.ntfs_inode_close_in_dir(inode, folder) == 0

    def _write(self, inode: int, content: bytes) -> None:
        attribute = self._library.ntfs_attr_open(inode, AT_DATA, None, 0)
        assert self._library.ntfs_attr_truncate(attribute, 0) == 0
        assert self._library.ntfs_attr_pwrite(attribute, 0, len(content), content) == len(content)
        self._library.ntfs_attr_close(attribute)

    @contextmanager
    def _inode(self, path: str) -> Iterator[int]:
        inode = self._open(path)
        try:
            yield inode
        finally:
            self._close(inode)

    def _open(self, path: str) -> int:
        inode = self._library.ntfs_pathname_to_inode(self._volume, None, path.encode())
        assert inode, f"there is no {path}"
        return int(inode)

    def _close(self, inode: int) -> None:
        assert self._library.ntfs_inode_close(inode) == 0


@contextmanager
def writing(path: Path) -> Iterator[NtfsWriter]:
    """The volume, closed as a system closes it."""
    writer = NtfsWriter(path)
    try:
        yield writer
    finally:
        writer.close()

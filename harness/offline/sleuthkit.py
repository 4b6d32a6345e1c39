"""ext2, ext3, ext4 and FAT, by The Sleuth Kit."""

from collections.abc import Iterator
from typing import cast

import pytsk3

from harness.offline.entry import Entry, FileFacts, unix_time
from harness.offline.errors import LIBRARY_ERRORS, reason
from harness.offline.window import Window


class WindowImage(pytsk3.Img_Info):  # type: ignore[misc]  # an extension class without types
    """A window as The Sleuth Kit takes images."""

    def __init__(self, window: Window) -> None:
        self._window = window
        super().__init__()

    def read(self, offset: int, size: int) -> bytes:
        return self._window.at(offset, size)

    def get_size(self) -> int:
        """The volume's size in bytes."""
        return self._window.size


class SleuthkitFilesystem:
    """One volume. Raises what pytsk3 raises; made within `Window.operation`."""

    def __init__(self, window: Window, *, case_sensitive: bool) -> None:
        self.problems: list[str] = []
        self.case_sensitive = case_sensitive
        self.check = window.check
        self._image = WindowImage(window)
        self.handle = pytsk3.FS_Info(self._image)

    @property
    def root(self) -> Entry:
        return SleuthkitEntry(self, self.handle.open_meta(inode=self.handle.info.root_inum), "")


class SleuthkitEntry:
    """One inode under the name by which it was found."""

    def __init__(self, filesystem: SleuthkitFilesystem, file: "pytsk3.File", name: str) -> None:
        self._filesystem = filesystem
        self._file = file
        self._name = name

    @property
    def _kind(self) -> int:
        meta = self._file.info.meta
        return int(meta.type) if meta is not None else int(pytsk3.TSK_FS_META_TYPE_UNDEF)

    @property
    def facts(self) -> FileFacts:
        meta = self._file.info.meta
        if meta is None:
            return FileFacts(name=self._name, is_directory=False, size=0)
        is_link = self._kind == pytsk3.TSK_FS_META_TYPE_LNK
        return FileFacts(
            name=self._name,
            is_directory=self._kind == pytsk3.TSK_FS_META_TYPE_DIR,
            size=max(0, int(meta.size)),
            created=unix_time(int(meta.crtime), int(meta.crtime_nano)),
            modified=unix_time(int(meta.mtime), int(meta.mtime_nano)),
            link_target=self._link() if is_link else "",
        )

    def children(self) -> Iterator[Entry]:
        if self._kind != pytsk3.TSK_FS_META_TYPE_DIR:
            return
        for file, name in self._files():
            yield SleuthkitEntry(self._filesystem, file, name)

    def child(self, name: str) -> Entry | None:
        if self._kind != pytsk3.TSK_FS_META_TYPE_DIR:
            return None
        sensitive = self._filesystem.case_sensitive
        for file, found in self._files():
            if found == name or (not sensitive and found.upper() == name.upper()):
                return SleuthkitEntry(self._filesystem, file, found)
        return None

    def read_at(self, offset: int, size: int) -> bytes:
        meta = self._file.info.meta
        size = max(0, min(size, int(meta.size) - offset)) if meta is not None else 0
        return cast(bytes, self._file.read_random(offset, size)) if size else b""

    def _link(self) -> str:
        # The library reads a link's target with the inode: short ones are inside it, long ones in a block.
        target = self._file.info.meta.link
        return target.decode("utf-8", "surrogateescape") if target else ""

    def _files(self) -> Iterator[tuple["pytsk3.File", str]]:
        for file in self._file.as_directory():
            self._filesystem.check()
            try:
                name = file.info.name
                if not int(name.flags) & int(pytsk3.TSK_FS_NAME_FLAG_ALLOC):
                    continue  # deleted
                text = name.name.decode("utf-8", "surrogateescape")
            except LIBRARY_ERRORS as error:
                self._filesystem.problems.append(
                    f"an entry of the directory {self._name!r} is damaged and was skipped: {reason(error)}"
                )
                continue
            if text not in (".", "..", "$OrphanFiles"):
                yield file, text

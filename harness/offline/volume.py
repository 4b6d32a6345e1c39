"""One volume of a disk: what is on it, and its files."""

import fnmatch
from collections.abc import Iterator
from functools import cached_property

from harness.offline import paths
from harness.offline.entry import Entry, FileFacts, Filesystem
from harness.offline.errors import FilesystemUnknown, NotOnDisk, VolumeEncrypted
from harness.offline.ntfs import NtfsFilesystem
from harness.offline.sleuthkit import SleuthkitFilesystem
from harness.offline.superblock import FILESYSTEMS, HEAD, filesystem_on, filesystem_size
from harness.offline.window import Window

MOST_LINKS = 40  # as Linux' own limit
CHUNK = 4 * 1024 * 1024
NTFS_OWN_FILES = frozenset(
    [
        "$AttrDef",
        "$BadClus",
        "$Bitmap",
        "$Boot",
        "$Extend",
        "$LogFile",
        "$MFT",
        "$MFTMirr",
        "$Secure",
        "$UpCase",
        "$Volume",
        ".",
    ]
)


class Volume:
    """A partition, or the whole disk where it has no partition table. Not thread-safe.

    `declared`: the size that the partition table gives it; the disk may end before that.
    """

    def __init__(self, number: int, window: Window, label: str = "", *, declared: int | None = None) -> None:
        self.number = number
        self.label = label
        self.offset, self.size = window.start, window.size
        self.is_whole_disk = declared is None
        self._window = window
        self._directories: dict[
            tuple[str, ...], Entry
        ] = {}  # walked through before; a stopped disk does not change
        head = window.at(0, HEAD)
        self.filesystem = filesystem_on(head)
        self.end = window.start + max(declared or 0, filesystem_size(head))
        """Where partition table and filesystem say that it ends, in bytes from the disk's beginning."""

    def __str__(self) -> str:
        return f"volume {self.number} ({self.filesystem}, {self.size} bytes)"

    @property
    def window(self) -> Window:
        """The part of the disk that the volume takes."""
        return self._window

    @property
    def problems(self) -> tuple[str, ...]:
        """What was skipped so far because it is damaged."""
        return tuple(self._opened.problems) if "_opened" in self.__dict__ else ()

    @property
    def cautions(self) -> tuple[str, ...]:
        """Why what is read may not be what the system had: NTFS that was not unmounted, or is hibernated."""
        if self.filesystem != "ntfs":
            return ()
        with self._window.operation(str(self)):
            opened = self._opened
            return opened.cautions if isinstance(opened, NtfsFilesystem) else ()

    def read(self, path: str, limit_bytes: int) -> bytes:
        """The first `limit_bytes` bytes of a file, all of it if it is smaller.

        Raises `NotOnDisk`, `DiskUnreadable`, `FilesystemUnknown`, `VolumeEncrypted`.
        """
        return b"".join(self.chunks(path, limit_bytes))

    def chunks(self, path: str, limit_bytes: int) -> Iterator[bytes]:
        """The same in pieces of some MiB, for a file that is larger than memory."""
        entry = self._file(path)
        offset = 0
        while offset < limit_bytes:
            with self._window.operation(path):
                data = entry.read_at(offset, min(CHUNK, limit_bytes - offset))
            if not data:
                return
            yield data
            offset += len(data)

    def listdir(self, path: str) -> tuple[FileFacts, ...]:
        """A directory's entries by name, NTFS' own `$` files of the root not counted."""
        with self._window.operation(path):
            entry = self._found(path)
            if not entry.facts.is_directory:
                raise NotOnDisk(f"{path} is a file, not a directory", file=str(self._window.image.path))
            listing = list(self._listing(entry))
        return tuple(sorted(listing, key=lambda facts: facts.name.upper()))

    def stat(self, path: str) -> FileFacts:
        """Size and times; links are followed. Raises `NotOnDisk`."""
        with self._window.operation(path):
            return self._found(path).facts

    def exists(self, path: str) -> bool:
        """Whether there is such a file or directory."""
        with self._window.operation(path):
            return self._find(paths.parse(path).names) is not None

    def glob(self, pattern: str) -> tuple[str, ...]:
        r"""Files that match, e.g. `C:\ProgramData\Agent\*.log`; `*`, `?`, `[…]` within one name each, no `**`."""
        wanted = paths.parse(pattern)
        with self._window.operation(pattern):
            found = list(self._matching(self._filesystem.root, (), wanted.names))
        return tuple(sorted(str(paths.DiskPath(wanted.drive, names, wanted.posix)) for names in found))

    @cached_property
    def _opened(self) -> Filesystem:
        with self._window.operation(str(self)):
            if self.filesystem == "ntfs":
                return NtfsFilesystem(self._window)
            return SleuthkitFilesystem(self._window, case_sensitive=self.filesystem == "ext4")

    @property
    def _filesystem(self) -> Filesystem:
        where = f"{str(self).capitalize()} of {self._window.image.path}"
        if self.filesystem == "bitlocker":
            raise VolumeEncrypted(
                f"{where} is encrypted by BitLocker and cannot be read from outside.",
                hint="Turn device encryption off in the image's recipe (PreventDeviceEncryption).",
            )
        if self.filesystem == "unknown":
            raise FilesystemUnknown(f"{where} holds no filesystem that can be read ({FILESYSTEMS}).")
        return self._opened

    def _listing(self, directory: Entry) -> Iterator[FileFacts]:
        for entry in directory.children():
            facts = entry.facts
            if not (self.filesystem == "ntfs" and facts.name in NTFS_OWN_FILES):
                yield facts

    def _file(self, path: str) -> Entry:
        with self._window.operation(path):
            entry = self._found(path)
            if entry.facts.is_directory:
                raise NotOnDisk(f"{path} is a directory, not a file", file=str(self._window.image.path))
        return entry

    def _found(self, path: str) -> Entry:
        entry = self._find(paths.parse(path).names)
        if entry is None:
            raise NotOnDisk(
                f"there is no {path} on volume {self.number} ({self.filesystem})",
                file=str(self._window.image.path),
            )
        return entry

    def _find(self, names: tuple[str, ...]) -> Entry | None:
        for _ in range(MOST_LINKS):
            entry: Entry | None = self._filesystem.root
            for position, name in enumerate(names, start=1):
                at = names[:position]
                entry = self._directories.get(at) or (entry.child(name) if entry is not None else None)
                if entry is None:
                    return None
                if position < len(names):
                    self._directories[at] = entry
                if target := entry.facts.link_target:
                    names = paths.through_link(at, target, names[position:])
                    break
            else:
                return entry
        return None

    def _matching(
        self, directory: Entry, at: tuple[str, ...], names: tuple[str, ...]
    ) -> Iterator[tuple[str, ...]]:
        name, rest = names[0] if names else "", names[1:]
        if not name:
            return
        if not paths.GLOB.search(name) and rest:
            below = self._find((*at, name))
            if below is not None:
                yield from self._matching(below, (*at, name), rest)
            return
        fold = (lambda text: text) if self.filesystem == "ext4" else str.upper
        for entry in directory.children():
            facts = entry.facts
            if not fnmatch.fnmatchcase(fold(facts.name), fold(name)):
                continue
            if rest:
                yield from self._matching(entry, (*at, facts.name), rest)
            elif not facts.is_directory:
                yield (*at, facts.name)

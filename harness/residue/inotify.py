"""Linux's own word of what becomes of a folder's files (inotify(7)), for folders that another mount writes to."""

import ctypes
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MOVED_FROM, MOVED_TO, CREATE, DELETE = 0x40, 0x80, 0x100, 0x200
OVERFLOW, IGNORED, DIRECTORY = 0x4000, 0x8000, 0x4000_0000
_ONLY_DIRECTORIES, _NOT_BY_LINKS = 0x0100_0000, 0x0200_0000
_WANTED = MOVED_FROM | MOVED_TO | CREATE | DELETE | _ONLY_DIRECTORIES | _NOT_BY_LINKS
_HEAD = struct.Struct("iIII")
_AT_ONCE = 1 << 18


@dataclass(frozen=True)
class Happened:
    """One event. `watch`: the number of the folder that it was in; `cookie`: the same for both ends of a move."""

    watch: int
    mask: int
    cookie: int
    name: str

    @property
    def directory(self) -> bool:
        """Whether it is about a folder in that folder."""
        return bool(self.mask & DIRECTORY)


class Inotify:
    """One queue of events. Not thread-safe."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self.descriptor = int(self._libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK))
        if self.descriptor < 0:
            raise OSError(ctypes.get_errno(), "inotify_init1 failed")

    def watch(self, folder: Path) -> int:
        """The number of this folder. Raises `OSError`, also where the kernel gives no more watches."""
        number = int(self._libc.inotify_add_watch(self.descriptor, os.fsencode(folder), _WANTED))
        if number < 0:
            raise OSError(ctypes.get_errno(), f"inotify_add_watch failed for {folder}")
        return number

    def read(self) -> Iterator[Happened]:
        """What has happened and was not read yet."""
        try:
            data = os.read(self.descriptor, _AT_ONCE)
        except BlockingIOError:
            return
        place = 0
        while place < len(data):
            watch, mask, cookie, length = _HEAD.unpack_from(data, place)
            place += _HEAD.size
            name = data[place : place + length].rstrip(b"\0")
            place += length
            yield Happened(watch, mask, cookie, os.fsdecode(name))

    def close(self) -> None:
        """End it."""
        os.close(self.descriptor)

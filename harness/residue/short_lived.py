"""Files that lie on a machine for a moment only. What they held is known when they are gone.

The machine's overlay is watched from outside: each new file is held open, so its content outlives its deletion. Nothing
runs in the guest for it.
"""

import os
import select
import stat
import threading
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from inotify_simple import Event, INotify, flags

WATCHED = flags.MOVED_FROM | flags.MOVED_TO | flags.CREATE | flags.DELETE | flags.ONLYDIR | flags.DONT_FOLLOW
MOST_OPEN = 200
"""Of more new files than these the oldest are let go: they are none that lie there for a moment."""
EACH_BYTES = 256 << 10
"""Of a longer file its beginning is kept."""
MOST_BYTES = 32 << 20
"""Of all that is kept. What comes later is not looked at."""
END_S = 10.0


@dataclass(frozen=True)
class Gone:
    """A file that was there and is not any more."""

    paths: tuple[str, ...]
    """Every path that it had, as Windows writes them, in lower case; the last one last."""
    content: bytes


@dataclass
class _Held:
    descriptor: int
    paths: list[str]


class ShortLived:
    """Watches everything below `drive_c`, a folder of the host, from its construction until `close`.

    `but`: names of folders right in it that are left out.

    A file that is overwritten in place is not seen, nor one that is gone before its new folder is watched.
    Raises `OSError`.
    """

    def __init__(self, drive_c: Path, but: Collection[str] = ()) -> None:
        self._root, self._inotify = drive_c, INotify()
        self._left_out = frozenset(drive_c / name for name in but)
        self._folders: dict[int, Path] = {}
        self._held: dict[Path, _Held] = {}
        self._moving: dict[int, Path] = {}
        self._gone: list[Gone] = []
        self._kept_bytes = 0
        self.missed = False
        """Whether the kernel dropped events, or could not watch a folder."""
        self._wake = os.eventfd(0, os.EFD_CLOEXEC)
        self._enter(drive_c, hold=False)
        self._thread = threading.Thread(target=self._run, name="short-lived files", daemon=True)
        self._thread.start()

    def close(self) -> tuple[Gone, ...]:
        """Stop watching; the files that are gone. Idempotent."""
        if self._thread.is_alive():
            os.eventfd_write(self._wake, 1)
            self._thread.join(END_S)
        return tuple(self._gone)

    def _run(self) -> None:
        poll = select.poll()
        for descriptor in (self._inotify.fileno(), self._wake):
            poll.register(descriptor, select.POLLIN)
        ending = False
        while not ending:
            ending = any(descriptor == self._wake for descriptor, _ in poll.poll())
            for happened in self._inotify.read(timeout=0):
                self._take(happened)
            self._settle_moves()
        for held in self._held.values():
            os.close(held.descriptor)
        self._held.clear()
        self._inotify.close()
        os.close(self._wake)

    def _take(self, happened: Event) -> None:
        if happened.mask & flags.Q_OVERFLOW:
            self.missed = True
        if happened.mask & flags.IGNORED:
            self._folders.pop(happened.wd, None)
        folder = self._folders.get(happened.wd)
        if folder is None or not happened.name:
            return
        path, directory = folder / happened.name, bool(happened.mask & flags.ISDIR)
        if happened.mask & flags.MOVED_FROM:
            self._moving[happened.cookie] = path
        elif happened.mask & flags.MOVED_TO and happened.cookie in self._moving:
            self._move(self._moving.pop(happened.cookie), path, directory=directory)
        elif happened.mask & (flags.CREATE | flags.MOVED_TO):
            if directory:
                self._enter(path, hold=True)
            else:
                self._hold(path)
        elif happened.mask & flags.DELETE and not directory:
            self._let_go(path)

    def _settle_moves(self) -> None:
        """What was moved away and arrived nowhere is gone: an overlay takes a file of its template away like that."""
        for path in self._moving.values():
            self._let_go(path)
        self._moving.clear()

    def _enter(self, folder: Path, *, hold: bool) -> None:
        """Watch a folder and those in it; `hold`: what lies in it already is as new as it is."""
        if folder in self._left_out:
            return
        try:
            self._folders[self._inotify.add_watch(folder, WATCHED)] = folder
            entries = list(os.scandir(folder))
        except FileNotFoundError:
            return  # gone already
        except OSError:
            self.missed = True
            return
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                self._enter(folder / entry.name, hold=hold)
            elif hold:
                self._hold(folder / entry.name)

    def _hold(self, path: Path) -> None:
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            self._let_go(path)
            return  # gone already, or a link
        found, held = os.fstat(descriptor), self._held.get(path)
        told_twice = held is not None and os.path.samestat(found, os.fstat(held.descriptor))
        if told_twice or not stat.S_ISREG(found.st_mode):
            os.close(descriptor)
            return
        self._let_go(path)  # one of the same name before it
        self._held[path] = _Held(descriptor, [self._named(path)])
        if len(self._held) > MOST_OPEN:
            os.close(self._held.pop(next(iter(self._held))).descriptor)

    def _move(self, before: Path, after: Path, *, directory: bool) -> None:
        self._let_go(after)
        if directory:
            for number, folder in self._folders.items():
                if folder.is_relative_to(before):
                    self._folders[number] = after / folder.relative_to(before)
        for path in [path for path in self._held if path.is_relative_to(before)]:
            held = self._held.pop(path)
            moved = after / path.relative_to(before)
            held.paths.append(self._named(moved))
            self._held[moved] = held

    def _let_go(self, path: Path) -> None:
        """This file is not there any more: keep what it held."""
        held = self._held.pop(path, None)
        if held is None:
            return
        with suppress(OSError):
            content = os.pread(held.descriptor, min(EACH_BYTES, MOST_BYTES - self._kept_bytes), 0)
            self._kept_bytes += len(content)
            if content:
                self._gone.append(Gone(tuple(held.paths), content))
        os.close(held.descriptor)

    def _named(self, path: Path) -> str:
        return "c:\\" + str(path.relative_to(self._root)).replace("/", "\\").lower()

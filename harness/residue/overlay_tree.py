"""The files of a drive at one moment, read from an overlay's upper directory alone, and what differs between two.

What the overlay does not hold is as it is in the template below it. So the cost is that of what the machine wrote, not
that of its drive (kernel documentation, "Overlay Filesystem": whiteouts, opaque directories).
"""

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harness.residue.change import Change, Kind, Where

OPAQUE = ("trusted.overlay.opaque", "user.overlay.opaque")
PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Stamp:
    """What tells whether something in the overlay was touched, without reading it."""

    mode: int
    size: int
    modified_ns: int
    changed_ns: int
    inode: int
    whiteout: bool
    opaque: bool
    sha256: str = field(compare=False)
    """Empty if it was not read."""

    @property
    def is_folder(self) -> bool:
        return stat.S_ISDIR(self.mode)


@dataclass(frozen=True)
class Tree:
    """A drive at one moment: what the overlay held, by path below its root, and what lies under it."""

    held: Mapping[str, Stamp]
    lower: Path
    upper: Path

    def hides(self, path: str) -> bool:
        """Whether something above `path` in the overlay keeps the template's from being seen."""
        parent = path.rpartition("/")[0]
        while parent:
            above = self.held.get(parent)
            if above is not None and (above.whiteout or above.opaque or not above.is_folder):
                return True
            parent = parent.rpartition("/")[0]
        return False


@dataclass(frozen=True)
class State:
    """What was at a path at one moment."""

    mode: int
    size: int
    modified_ns: int
    sha256: str

    @property
    def words(self) -> str:
        """Kind, size and the beginning of the digest."""
        if stat.S_ISDIR(self.mode):
            return f"folder, mode {stat.S_IMODE(self.mode):o}"
        kind = "link" if stat.S_ISLNK(self.mode) else "file"
        return f"{kind} of {self.size} bytes, SHA-256 {self.sha256[:12]}, mode {stat.S_IMODE(self.mode):o}"


def read_tree(upper: Path, lower: Path, *, with_digests: bool) -> Tree:
    """What the overlay holds now. `with_digests`: of its files too, for a moment that later ones are compared with.

    What vanishes while it is read is not there. Raises `OSError`.
    """
    return Tree(dict(_walk(upper, "", with_digests=with_digests)), lower, upper)


def _walk(folder: Path, prefix: str, *, with_digests: bool) -> Iterator[tuple[str, Stamp]]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    for entry in entries:
        path = f"{prefix}{entry.name}"
        try:
            facts = entry.stat(follow_symlinks=False)
            digest = _digest(Path(entry.path), facts.st_mode) if with_digests else ""
            opaque = stat.S_ISDIR(facts.st_mode) and _is_opaque(entry.path)
        except FileNotFoundError:
            continue
        whiteout = stat.S_ISCHR(facts.st_mode) and facts.st_rdev == 0
        yield (
            path,
            Stamp(
                facts.st_mode,
                facts.st_size,
                facts.st_mtime_ns,
                facts.st_ctime_ns,
                facts.st_ino,
                whiteout,
                opaque,
                digest,
            ),
        )
        if stat.S_ISDIR(facts.st_mode):
            yield from _walk(Path(entry.path), f"{path}/", with_digests=with_digests)


def _is_opaque(path: str) -> bool:
    for name in OPAQUE:
        try:
            if os.getxattr(path, name, follow_symlinks=False) == b"y":
                return True
        except OSError:
            continue
    return False


def difference(before: Tree, after: Tree) -> list[Change]:
    """What was added, removed and changed, each by its path on drive C:. Reads only what was touched.

    A new time alone is no change: it is no content, and every copy-up makes one. Raises `OSError`.
    """
    found = []
    for path in _touched(before, after):
        was, now = _state(before, path, now=False), _state(after, path, now=True)
        if was is None and now is None:
            continue
        if was is None or now is None:
            kind = Kind.ADDED if was is None else Kind.REMOVED
        elif _same(was, now):
            continue
        else:
            kind = Kind.CHANGED
        found.append(_change(kind, path, was, now))
    return found


def _same(was: State, now: State) -> bool:
    if was.mode != now.mode:
        return False
    return stat.S_ISDIR(was.mode) or (was.size, was.sha256) == (now.size, now.sha256)


def _touched(before: Tree, after: Tree) -> list[str]:
    """Paths whose stamps differ, and what is, or was, hidden in the template by that."""
    paths = {
        path
        for path in before.held.keys() | after.held.keys()
        if before.held.get(path) != after.held.get(path)
    }
    for path in list(paths):
        for tree in (before, after):
            stamp = tree.held.get(path)
            if stamp is not None and (stamp.whiteout or stamp.opaque or not stamp.is_folder):
                paths.update(_below(after.lower, path))
                break
    return sorted(paths)


def _below(lower: Path, path: str) -> Iterator[str]:
    for folder, folders, files in os.walk(lower / path):
        relative = os.path.relpath(folder, lower)
        yield from (f"{relative}/{name}" for name in (*folders, *files))


def _state(tree: Tree, path: str, *, now: bool) -> State | None:
    stamp = tree.held.get(path)
    if stamp is not None:
        if stamp.whiteout:
            return None
        digest = stamp.sha256 or (_digest(tree.upper / path, stamp.mode) if now else "")
        return State(stamp.mode, stamp.size, stamp.modified_ns, digest)
    if tree.hides(path):
        return None
    place = tree.lower / path
    try:
        facts = place.lstat()
        return State(facts.st_mode, facts.st_size, facts.st_mtime_ns, _digest(place, facts.st_mode))
    except (FileNotFoundError, NotADirectoryError):
        return None


def _digest(path: Path, mode: int) -> str:
    """SHA-256 of a file, or of what a link says; empty for what has no content, or is gone by now."""
    running = hashlib.sha256()
    try:
        if stat.S_ISLNK(mode):
            running.update(os.fsencode(path.readlink()))
        elif stat.S_ISREG(mode):
            with path.open("rb") as file:
                while piece := file.read(PIECE):
                    running.update(piece)
        else:
            return ""
    except FileNotFoundError:
        return ""
    return running.hexdigest()


def _change(kind: Kind, path: str, was: State | None, now: State | None) -> Change:
    return Change(
        kind=kind,
        where=Where.FILE,
        path="C:\\" + path.replace("/", "\\"),
        was=was.words if was else "",
        now=now.words if now else "",
        size=now.size if now else None,
        sha256=now.sha256 if now else "",
        modified_s=now.modified_ns / 1e9 if now else None,
    )

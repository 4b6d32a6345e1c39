"""What a provider keeps beside machines (templates, trees) once nothing needs it any more, and how it goes.

A directory is first renamed, then looked at once more, then removed: whoever looks for it meanwhile finds all of it or
nothing, and one that somebody came to need in that moment goes back to its place.
"""

import os
import time
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol, runtime_checkable

from harness.model.base import Frozen

ASIDE = ".removed-"
"""Between a directory's own name and the time (ns) at which it was renamed to be removed."""
ABANDONED = timedelta(hours=1)
"""So long nothing has touched what is half made or half removed: whoever was at it was killed."""


class Disused(Frozen):
    """One file or directory that nothing needs any more."""

    path: Path
    kind: str
    """What it was: `template`, `base tree` …"""
    reason: str
    """Why nothing needs it, in words that follow "because"."""


@runtime_checkable
class HasDisused(Protocol):
    """What a provider also offers if it keeps something beside its machines."""

    def disused(self, without: Collection[str] = ()) -> Sequence[Disused]:
        """What nothing needs any more. Removes nothing and asks no host.

        Machines whose ids are in `without` count as gone; what any other one stands on, of whatever run, is needed.
        Raises `InfrastructureError` if it cannot be told.
        """
        ...

    def remove(self, leftover: Disused) -> bool:
        """Remove it, unless something has come to need it since it was found: then False. Idempotent.

        Raises `InfrastructureError` if it cannot be removed.
        """
        ...


def remove_aside(path: Path, *, unneeded: Callable[[Path], bool], remove: Callable[[Path], None]) -> bool:
    """Rename `path`, and remove it if it is still `unneeded` there; else it goes back, and the result is False.

    Nothing may be made at `path` meanwhile: hold the lock under which that happens. Raises `OSError`.
    """
    if ASIDE in path.name:
        remove(path)
        return True
    aside = path.with_name(f"{path.name}{ASIDE}{time.time_ns()}")
    try:
        path.rename(aside)
    except FileNotFoundError:
        return True
    if not unneeded(aside):
        aside.rename(path)
        return False
    remove(aside)
    return True


def changed(path: Path) -> datetime:
    """When a file, or a directory's list of names, last changed. Raises `OSError`."""
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def size_on_disk(path: Path) -> int:
    """Bytes that a file, or all below a directory, take of the disk; what vanishes meanwhile counts as nothing."""
    total = _blocks(path)
    for directory, names, files in os.walk(path):
        total += sum(_blocks(Path(directory, name)) for name in (*names, *files))
    return total


def _blocks(path: Path) -> int:
    try:
        return path.lstat().st_blocks * 512
    except OSError:
        return 0

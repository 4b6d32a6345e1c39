"""A disk that becomes full while a run goes on: which one, and how to go on."""

import os
import shlex
import tempfile
from collections.abc import Iterator
from pathlib import Path

from harness.cli.ending import NO_ROOM
from harness.cli.run_output import shown
from harness.model.errors import InfrastructureError
from harness.state import StateDirectory


class FullDisk(InfrastructureError):
    """There was no room for a file of the run at `root`, so it has no gate."""

    def __init__(self, root: Path, error: OSError) -> None:
        super().__init__(
            f"{error.filename or fullest(root)}: {error.strerror}, so the gate could not be written.",
            hint=f"Make room there, then continue with: bvt run --resume {shlex.quote(str(shown(root)))}",
        )


def full_disk(root: Path, error: BaseException) -> FullDisk | None:
    """The error to end with if all that went wrong is that there was no room; else None."""
    found = list(_single(error))
    if found and all(isinstance(one, OSError) and one.errno in NO_ROOM for one in found):
        named = sorted(
            (one for one in found if isinstance(one, OSError)), key=lambda one: one.filename is None
        )
        return FullDisk(root, named[0])
    return None


def fullest(root: Path) -> str:
    """Of the folders that a run writes into the one with least room: a write names no file."""
    places = (root, StateDirectory.default().root, Path(tempfile.gettempdir()))
    return str(min((place for place in places if place.exists()), key=_free, default=root))


def _free(place: Path) -> int:
    room = os.statvfs(place)
    return room.f_bavail * room.f_frsize


def _single(error: BaseException) -> Iterator[BaseException]:
    """Several of pytest's plugins may have met the same full disk."""
    if isinstance(error, BaseExceptionGroup):
        for part in error.exceptions:
            yield from _single(part)
    else:
        yield error

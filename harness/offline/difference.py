"""Which files of a disk differ from those of the image behind it, found from the overlay's clusters alone.

Clusters that the overlay holds → blocks of them that differ → records that lie in them or own them → paths of these, and
what is there now and was there before. What is untouched is neither listed nor read.
"""

import hashlib
import struct
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from harness.offline.changed import Ranges, changed
from harness.offline.disk import open_disk
from harness.offline.errors import DiskUnreadable, FilesystemUnknown, NotADisk
from harness.offline.ext4_records import Ext4Volumes
from harness.offline.ntfs_records import NtfsVolumes
from harness.offline.qcow2 import behind, held
from harness.offline.record import RecordFacts, Records, Volumes
from harness.offline.volume import Volume

READERS: dict[str, Callable[..., Volumes]] = {"ext4": Ext4Volumes, "ntfs": NtfsVolumes}


@dataclass(frozen=True)
class FileState:
    """What is at a path at one moment."""

    kind: str
    size: int
    owner: str
    access: str
    marks: str
    modified_s: float | None
    sha256: str = ""
    """Of its content with that of its other streams; empty for a folder, and where the image has the same."""


@dataclass(frozen=True)
class DiskDifference:
    """What an overlay changed of one volume."""

    files: dict[str, tuple[FileState | None, FileState | None]]
    """Path from the volume's root, with `/`: what the image has there, and what the overlay has."""
    bytes_read: int
    cautions: tuple[str, ...]


class Overlay:
    """An overlay and the image behind it, opened. Close it, or use it as a context."""

    def __init__(self, path: Path, *, shared: bool = False) -> None:
        """`shared`: the machine may still have it open; it must not run meanwhile.

        Raises `NotADisk` for what is no overlay, and what `open_disk` raises.
        """
        self._closing = ExitStack()
        with ExitStack() as undone:
            after = undone.enter_context(open_disk(path, shared=shared))
            base = behind(path) if after.format == "qcow2" else None
            if base is None:
                raise NotADisk("this is no overlay: no image lies behind it.", file=str(path))
            before = undone.enter_context(open_disk(base.path, shared=shared, image_format=base.format))
            self._closing = undone.pop_all()
        self.path, self.after, self.before = path, after, before

    def __enter__(self) -> "Overlay":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End reading. Idempotent."""
        self._closing.close()

    def difference(self, within: str = "") -> DiskDifference:
        r"""Everything that differs on the volume of drive C:, or on the largest Linux volume of a disk without one.

        `within`: only what lies in this folder of a Linux volume; paths are counted from there.
        Raises `FilesystemUnknown`, `DiskUnreadable`, `DeadlineExceeded`, `OSError`.
        """
        volume = self.after.volume_of("/" if within else "C:\\")
        was = next((each for each in self.before.volumes if each.offset == volume.offset), None)
        if volume.filesystem not in READERS or was is None or was.filesystem != volume.filesystem:
            raise FilesystemUnknown(
                f"What changed on {volume} of {self.path} cannot be told: on both sides it must be NTFS, or ext4."
            )
        with was.window.operation(str(was)), volume.window.operation(str(volume)):
            try:
                files, cautions = self._files(volume, was, within)
            except (struct.error, LookupError) as error:
                raise DiskUnreadable(f"{volume} of {self.path} is damaged: {error}.") from error
        return DiskDifference(files, self.before.bytes_read + self.after.bytes_read, cautions)

    def _files(
        self, volume: Volume, was: Volume, within: str
    ) -> tuple[dict[str, tuple[FileState | None, FileState | None]], tuple[str, ...]]:
        blocks = self.changed().moved(volume.offset, volume.size)
        if not blocks:
            return {}, ()
        volumes = READERS[volume.filesystem](was.window, volume.window)
        folder = within.strip("/")
        found = dict(_states(volumes, blocks, f"{folder}/" if folder else ""))
        return found, volumes.cautions

    def changed(self) -> Ranges:
        """The bytes of the disk that differ."""
        return changed(self.before.image, self.after.image, held(self.path))


def _states(
    volumes: Volumes, blocks: Ranges, prefix: str
) -> Iterator[tuple[str, tuple[FileState | None, FileState | None]]]:
    sides = (volumes.before, volumes.after)
    numbers = volumes.touched(blocks)
    names = [side.names(numbers) for side in sides]
    if further := _moved(sides, numbers, [dict(each) for each in names]):
        numbers |= further
        names = [side.names(numbers) for side in sides]
    places: list[dict[str, int]] = [
        {path: number for number, paths in each.items() for path in paths if path.startswith(prefix)}
        for each in names
    ]
    facts = [
        {number: each for number in sorted(set(at.values())) if (each := side.facts(number)) is not None}
        for side, at in zip(sides, places, strict=True)
    ]
    digests: dict[tuple[int, int], str] = {}

    def digest(side: int, number: int) -> str:
        if (side, number) not in digests:
            digests[side, number] = _digest(sides[side].content(number))
        return digests[side, number]

    for path in sorted(places[0].keys() | places[1].keys()):
        at = [place.get(path) for place in places]
        known = [
            each.get(number) if number is not None else None for each, number in zip(facts, at, strict=True)
        ]
        if known == [None, None]:
            continue
        same = at[0] == at[1] and _same_content(known[0], known[1], blocks)
        states = [
            _state(each, "" if same or each.kind == "folder" else digest(side, at[side] or 0))
            if each
            else None
            for side, each in enumerate(known)
        ]
        if _without_time(states[0]) != _without_time(states[1]):
            yield path.removeprefix(prefix), (states[0], states[1])


def _moved(sides: Iterable[Records], numbers: set[int], names: list[dict[int, set[str]]]) -> set[int]:
    """All that lies below folders that got another path: its own records are as they were."""
    further: set[int] = set()
    for side in sides:
        left = [number for number in numbers if names[0][number] != names[1][number]]
        while left:
            number = left.pop()
            facts = side.facts(number)
            for below in side.below(number) if facts is not None and facts.kind == "folder" else ():
                if below not in further:
                    further.add(below)
                    left.append(below)
    return further - numbers


def _same_content(was: RecordFacts | None, now: RecordFacts | None, blocks: Ranges) -> bool:
    """Whether it is plain without reading it: the same places on the volume, and nothing written there."""
    if was is None or now is None or not now.runs:
        return False
    return (was.kind, was.size, was.runs) == (now.kind, now.size, now.runs) and not blocks.meet(now.runs)


def _state(facts: RecordFacts, sha256: str) -> FileState:
    return FileState(facts.kind, facts.size, facts.owner, facts.access, facts.marks, facts.modified_s, sha256)


def _without_time(state: FileState | None) -> object:
    return state and (state.kind, state.size, state.owner, state.access, state.marks, state.sha256)


def _digest(content: Iterable[bytes]) -> str:
    running = hashlib.sha256()
    for piece in content:
        running.update(piece)
    return running.hexdigest()

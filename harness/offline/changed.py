"""Which bytes of a disk differ from those of the image that it is an overlay of, found from the overlay's clusters."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator

from harness.offline.image import Image

BLOCK = 4096
"""What filesystems write at least; a cluster of an overlay is 64 KiB and holds what lies beside it, too."""
PIECE = 1 << 20


class Ranges:
    """Stretches of bytes, in order and apart from each other."""

    def __init__(self, ranges: Iterable[tuple[int, int]] = ()) -> None:
        """`ranges`: start and end (not in it) of each, in any order."""
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in sorted(ranges):
            if self._ends and start <= self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], end)
            elif start < end:
                self._starts.append(start)
                self._ends.append(end)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(zip(self._starts, self._ends, strict=True))

    def __bool__(self) -> bool:
        return bool(self._starts)

    def within(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The parts of them that lie between two bytes."""
        at = max(0, bisect_right(self._starts, start) - 1)
        while at < len(self._starts) and self._starts[at] < end:
            first, last = max(start, self._starts[at]), min(end, self._ends[at])
            if first < last:
                yield first, last
            at += 1

    def meet(self, others: Iterable[tuple[int, int]]) -> bool:
        """Whether any byte is in one of the others (start, end)."""
        return any(True for start, end in others for _ in self.within(start, end))

    def without(self, others: "Ranges") -> "Ranges":
        """What of them is in none of the others."""
        left = []
        for start, end in self:
            for first, last in others.within(start, end):
                left.append((start, first))
                start = last
            left.append((start, end))
        return Ranges(left)

    def moved(self, start: int, size: int) -> "Ranges":
        """The parts within a volume, counted from its beginning."""
        return Ranges((first - start, last - start) for first, last in self.within(start, start + size))

    @property
    def size(self) -> int:
        """Bytes in all of them."""
        return sum(self._ends) - sum(self._starts)


def changed(before: Image, after: Image, held: Iterable[tuple[int, int]]) -> Ranges:
    """What differs, in whole blocks, among the clusters `held` (start, size) by the overlay. Raises `DiskUnreadable`."""
    return Ranges(_differing(before, after, held))


def _differing(before: Image, after: Image, held: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    for start, size in held:
        for at in range(start, start + size, PIECE):
            length = min(PIECE, start + size - at)
            was = before.read(at, length).ljust(length, b"\0")
            now = after.read(at, length).ljust(length, b"\0")  # a last cluster may reach beyond the disk
            if was == now:
                continue
            for offset in range(0, length, BLOCK):
                if was[offset : offset + BLOCK] != now[offset : offset + BLOCK]:
                    yield at + offset, at + min(offset + BLOCK, length)

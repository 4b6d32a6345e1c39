"""A letter in pages of RAM: what a clone is told before it runs for the first time.

A guest that is about to be frozen has empty pages with a mark ready (`LetterBox`). The host finds them in the frozen RAM
(`places_in`), and each clone is loaded with its letter written there (`pages_with`), so that it wakes up knowing it:
no agent, no question, no answer. The guest has a copy of this file, so it imports nothing of the project.
"""

import mmap
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path

PAGE = 4096
MARK = b"agent-bvt: a letter to one clone"
_HEAD = struct.Struct("<32sHHI")
"""Mark, number of the page, 1 if it is written, length of the whole letter in bytes."""
ROOM = PAGE - _HEAD.size
PAGES = 8
LONGEST = PAGES * ROOM
"""Bytes."""


class LetterBox:
    """The guest's side: empty pages, until there is a letter in them."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, PAGES * PAGE)
        for number in range(PAGES):  # in place: copies elsewhere would look like pages too
            _HEAD.pack_into(self._memory, number * PAGE, MARK, number, 0, 0)

    def letter(self) -> bytes | None:
        """The letter, or None as long as there is none."""
        return read(self._memory)


def read(memory: bytes | mmap.mmap) -> bytes | None:
    """The letter in these pages, or None where they are empty."""
    _, _, written, length = _HEAD.unpack_from(memory, 0)
    if not written:
        return None
    starts = range(0, PAGES * PAGE, PAGE)
    return b"".join(memory[at + _HEAD.size : at + PAGE] for at in starts)[:length]


def places_in(ram: Path) -> dict[int, int]:
    """Every empty page in a frozen RAM by its offset, with its number; empty unless all pages are there.

    One that the kernel moved may be there twice; what was left behind is nobody's. Raises `OSError`.
    """
    with ram.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as memory:
        found = dict(_empty_pages(memory))
    return found if set(found.values()) == set(range(PAGES)) else {}


def _empty_pages(memory: mmap.mmap) -> Iterator[tuple[int, int]]:
    at = memory.find(MARK)
    while at >= 0:
        if at % PAGE == 0:
            page = memory[at : at + PAGE]
            _, number, written, length = _HEAD.unpack_from(page)
            if number < PAGES and not (written or length) and not any(page[_HEAD.size :]):
                yield at, number
        at = memory.find(MARK, at + 1)


def pages_with(letter: bytes, places: Mapping[int, int]) -> dict[int, bytes]:
    """What stands at these places once the letter is there. Raises `ValueError` if it does not fit."""
    if len(letter) > LONGEST:
        raise ValueError(f"a letter of {len(letter)} bytes, where {LONGEST} have room")
    used = max(1, -(-len(letter) // ROOM))
    return {offset: _page(letter, number) for offset, number in places.items() if number < used}


def _page(letter: bytes, number: int) -> bytes:
    part = letter[number * ROOM : (number + 1) * ROOM]
    return _HEAD.pack(MARK, number, 1, len(letter)) + part.ljust(ROOM, b"\0")

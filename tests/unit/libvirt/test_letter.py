"""The letter to a clone: pages that a frozen guest has ready, found in its RAM, written, and read by the clone."""

from pathlib import Path

import pytest

from harness.machines.libvirt.clone.letter import (
    LONGEST,
    PAGE,
    PAGES,
    ROOM,
    LetterBox,
    pages_with,
    places_in,
    read,
)
from harness.machines.libvirt.clone.stream import PAGE as PAGE_OF_STREAM


def empty_pages() -> list[bytes]:
    """The pages of a guest's letter box."""
    memory = LetterBox()._memory
    return [memory[at : at + PAGE] for at in range(0, PAGES * PAGE, PAGE)]


def frozen(path: Path, *pages: bytes) -> Path:
    path.write_bytes(b"".join(pages))
    return path


def cloned(ram: Path, pages: dict[int, bytes]) -> bytes:
    """A clone's RAM: its template's with these pages in it."""
    memory = bytearray(ram.read_bytes())
    for offset, page in pages.items():
        memory[offset : offset + PAGE] = page
    return bytes(memory)


def boxed(memory: bytes, places: dict[int, int]) -> bytes:
    """The guest's letter box as it stands in this RAM, in its own order."""
    by_number = {number: offset for offset, number in places.items()}
    return b"".join(memory[by_number[n] : by_number[n] + PAGE] for n in range(PAGES))


@pytest.fixture
def ram(tmp_path: Path) -> Path:
    """A RAM whose pages for a letter are far from each other, in another order, and that mentions the mark elsewhere."""
    other = (b"\0" * 100 + empty_pages()[0])[:PAGE]
    mixed = [page for pair in zip(reversed(empty_pages()), [other] * PAGES, strict=True) for page in pair]
    return frozen(tmp_path / "ram", b"x" * PAGE, *mixed)


@pytest.mark.parametrize("length", [1, ROOM, ROOM + 1, LONGEST])
def test_a_clone_finds_the_letter_that_was_put_into_its_ram(ram: Path, length: int) -> None:
    letter = bytes(1 + n % 255 for n in range(length))
    places = places_in(ram)
    assert len(places) == PAGES
    assert read(boxed(cloned(ram, pages_with(letter, places)), places)) == letter


def test_a_template_finds_no_letter(ram: Path) -> None:
    assert LetterBox().letter() is None
    assert read(boxed(ram.read_bytes(), places_in(ram))) is None


def test_only_the_pages_that_a_letter_needs_are_sent(ram: Path) -> None:
    assert len(pages_with(b"short", places_in(ram))) == 1
    assert len(pages_with(b"x" * (ROOM + 1), places_in(ram))) == 2


def test_a_page_that_the_kernel_moved_is_written_in_both_places(tmp_path: Path) -> None:
    pages = empty_pages()
    places = places_in(frozen(tmp_path / "ram", pages[1], *pages))
    assert sorted(places.values()) == [0, 1, 1, *range(2, PAGES)]


@pytest.mark.parametrize("spoilt", ["missing", "in use", "written"])
def test_a_ram_without_all_empty_pages_has_no_place_for_a_letter(tmp_path: Path, spoilt: str) -> None:
    pages = empty_pages()
    written = pages_with(b"a letter to somebody else", {0: 0})[0]
    last = {"missing": b"", "in use": pages[-1][:-1] + b"x", "written": pages[-1]}[spoilt]
    first = written if spoilt == "written" else pages[0]
    assert places_in(frozen(tmp_path / "ram", first, *pages[1:-1], last)) == {}


def test_a_letter_that_does_not_fit_is_refused(ram: Path) -> None:
    with pytest.raises(ValueError, match="a letter of"):
        pages_with(b"x" * (LONGEST + 1), places_in(ram))


def test_its_pages_are_those_of_the_stream() -> None:
    assert PAGE == PAGE_OF_STREAM

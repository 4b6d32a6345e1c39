"""Where texts lie, asked of the probe on a real Wine."""

import pytest

from harness.probe.answers.search import Searched
from harness.probe.reading import ProbeFailed
from tests.integration.probe.conftest import Probe, windows_path

pytestmark = pytest.mark.wine

PIECE = 1 << 20
"""Bytes that the probe reads of a file at once."""


def _search(probe: Probe, content: bytes, *texts: str) -> list[tuple[int, int]]:
    file = probe.home / "searched.bin"
    file.write_bytes(content)
    given = "".join(f"{text}\n" for text in texts).encode()
    found = probe.ask(Searched, "search", windows_path(file), stdin=given)
    assert (found.searched, found.unreadable) == (1, 0)
    return [(hit.needle, hit.offset) for hit in found.found]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
@pytest.mark.parametrize("length", [6, 9000])
def test_a_text_is_found_where_two_pieces_of_a_file_meet(probe: Probe, encoding: str, length: int) -> None:
    text = "".join(chr(ord("a") + number * number % 23) for number in range(length))
    before = b"-" * (3 * PIECE - length)
    content = before + text.encode(encoding) + b"-" * PIECE
    assert (1, len(before)) in _search(probe, content, "nowhere", text)


def test_texts_of_many_forms_are_all_looked_for(probe: Probe) -> None:
    """A token of some thousand characters in all its forms is longer than one reading of the input."""
    others = [f"{number:03}" * 1000 for number in range(100)]
    assert _search(probe, b"it holds the last one", *others, "the last") == [(100, 9)]


def test_more_texts_than_it_takes_are_refused(probe: Probe) -> None:
    with pytest.raises(ProbeFailed, match="128 texts"):
        _search(probe, b"", *(f"text {number}" for number in range(129)))


def test_nothing_to_look_for_is_an_error(probe: Probe) -> None:
    with pytest.raises(ProbeFailed, match="needs texts"):
        _search(probe, b"")

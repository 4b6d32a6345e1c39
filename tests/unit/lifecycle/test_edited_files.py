"""A line that customers add to a file: in its own encoding, and found again wherever it stands."""

import pytest

from harness.lifecycle.settings import has_line, with_line

LINE = "# Größe: set by the administrator"
UTF16 = "\ufefflevel=1\r\n".encode("utf-16-le")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"", f"{LINE}\r\n".encode()),
        (b"level=1", f"level=1\r\n{LINE}\r\n".encode()),  # no line break in it: as Windows does
        (b"level=1\nsize=2", f"level=1\nsize=2\n{LINE}\n".encode()),
        (b"level=1\r\n", f"level=1\r\n{LINE}\r\n".encode()),
        (UTF16, UTF16 + f"{LINE}\r\n".encode("utf-16-le")),
    ],
)
def test_a_line_is_added_as_the_file_is_written(before: bytes, after: bytes) -> None:
    assert with_line(before, LINE) == after
    assert has_line(after, LINE)
    assert not has_line(before, LINE)


@pytest.mark.parametrize(
    "content",
    [
        f"\ufeff{LINE}\nlevel=1\n".encode(),
        f"new=1\n  {LINE}  \r\n".encode() + b"level=\xff",
        f"\ufeffnew=1\r\n{LINE}\r\n".encode("utf-16-le"),
    ],
)
def test_a_release_may_write_the_file_anew_with_what_customers_added(content: bytes) -> None:
    assert has_line(content, LINE)


@pytest.mark.parametrize("content", [b"", b"level=1\r\n", f"{LINE} once".encode(), UTF16])
def test_a_file_that_lost_the_line_is_found(content: bytes) -> None:
    assert not has_line(content, LINE)

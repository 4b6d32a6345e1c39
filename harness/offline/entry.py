"""What every filesystem offers: entries with facts, children and bytes."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Protocol

from harness.model.base import Frozen


class FileFacts(Frozen):
    """One file or directory. Times are UTC; None where the disk has none or a senseless one."""

    name: str
    is_directory: bool
    size: int
    created: datetime | None = None
    modified: datetime | None = None
    link_target: str = ""


class Entry(Protocol):
    """One file or directory of an opened filesystem.

    Methods may raise what the C libraries raise: callers stay within `Window.operation`.
    """

    @property
    def facts(self) -> FileFacts: ...

    def children(self) -> Iterator["Entry"]:
        """Entries of a directory, in the filesystem's order; none for a file."""
        ...

    def child(self, name: str) -> "Entry | None":
        """The entry of that name, by the filesystem's own rule for upper and lower case."""
        ...

    def read_at(self, offset: int, size: int) -> bytes:
        """Bytes of the file's content, fewer at its end."""
        ...


class Filesystem(Protocol):
    """One opened filesystem."""

    @property
    def root(self) -> Entry: ...

    @property
    def problems(self) -> list[str]:
        """Entries that were skipped because they are damaged, one sentence each."""
        ...


def filetime(ticks: int) -> datetime | None:
    """A FILETIME (100 ns since 1601-01-01 UTC; "File Times", Microsoft) as a datetime; None for none."""
    if ticks <= 0:
        return None
    try:
        return datetime(1601, 1, 1, tzinfo=UTC) + timedelta(microseconds=ticks // 10)
    except OverflowError:
        return None


def unix_time(seconds: int, nanoseconds: int = 0) -> datetime | None:
    """Seconds since 1970-01-01 UTC as a datetime; None for none."""
    if seconds <= 0:
        return None
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds, microseconds=nanoseconds // 1000)
    except OverflowError:
        return None

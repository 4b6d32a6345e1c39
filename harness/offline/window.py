"""A stretch of an image that libraries read as a file: cached, with a deadline, and with failures kept."""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

from harness.model.deadline import Deadline
from harness.model.errors import DeadlineExceeded, HarnessError
from harness.offline.errors import LIBRARY_ERRORS, DiskUnreadable, reason
from harness.offline.image import Image

BLOCK = 64 * 1024
CACHED_BLOCKS = 512
OPERATION_S = 60.0


class Window:
    """`size` bytes of an image from `start`, with a file's `read`, `seek`, `tell`. Reads beyond the end are short."""

    def __init__(self, image: Image, start: int, size: int) -> None:
        self.image = image
        self.start = start
        self.size = max(0, min(size, image.size - start))
        self._position = 0
        self._cache: OrderedDict[int, bytes] = OrderedDict()
        self._deadline = Deadline.after(OPERATION_S)
        self._failure: HarnessError | None = None

    def at(self, offset: int, size: int) -> bytes:
        """Up to `size` bytes from `offset`. Raises `DiskUnreadable`, and `DeadlineExceeded` within `operation`."""
        try:
            self.check()
            if offset < 0 or size < 0:
                raise DiskUnreadable(
                    f"The disk {self.image.path} is damaged: it points before its beginning."
                )
            size = max(0, min(size, self.size - offset))
            if size > BLOCK:
                return self.image.read(self.start + offset, size)
            first, last = offset // BLOCK, (offset + max(size, 1) - 1) // BLOCK
            data = self._block(first)
            if last != first:
                data += self._block(last)  # at most one more: larger reads went past the cache
        except HarnessError as error:
            self._failure = error  # a C library in between turns it into something of its own
            raise
        return data[offset - first * BLOCK :][:size]

    def exactly(self, offset: int, size: int) -> bytes:
        """Like `at`, past the cache: for a few bytes here and there that nobody asks for again."""
        self.check()
        if offset < 0:
            raise DiskUnreadable(f"The disk {self.image.path} is damaged: it points before its beginning.")
        return self.image.read(self.start + offset, max(0, min(size, self.size - offset)))

    def check(self) -> None:
        """Raise `DeadlineExceeded` once the operation takes too long; for loops that may need no more bytes."""
        self._deadline.require(
            f"Reading {self.image.path}", hint="The filesystem may be damaged in a way that has no end."
        )

    @contextmanager
    def operation(self, what: str, limit_s: float = OPERATION_S) -> Iterator[None]:
        """Run library calls: what they raise becomes `DiskUnreadable`, or what the image itself said."""
        self._deadline, self._failure = Deadline.after(limit_s), None
        try:
            yield
        except HarnessError:
            raise
        except LIBRARY_ERRORS as error:
            if isinstance(self._failure, DeadlineExceeded | DiskUnreadable):
                raise self._failure from error
            raise DiskUnreadable(
                f"{what} on {self.image.path} cannot be read: it is damaged ({reason(error)})."
            ) from error
        if self._failure is not None:
            raise self._failure  # swallowed on its way through a library

    def read(self, size: int = -1) -> bytes:
        data = self.at(self._position, self.size - self._position if size < 0 else size)
        self._position += len(data)
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        self._position = offset + (0, self._position, self.size)[whence]
        return self._position

    def tell(self) -> int:
        return self._position

    def get_size(self) -> int:
        """The size, as libyal asks for it."""
        return self.size

    def _block(self, number: int) -> bytes:
        if number in self._cache:
            self._cache.move_to_end(number)
            return self._cache[number]
        offset = number * BLOCK
        data = self.image.read(self.start + offset, min(BLOCK, max(0, self.size - offset)))
        self._cache[number] = data
        if len(self._cache) > CACHED_BLOCKS:
            self._cache.popitem(last=False)
        return data

"""A command's input, held until the command reads it."""

from collections import deque

INPUT_BUFFER = 4 * 1024 * 1024
"""Bytes held before the client is made to wait."""


class Input:
    """What the client sent, in its order. Not thread-safe: the command's lock is held."""

    def __init__(self, first: bytes) -> None:
        self._parts = deque([first] if first else [])
        self.size = len(first)
        """Bytes that wait for the command."""
        self.ended = False
        """The client has sent the last of it."""

    def has_room(self, size: int) -> bool:
        """Whether so many bytes more can be held. An empty queue takes any number."""
        return self.size == 0 or self.size + size <= INPUT_BUFFER

    def add(self, data: bytes, *, end: bool) -> None:
        """Hold what the client sent. `end`: it is the last."""
        if data:
            self._parts.append(data)
            self.size += len(data)
        self.ended = end

    @property
    def first(self) -> bytes:
        """What is to be written next. Raises `IndexError` if there is nothing."""
        return self._parts[0]

    def written(self, size: int) -> None:
        """So many bytes of `first` are the command's now."""
        if size == len(self._parts[0]):
            self._parts.popleft()
        else:
            self._parts[0] = self._parts[0][size:]
        self.size -= size

    def drop(self) -> None:
        """Nobody reads it any more."""
        self._parts.clear()
        self.size = 0

"""A command's output, held until the client takes it."""

import codecs
import fcntl
import os
import struct
import termios
from collections import deque
from collections.abc import Callable

OUTPUT_BUFFER = 1024 * 1024
"""Bytes held for the client before the command is made to wait, per stream: one that nobody reads holds up no other."""

Encodings = tuple[str, str]
"""What the command writes, and what the client is to be given."""


class Output:
    """Chunks of the two streams in the order in which they came. Not thread-safe: the command's lock is held."""

    def __init__(self) -> None:
        self._chunks: deque[tuple[str, bytes]] = deque()
        self._held = {"stdout": 0, "stderr": 0}

    def held(self, streams: frozenset[str]) -> int:
        """Bytes of these streams that wait for the client."""
        return sum(self._held[name] for name in streams)

    @property
    def full(self) -> frozenset[str]:
        """The streams that the command has to wait with."""
        return frozenset(name for name, size in self._held.items() if size >= OUTPUT_BUFFER)

    def add(self, name: str, data: bytes) -> None:
        """Hold what a stream gave."""
        self._chunks.append((name, data))
        self._held[name] += len(data)

    def drop(self) -> None:
        """Forget all of it."""
        self._chunks.clear()
        self._held = dict.fromkeys(self._held, 0)

    def take(self, streams: frozenset[str], most: int) -> list[tuple[str, bytes]]:
        """Up to `most` bytes of these streams, in the order in which they came; what the others hold stays."""
        taken: list[tuple[str, bytes]] = []
        left: deque[tuple[str, bytes]] = deque()
        while self._chunks and most > 0:
            name, data = self._chunks.popleft()
            if name not in streams:
                left.append((name, data))
                continue
            if len(data) > most:
                self._chunks.appendleft((name, data[most:]))
                data = data[:most]
            most -= len(data)
            self._held[name] -= len(data)
            if taken and taken[-1][0] == name:
                taken[-1] = (name, taken[-1][1] + data)
            else:
                taken.append((name, data))
        self._chunks.extendleft(reversed(left))
        return taken


def converter(encodings: Encodings | None) -> Callable[[bytes, bool], bytes]:
    """A function from output bytes to client bytes that keeps a character that two reads split together."""
    if encodings is None:
        return lambda data, _final: data
    source, target = encodings
    decoder = codecs.getincrementaldecoder(source)(errors="replace")
    return lambda data, final: decoder.decode(data, final).encode(target, errors="replace")


def what_is_in(pipe: int) -> bytes:
    """The bytes that are in a pipe now, and no more: a survivor may go on writing for ever."""
    left: int = struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, b"\0" * 4))[0]
    data = b""
    while len(data) < left:
        try:
            data += os.read(pipe, left - len(data))
        except BlockingIOError:
            break
    return data

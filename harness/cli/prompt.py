"""Lines that a person types, read so that no Ctrl-C is lost.

Python's `input` blocks in read(2) with nothing but the signal itself to end it. One that comes a moment earlier, while
the prompt is being written, is put on record by the interpreter, and nobody looks at the record until the next key.
Here the wait is for a key or for the record: for every signal, whenever it comes, the interpreter writes a byte into
`signal.set_wakeup_fd`. A library for prompts (prompt_toolkit) reads in raw mode and was not needed for lines that the
terminal itself edits.
"""

import errno
import os
import select
import signal
import sys
from contextlib import suppress
from types import TracebackType
from typing import Self

CHUNK_BYTES = 65536


class Prompt:
    """Reads lines from a descriptor: a terminal, a pipe or a file. To be used in the main thread."""

    def __init__(self, source: int = 0) -> None:
        self._source = source
        self._typed = b""

    def __enter__(self) -> Self:
        self._woken, self._wakes = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._before = signal.set_wakeup_fd(self._wakes, warn_on_full_buffer=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.set_wakeup_fd(self._before)
        os.close(self._woken)
        os.close(self._wakes)

    def line(self, words: str) -> str:
        """Show `words`, wait for a line; without its line feed. What is no text comes as U+FFFD.

        Raises `EOFError` if there is no more or the terminal is gone, and whatever the handler of a signal raises; the
        unfinished line is then forgotten.
        """
        sys.stdout.write(words)
        sys.stdout.flush()
        try:
            while b"\n" not in self._typed:
                if not (more := self._more()):
                    break
                self._typed += more
        except BaseException:
            self._typed = b""
            raise
        if not self._typed:
            raise EOFError
        line, _, self._typed = self._typed.partition(b"\n")
        return line.decode(sys.stdin.encoding, errors="replace")

    def _more(self) -> bytes:
        """What comes next; nothing at the end."""
        waiting = select.poll()
        for descriptor in (self._source, self._woken):
            waiting.register(descriptor, select.POLLIN)
        while True:
            ready = [descriptor for descriptor, _ in waiting.poll()]
            with suppress(BlockingIOError):
                os.read(self._woken, CHUNK_BYTES)  # by now the signal's handler has run
            if self._source in ready:
                try:
                    return os.read(self._source, CHUNK_BYTES)
                except OSError as error:
                    if error.errno == errno.EIO:
                        return b""
                    raise

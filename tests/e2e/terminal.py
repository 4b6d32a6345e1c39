"""A command in a terminal of its own, and the person in front of it."""

import os
import select
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.e2e.running import BVT


class Terminal:
    """`bvt` in the foreground of a new terminal; it is there no longer when the block is left, however that is.

    `inherited`: options of env(1) for what it finds in place, `--ignore-signal=INT`.
    """

    def __init__(self, home: Path, *arguments: str, inherited: Sequence[str] = ("--default-signal",)) -> None:
        self._descriptor, theirs = os.openpty()
        self._process = subprocess.Popen(
            ["setsid", "--ctty", "env", *inherited, BVT, *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=os.environ | {"BVT_HOME": str(home), "TERM": "dumb"},
        )
        os.close(theirs)
        self.said = ""
        self._read = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait(30)
        os.close(self._descriptor)

    def type(self, keys: str) -> None:
        os.write(self._descriptor, keys.encode())

    @property
    def pid(self) -> int:
        """The command's: setsid and env become it."""
        return self._process.pid

    def send(self, number: signal.Signals) -> None:
        """What somebody else sends to the command, not its terminal."""
        self._process.send_signal(number)

    def await_(self, words: str, within_s: float = 60.0) -> None:
        """Read until these words have come after those waited for before."""
        deadline = time.monotonic() + within_s
        while words not in self.said[self._read :]:
            left_s = deadline - time.monotonic()
            assert left_s > 0, f"{words!r} did not come: {self.said!r}"
            if select.select([self._descriptor], [], [], left_s)[0]:
                self.said += self._more(words)
        self._read = self.said.index(words, self._read) + len(words)

    def _more(self, words: str) -> str:
        try:
            return os.read(self._descriptor, 65536).decode(errors="replace")
        except OSError:  # nobody has the other end
            raise AssertionError(f"it ended before {words!r}: {self.said!r}") from None

    def ended(self, within_s: float = 30.0) -> int:
        """Wait for the end; the exit code."""
        return self._process.wait(within_s)

"""Large bodies, read by a process of their own so that no other agent waits for them."""

import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from typing import IO

from harness.backend.embedded.content import Content, content_from
from harness.model.errors import BackendError

SMALL = 128 * 1024
"""Bytes up to which a body is read on the event loop: a few milliseconds."""

TIMEOUT_S = 120.0
AT_ONCE = 2
"""Readers that may run side by side: each takes some ten times the body's size of memory."""


class LargeBodies:
    """Starts the readers, and ends those that are left when it is closed. Thread-safe."""

    def __init__(self) -> None:
        self._room = threading.BoundedSemaphore(AT_ONCE)
        self._lock = threading.Lock()
        self._readers: set[subprocess.Popen[bytes]] = set()
        self._closed = False

    def read(self, path: str, encoding: str, body: IO[bytes]) -> Content:
        """The content of a request; blocks. Raises `BackendError` if the reader fails."""
        body.seek(0)
        lines = tempfile.TemporaryFile()  # noqa: SIM115 - closed when its last line was read
        try:
            with self._room:
                self._run(
                    [sys.executable, "-m", "harness.backend.embedded.reader", path, encoding], body, lines
                )
            lines.seek(0)
            return content_from(_closing(lines))
        except BaseException:
            lines.close()
            raise

    def _run(self, argv: list[str], body: IO[bytes], lines: IO[bytes]) -> None:
        with self._lock:
            if self._closed:
                raise BackendError("The backend was closed while it received a large body.")
            reader = subprocess.Popen(argv, stdin=body, stdout=lines, stderr=subprocess.PIPE)
            self._readers.add(reader)
        try:
            _, complaint = reader.communicate(timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired as error:
            reader.kill()
            reader.communicate()
            raise BackendError(f"The backend did not read a large body within {TIMEOUT_S:g} s.") from error
        finally:
            with self._lock:
                self._readers.discard(reader)
        if reader.returncode != 0:
            why = complaint.decode(errors="replace").strip().rpartition("\n")[2][:200]
            raise BackendError(
                f"The backend's reader of a large body ended with {reader.returncode}: {why or 'no word'}.",
                hint="Is there enough memory?",
            )

    def close(self) -> None:
        """End every reader. Idempotent."""
        with self._lock:
            self._closed = True
            for reader in self._readers:
                reader.kill()


def _closing(lines: IO[bytes]) -> Iterator[bytes]:
    with lines:
        yield from lines

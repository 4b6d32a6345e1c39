"""A cell's transcript: every guest command as one JSON line, written the moment it ends.

Format: docs/guest.md, "Transcript".
"""

import json
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from harness.guest.facts import CommandResult
from harness.model.masking import masker

KEEP_CHARS = 4096
"""Characters kept of the head and of the tail of an output."""


def shortened(text: str, keep: int = KEEP_CHARS) -> str:
    """`text`, or its head and tail with the number of characters left out between them."""
    left_out = len(text) - 2 * keep
    if left_out <= 0:
        return text
    return f"{text[:keep]}\n[… {left_out} of {len(text)} characters left out …]\n{text[-keep:]}"


class Transcript:
    """Appends to one file. Thread-safe. Secrets given here never reach it."""

    def __init__(self, path: Path, *, cell: str, machine: str, secrets: Iterable[str] = ()) -> None:
        self.path, self.cell, self.machine = path, cell, machine
        self._secrets: set[str] = set()
        self._lock = threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        self.lines = path.read_bytes().count(b"\n") if path.exists() else 0
        """How many lines the file has by now, those of earlier machines among them."""
        self._file = path.open("a", encoding="utf-8", errors="backslashreplace", newline="\n")
        self.hide(*secrets)

    def hide(self, *secrets: str) -> None:
        """Mask these texts from now on. Empty ones are ignored."""
        with self._lock:
            self._secrets.update(secret for secret in secrets if secret)
            self._masked = masker(self._secrets)

    def masked(self, text: str) -> str:
        """`text` with every secret replaced."""
        return self._masked(text)

    def command(self, result: CommandResult) -> None:
        """Record a command that ran to its end."""
        self._write(
            command=self.masked(result.command),
            exit_code=result.exit_code,
            duration_s=round(result.duration_s, 4),
            stdout=shortened(self.masked(result.stdout)),
            stdout_chars=len(result.stdout),
            stderr=shortened(self.masked(result.stderr)),
            stderr_chars=len(result.stderr),
        )

    def failure(self, command: str, duration_s: float, error: Exception) -> None:
        """Record a command without a result: deadline, lost connection, fault."""
        self._write(
            command=self.masked(command),
            exit_code=None,
            duration_s=round(duration_s, 4),
            error=self.masked(f"{type(error).__name__}: {error}"),
        )

    def note(self, text: str) -> None:
        """Record something that is not a command: a shell recycled, a file missing."""
        self._write(note=self.masked(text))

    def close(self) -> None:
        """Nothing may be recorded after this."""
        with self._lock:
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _write(self, **entry: object) -> None:
        line = json.dumps(
            {"t": round(time.time(), 3), "cell": self.cell, "machine": self.machine, **entry},
            ensure_ascii=False,
        )
        with self._lock:
            # A line separator inside a text would split the line for some readers; JSON allows the escape.
            self._file.write(line.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029") + "\n")
            self._file.flush()
            self.lines += 1

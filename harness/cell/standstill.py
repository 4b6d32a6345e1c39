"""Whether this process itself stood still: stopped by Ctrl-Z, paused with its host, or given no time by it.

Machines and agents go on meanwhile, and so does the clock: a deadline that passed proves nothing then.
"""

import threading
import time
from collections.abc import Callable

from harness.model.errors import InfrastructureError

TICK_S = 0.5
LEAST_S = 10.0
"""A busy host makes a thread late by tenths of a second, seldom by seconds."""
AFTERWARDS_S = 60.0
"""How long an agent may take to come back to a backend that was away with this process."""


class StoodStill(InfrastructureError):
    """A check failed while the harness could not look, or counts on an `earlier` one of its cell that did."""

    def __init__(self, seconds: float, symptom: str, *, earlier: bool = False) -> None:
        check = "an earlier check of this cell" if earlier else "this check"
        super().__init__(
            f"The harness itself stood still for {seconds:.0f} s around {check}, so what it saw proves nothing"
            f" ({symptom}).",
            hint="Do not stop a run (Ctrl-Z), give its host more time (-n), then run the cell again.",
        )


class Standstill:
    """Watches from its construction until `close`. Thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._spans: list[tuple[float, float]] = []
        self._last = clock()
        self._closed = threading.Event()
        threading.Thread(target=self._watch, name="standstill", daemon=True).start()

    def longest(self, since_s: float) -> float:
        """Seconds of the longest standstill that went on until `AFTERWARDS_S` before this moment or later; 0: none."""
        self.look()  # the watching thread may not have had its turn yet
        with self._lock:
            return max(
                (end - begin for begin, end in self._spans if end >= since_s - AFTERWARDS_S), default=0.0
            )

    def look(self) -> None:
        """Take the time since the last look for a standstill if it is long."""
        with self._lock:
            now = self._clock()
            if now - self._last >= LEAST_S:
                self._spans.append((self._last, now))
            self._last = now

    def close(self) -> None:
        """Stop watching. Idempotent."""
        self._closed.set()

    def _watch(self) -> None:
        while not self._closed.wait(TICK_S):
            self.look()

"""Slows guessing: refused logins are answered one after another, however many connections ask."""

import threading
import time
from collections.abc import Callable

Clock = Callable[[], float]


class Pace:
    """Every refusal takes a turn, `apart_s` after the one before. Thread-safe.

    The turns are the whole server's: a client with many connections does not get more of them. Logins that are right
    do not wait here.
    """

    def __init__(self, apart_s: float, clock: Clock = time.monotonic) -> None:
        self._apart_s, self._clock = apart_s, clock
        self._lock = threading.Lock()
        self._next = clock()
        self._closed = threading.Event()

    def turn_in(self) -> float:
        """Take the next turn; how many seconds it is away."""
        with self._lock:
            now = self._clock()
            turn = max(now, self._next)
            self._next = turn + self._apart_s
            return turn - now + self._apart_s

    def wait(self, longest_s: float) -> None:
        """Wait for a turn, `longest_s` at most, or until the server ends."""
        self._closed.wait(min(self.turn_in(), longest_s))

    def close(self) -> None:
        """Let everybody go."""
        self._closed.set()

"""A rate limit for each token: a bucket that refills."""

import time
from collections.abc import Callable


class Bucket:
    """Holds one second's worth of requests. Each worker has its own, with its part of the rate."""

    def __init__(self, per_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_s, self._clock = per_s, clock
        self._room = self._most = max(per_s, 1.0)
        self._at = clock()

    def take(self) -> float:
        """0 if the request may pass; else the seconds until one may."""
        now = self._clock()
        self._room = min(self._most, self._room + (now - self._at) * self._per_s)
        self._at = now
        if self._room < 1:
            return (1 - self._room) / self._per_s
        self._room -= 1
        return 0.0

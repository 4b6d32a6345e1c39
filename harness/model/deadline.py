"""One type for every wait."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from harness.model.errors import DeadlineExceeded


@dataclass(frozen=True)
class Deadline:
    """A point on the monotonic clock, made with `Deadline.after(seconds)`."""

    at_s: float
    length_s: float

    @classmethod
    def after(cls, seconds: float) -> "Deadline":
        """A deadline `seconds` from now."""
        return cls(time.monotonic() + seconds, seconds)

    @property
    def remaining_s(self) -> float:
        """Seconds left, never below zero."""
        return max(0.0, self.at_s - time.monotonic())

    @property
    def passed(self) -> bool:
        """True once no time is left."""
        return self.remaining_s <= 0.0

    def cap(self, seconds: float) -> float:
        """`seconds`, or what is left if that is less."""
        return min(seconds, self.remaining_s)

    def sooner(self, other: "Deadline") -> "Deadline":
        """The one of the two that passes first."""
        return min(self, other, key=lambda each: each.at_s)

    def require(self, what: str, *, hint: str = "") -> None:
        """Raise `DeadlineExceeded` naming `what` if the deadline has passed."""
        if self.passed:
            raise DeadlineExceeded(what, self.length_s, hint=hint)

    def poll(self, probe: Callable[[], bool], what: str, *, interval_s: float = 0.05) -> None:
        """Call `probe` until it is true. Only for what offers no event to wait on.

        Raises `DeadlineExceeded` naming `what` when time is up.
        """
        while not probe():
            self.require(what)
            time.sleep(self.cap(interval_s))

    def pause(self, seconds: float) -> None:
        """Sleep `seconds`, or what is left if that is less."""
        time.sleep(self.cap(seconds))

"""Enrolments that fail one after the other: how an agent asks that its backend does not let in."""

from dataclasses import dataclass, field

from harness.backend.interface import FaultKind
from harness.backend.trouble import MOST_ENROLMENTS

REFUSALS = (FaultKind.REFUSED, FaultKind.FORBIDDEN)
"""How the first ones fail: an agent that takes a refusal for final never comes again, and has to be told so by hand."""
FAILURES = (FaultKind.ERROR_500, FaultKind.DROP)
"""How those after them do, in turn."""
GROWS = 1.3
"""The last pause of an agent that backs off is so many times its first."""


@dataclass
class EnrolmentTrial:
    """Goes on until the agent has kept the pace, or has shown that it does not. `per_s`: how often it may ask."""

    per_s: float
    failed: list[float] = field(default_factory=list)
    """When enrolments failed, in seconds since the epoch."""
    over: bool = False

    def fails(self, now: float) -> bool:
        """Whether an enrolment that comes now is to fail.

        An agent that keeps the pace loses one of them, and with it one pause of its own. One whose first pause is
        shorter loses two and has half a pause in hand then if its pauses grow: quick first attempts are weighed against
        what follows.
        """
        paced = (
            bool(self.failed) and now - self.failed[0] >= (len(self.failed) - self._in_hand(now)) / self.per_s
        )
        self.over = self.over or paced or len(self.failed) >= MOST_ENROLMENTS
        if not self.over:
            self.failed.append(now)
        return not self.over

    @property
    def kind(self) -> FaultKind:
        """How the enrolment that failed last fails. Only after `fails` has said so."""
        number = len(self.failed) - 1
        return (
            REFUSALS[number] if number < len(REFUSALS) else FAILURES[(number - len(REFUSALS)) % len(FAILURES)]
        )

    def _in_hand(self, now: float) -> float:
        if len(self.failed) < 2:
            return 0.0
        first_s, last_s = self.failed[1] - self.failed[0], now - self.failed[-1]
        return 0.5 if last_s >= GROWS * first_s else 0.0

"""Enrolments that fail one after the other: how an agent asks that its backend does not let in."""

from dataclasses import dataclass, field

from harness.backend.trouble import MOST_ENROLMENTS


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
        shorter loses two and has half a pause in hand then: quick first attempts are weighed against what follows.
        """
        lost = len(self.failed)
        paced = lost > 0 and now - self.failed[0] >= (lost if lost == 1 else lost - 0.5) / self.per_s
        self.over = self.over or paced or len(self.failed) >= MOST_ENROLMENTS
        if not self.over:
            self.failed.append(now)
        return not self.over

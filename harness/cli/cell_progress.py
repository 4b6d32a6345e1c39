"""What is known of one cell while it runs. Pure, but for the clock that is handed in."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from harness.machines.room import RoomWait
from harness.model.phases import STANDS_FOR, phase_outcome
from harness.model.plan import Cell
from harness.model.report import Outcome, Phase
from harness.reports.words import WORDS, seconds

SAID_AGAIN_S = 300.0
"""How often a log is told that a cell still waits."""


@dataclass
class CellProgress:
    """Outcomes so far, by phase. Times are seconds of one monotonic clock."""

    cell: Cell
    outcomes: dict[Phase, dict[str, Outcome]] = field(default_factory=dict)
    """By phase and check."""
    began_s: float | None = None
    ended_s: float | None = None
    wait: RoomWait | None = None
    """What its machine waits for now."""
    wait_began_s: float = 0.0
    _wait_said_s: float = 0.0

    def begin(self, now_s: float) -> None:
        """The cell's first check begins; later calls change nothing."""
        if self.began_s is None:
            self.began_s = now_s

    def take(self, check: str, outcome: Outcome, now_s: float) -> bool:
        """Add the outcome of one check, which is named by its id; True if it was its phase's last."""
        self.begin(now_s)
        phase = Phase(check.partition(".")[0])
        self.outcomes.setdefault(phase, {})[check] = outcome
        if self.done == len(self.cell.checks):
            self.ended_s = now_s
        return self.complete(phase)

    def take_wait(self, wait: RoomWait | None, now_s: float) -> str:
        """Note what the cell waits for now; what a log should say of it, empty if nothing new.

        One line when the wait begins, one when it ends, and one for each long time between.
        """
        before, self.wait = self.wait, wait
        if wait is None:
            return "" if before is None else f"waited {seconds(now_s - self.wait_began_s)} for room"
        if before is None:
            self.wait_began_s = self._wait_said_s = now_s
            return f"waits for {wait.words}: {wait.detail}"
        if now_s - self._wait_said_s < SAID_AGAIN_S:
            return ""
        self._wait_said_s = now_s
        return f"still waits for {wait.words}, {seconds(now_s - self.wait_began_s)} by now: {wait.detail}"

    @property
    def done(self) -> int:
        """Checks with an outcome."""
        return sum(len(outcomes) for outcomes in self.outcomes.values())

    def took_s(self, now_s: float) -> float | None:
        """How long the cell has been running or ran; None before it begins."""
        if self.began_s is None:
            return None
        return (now_s if self.ended_s is None else self.ended_s) - self.began_s

    def planned(self, phase: Phase) -> int:
        """How many checks the phase has."""
        return sum(check.startswith(f"{phase.value}.") for check in self.cell.checks)

    def complete(self, phase: Phase) -> bool:
        """True once every check of the phase has an outcome."""
        return len(self.outcomes.get(phase, {})) >= self.planned(phase)

    @property
    def current(self) -> Phase | None:
        """The phase in hand; None before the cell begins and after it ends."""
        if self.began_s is None or self.ended_s is not None:
            return None
        return next((phase for phase in self.cell.phases if not self.complete(phase)), None)

    def worst(self, phase: Phase | None = None) -> Outcome | None:
        """What stands for the phase, or for the whole cell; None if nothing is known."""
        phases = self.outcomes if phase is None else (phase,)
        found = {check: outcome for each in phases for check, outcome in self.outcomes.get(each, {}).items()}
        return phase_outcome(found, self.cell.watching)

    def all_outcomes(self, phase: Phase | None = None) -> list[Outcome]:
        """Of one phase, or of all."""
        phases = self.outcomes if phase is None else (phase,)
        return [outcome for each in phases for outcome in self.outcomes.get(each, {}).values()]


def counted(outcomes: Sequence[Outcome]) -> str:
    """`1 failed, 12 passed, 3 not applicable`: the worst first."""
    return ", ".join(
        f"{count} {WORDS[outcome]}" for outcome in STANDS_FOR if (count := outcomes.count(outcome))
    )

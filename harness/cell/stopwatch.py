"""Where a cell's time goes: guest commands, waiting for others, and the harness itself."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from harness.model.report import Phase, PhaseTiming


class Stopwatch:
    """Sums seconds per phase. `guest_clock` says how long guest commands took so far.

    A guest command inside a wait (asking a service's state until it runs) is counted once, as guest time.
    """

    def __init__(self, guest_clock: Callable[[], float] = lambda: 0.0) -> None:
        self._guest_clock = guest_clock
        self._total: dict[Phase, float] = {}
        self._guest: dict[Phase, float] = {}
        self._waiting: dict[Phase, float] = {}
        self.phase: Phase = Phase.MACHINE

    def seen(self, phase: Phase) -> bool:
        """True if any time was spent in `phase`."""
        return phase in self._total

    def add_total(self, phase: Phase, seconds: float) -> None:
        """Wall time of one check."""
        self._total[phase] = self._total.get(phase, 0.0) + seconds

    def add_guest(self, seconds: float) -> None:
        """Time inside guest commands, in the phase in hand."""
        self._guest[self.phase] = self._guest.get(self.phase, 0.0) + seconds

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Time spent waiting for the agent, its backend or the machine."""
        began, guest_began = time.monotonic(), self._guest_clock()
        try:
            yield
        finally:
            in_guest = self._guest_clock() - guest_began
            passed = max(0.0, time.monotonic() - began - in_guest)
            self._waiting[self.phase] = self._waiting.get(self.phase, 0.0) + passed

    def timing(self, phase: Phase) -> PhaseTiming:
        """The sums for one phase."""
        return PhaseTiming(
            phase=phase,
            total_s=round(self._total.get(phase, 0.0), 4),
            guest_s=round(self._guest.get(phase, 0.0), 4),
            waiting_s=round(self._waiting.get(phase, 0.0), 4),
        )

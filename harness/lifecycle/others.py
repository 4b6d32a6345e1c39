"""What becomes of programs that are not the candidate's, while it comes, is used and goes: they end, or crash."""

from collections.abc import Iterable, Sequence

from harness.cell.session import CellSession
from harness.machines.capabilities import SeesCrashes


def crashed(session: CellSession) -> Sequence[str]:
    """Every program of the machine that crashed, one for each time; none where its provider is not told."""
    machine = session.machine
    return machine.crashed() if isinstance(machine, SeesCrashes) else ()


class Ended:
    """Processes that ran before the candidate and are gone: name of the process → the look that first missed it.

    After a boot all processes are others, so only looks of the first boot count.
    """

    def __init__(self) -> None:
        self.before: frozenset[str] = frozenset()
        self.boots = 0
        self.missed: dict[str, str] = {}

    def begin(self, before: Iterable[str], boots: int) -> None:
        """These run before the candidate, in the machine's boot of this number."""
        self.before, self.boots, self.missed = frozenset(before), boots, {}

    def look(self, running: Iterable[str], boots: int, when: str) -> None:
        """These run now."""
        if boots == self.boots:
            for name in self.before - frozenset(running):
                self.missed.setdefault(name, when)

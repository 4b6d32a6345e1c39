"""What checks found and did not hold against the candidate: declared by its profile, or the substrate's own. Pure."""

from dataclasses import dataclass

from harness.model.gate import Gate
from harness.model.report import Excuse, ExcusedBy

SHOWN = 4
"""Excuses of one kind listed in a line before it says how many more there are."""

WHOSE = {
    ExcusedBy.PROFILE: "declared by the profile",
    ExcusedBy.SUBSTRATE: "the substrate's, not the candidate's",
}


@dataclass(frozen=True)
class Excused:
    """One excuse, the check that made it, and where."""

    excuse: Excuse
    check: str
    cells: tuple[str, ...]

    @property
    def whose(self) -> str:
        """Who answers for it, in words."""
        return WHOSE[self.excuse.by]


def excused(gate: Gate) -> tuple[Excused, ...]:
    """Every excuse of the gate, those of the profile first, gathered over the cells."""
    found: dict[tuple[Excuse, str], list[str]] = {}
    for entry in gate.cells:
        for check in entry.report.checks if entry.report else ():
            for excuse in check.excuses:
                found.setdefault((excuse, check.check), []).append(entry.cell)
    gathered = [Excused(excuse, check, tuple(cells)) for (excuse, check), cells in found.items()]
    return tuple(sorted(gathered, key=lambda each: list(ExcusedBy).index(each.excuse.by)))


def excused_lines(gate: Gate) -> list[str]:
    """What stands beside the verdict in a log: who excused how much, and each excuse of the profile."""
    everything = excused(gate)
    lines = []
    for by in ExcusedBy:
        mine = [each for each in everything if each.excuse.by is by]
        if mine:
            shown = [f"{each.excuse.what} ({each.excuse.reason})" for each in mine[:SHOWN]]
            shown += [f"and {len(mine) - SHOWN} more, see gate.html"] if len(mine) > SHOWN else []
            lines.append(f"Not held against the candidate, {WHOSE[by]}: {'; '.join(shown)}")
    return lines

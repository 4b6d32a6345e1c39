"""What checks found and did not hold against the candidate: declared by its profile, or the substrate's own. Pure."""

from dataclasses import dataclass

from harness.model.gate import Gate
from harness.model.plural import plural
from harness.model.report import Excuse, ExcusedBy

SHOWN = 4
"""Excuses of the profile listed in a line before it says how many more there are."""

WHOSE = {
    ExcusedBy.PROFILE: "declared by the profile",
    ExcusedBy.SUBSTRATE: "the substrate's own",
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
    """What stands beside the verdict in a log: each excuse of the profile, and how much the substrate answers for.

    Somebody chose the former. The latter is the same in each run, and the page has it.
    """
    everything = excused(gate)
    of_profile = [each for each in everything if each.excuse.by is ExcusedBy.PROFILE]
    of_substrate = [each for each in everything if each.excuse.by is ExcusedBy.SUBSTRATE]
    lines = []
    if of_profile:
        shown = [f"{each.excuse.what} ({each.excuse.reason})" for each in of_profile[:SHOWN]]
        shown += [f"and {len(of_profile) - SHOWN} more, see gate.html"] if len(of_profile) > SHOWN else []
        lines.append(
            f"Found, but not counted against the candidate, {WHOSE[ExcusedBy.PROFILE]}: {'; '.join(shown)}"
        )
    if of_substrate:
        count = plural(len(of_substrate), "finding")
        lines.append(
            f"Found, but not counted against the candidate, {WHOSE[ExcusedBy.SUBSTRATE]}: {count}, see gate.html"
        )
    return lines

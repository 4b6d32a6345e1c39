"""Reasons that say the same of several cells, as one: a defect that fails thirteen cells is read once. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from harness.model.gate import SEVERITY, Reason

CELLS_NAMED = 6
"""Cells that a line of text names before it says how many more there are."""


@dataclass(frozen=True)
class Gathered:
    """One reason, and every cell that it was found in; no cell if it is the whole run's."""

    reason: Reason
    cells: tuple[str, ...]
    differs: bool
    """Whether the check says it in other words elsewhere, e.g. with another process id."""

    @property
    def where(self) -> str:
        """`win11/fresh install.files`, or `install.files in 3 cells (…)`: for plain text."""
        check = self.reason.check
        if len(self.cells) <= 1:
            return " ".join(part for part in (*self.cells, check) if part)
        more = f" and {len(self.cells) - CELLS_NAMED} more" if len(self.cells) > CELLS_NAMED else ""
        place = f"in {len(self.cells)} cells ({', '.join(self.cells[:CELLS_NAMED])}{more})"
        return " ".join(part for part in (check, place) if part) + (", in the first" if self.differs else "")


def gathered(reasons: Iterable[Reason]) -> tuple[Gathered, ...]:
    """The same check with the same verdict is one reason; without a check, the same words are.

    They stay in their order, the worst first; among equals, what is found in most cells leads.
    """
    groups: dict[tuple[object, ...], list[Reason]] = {}
    for reason in reasons:
        words = "" if reason.check and reason.cell else reason.text
        key = (reason.verdict, reason.counted, reason.check, reason.remedy, bool(reason.cell), words)
        groups.setdefault(key, []).append(reason)
    found = [
        Gathered(
            reason=group[0],
            cells=tuple(dict.fromkeys(reason.cell for reason in group if reason.cell)),
            differs=len({reason.text for reason in group}) > 1,
        )
        for group in groups.values()
    ]
    return tuple(sorted(found, key=_rank))


def _rank(group: Gathered) -> tuple[bool, int, int]:
    return (not group.reason.counted, SEVERITY.index(group.reason.verdict), -len(group.cells))

"""Reasons that say the same of several cells, as one: a defect that fails thirteen cells is read once. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from harness.model.gate import SEVERITY, Consequence, Reason
from harness.model.plural import plural
from harness.model.report import Outcome, Phase

CELLS_NAMED = 6
"""Cells that a line of text names before it says how many more there are."""


@dataclass(frozen=True)
class Gathered:
    """One reason, and every cell that it was found in; no cell if it is the whole run's."""

    reason: Reason
    cells: tuple[str, ...]
    differs: bool
    """Whether the check says it in other words elsewhere, e.g. with another process id."""

    follows: tuple[Consequence, ...] = ()
    """What follows from it in any of these cells, each check once."""

    @property
    def follows_words(self) -> str:
        """`2 more checks failed and 12 could not run because of it`; empty if nothing follows."""
        failed = sum(each.outcome is Outcome.FAILED for each in self.follows)
        blocked = len(self.follows) - failed
        parts = [f"{plural(failed, 'more check')} failed"] if failed else []
        if blocked:
            parts.append(
                f"{blocked} could not run" if failed else f"{plural(blocked, 'check')} could not run"
            )
        return f"{' and '.join(parts)} because of it" if parts else ""

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

    They stay in their order: the worst first, then the earlier phase; among equals what is found in most cells leads.
    """
    groups: dict[tuple[object, ...], list[Reason]] = {}
    for reason in reasons:
        words = "" if reason.check and reason.cell else reason.text
        key = (
            reason.verdict,
            reason.counted,
            reason.waived_by,
            reason.check,
            reason.remedy,
            bool(reason.cell),
            words,
        )
        groups.setdefault(key, []).append(reason)
    found = [
        Gathered(
            reason=group[0],
            cells=tuple(dict.fromkeys(reason.cell for reason in group if reason.cell)),
            differs=len({reason.text for reason in group}) > 1,
            follows=_follows(group),
        )
        for group in groups.values()
    ]
    return tuple(sorted(found, key=_rank))


def _follows(group: list[Reason]) -> tuple[Consequence, ...]:
    """Each check once, as it came out in the first cell that has it; one that failed anywhere is shown as failed."""
    found: dict[str, Consequence] = {}
    for each in (each for reason in group for each in reason.follows):
        before = found.get(each.check)
        if before is None or (before.outcome is not Outcome.FAILED and each.outcome is Outcome.FAILED):
            found[each.check] = each
    return tuple(sorted(found.values(), key=lambda each: phase_order(each.check)))


def phase_order(check: str) -> int:
    """Where the phase of a check stands in time; after all of them for what is no check of a phase."""
    name = check.partition(".")[0]
    return next((phase.order for phase in Phase if phase.value == name), len(Phase))


def _rank(group: Gathered) -> tuple[bool, int, int, int]:
    reason = group.reason
    order = phase_order(reason.check)
    return (not reason.counted, SEVERITY.index(reason.verdict), order, -len(group.cells))

"""Which earlier releases hosts may go back to: the candidate came from them, and they took its place again. Pure.

Proven is what signed results show, and nothing else: a check that passed. A cell that merely was planned, that was
waived, or whose product is declared to refuse an older installer, shows no way back.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.model.candidate import Candidate
from harness.model.gate import CellVerdict, Verdict
from harness.model.passage import passages
from harness.model.plan import Cell, Plan
from harness.model.release import ReleaseName
from harness.model.report import UNPROVEN, CellReport, Outcome, Phase

SHOWN_BY = {Phase.UPGRADE: "upgrade.exit_code", Phase.DOWNGRADE: "downgrade.went_back"}
"""The check that must have passed for a passage to have been made."""
REMEDY = (
    "Run the candidate with that release as --previous or --oldest, in a scenario that upgrades from it and in one that"
    " goes back to it, with upgrade.downgrade: clean in the profile. Where its installer refuses there is no way back."
)


@dataclass(frozen=True)
class WayBack:
    """An earlier release of the plan, and what its way back lacks: a sentence each, none if it is proven."""

    name: ReleaseName
    release: Candidate
    lacks: tuple[str, ...] = ()

    @property
    def proven(self) -> bool:
        """Whether nothing is missing."""
        return not self.lacks


def ways_back(plan: Plan, cells: Sequence[CellVerdict]) -> tuple[WayBack, ...]:
    """What is shown of each earlier release that the plan knows.

    There must be a cell for each direction, and every cell that went it must have passed whole, without waivers.
    """
    verdicts = {each.cell: each for each in cells}
    return tuple(
        WayBack(name, release, tuple(_lacks(plan, release, verdicts)))
        for name, release in plan.releases.items()
    )


def _lacks(plan: Plan, release: Candidate, verdicts: dict[str, CellVerdict]) -> Iterator[str]:
    for by in SHOWN_BY:
        went = [cell for cell in plan.cells if _went(plan, cell, by, release.sha256)]
        if not went:
            direction = "upgrades from" if by is Phase.UPGRADE else "goes back to"
            yield f"No cell of the plan {direction} {release.version}."
        for cell in went:
            if words := _short_of(verdicts.get(cell.id), SHOWN_BY[by]):
                yield f"{cell.id}: {words}"


def _went(plan: Plan, cell: Cell, by: Phase, other: str) -> bool:
    return any(each.by is by and other in (each.origin, each.to) for each in passages(plan, cell))


def _short_of(entry: CellVerdict | None, shown_by: str) -> str:
    if entry is None or entry.report is None:
        return "it has no result."
    if entry.verdict is not Verdict.PASS or not _whole(entry.report):
        return "it did not pass."
    result = next((each for each in entry.report.checks if each.check == shown_by), None)
    if result is None:
        return f"{shown_by} is none of its checks."
    if result.outcome is not Outcome.PASSED:
        return f"{shown_by} is {result.outcome.value}: {result.message.rstrip('.')}."
    return ""


def _whole(report: CellReport) -> bool:
    return all(each.outcome is Outcome.PASSED or each.outcome in UNPROVEN for each in report.checks)

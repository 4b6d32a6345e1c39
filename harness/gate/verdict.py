"""The verdict: a pure function of the plan and the cell reports. Deny unless everything is proven."""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from harness.gate.findings import report_findings
from harness.gate.remedies import AGAIN, DO_NOT_EDIT, LAB, NOTHING_REQUIRED, RELEASE, SELECT_ALL
from harness.model.gate import SEVERITY, CellVerdict, Reason, Verdict
from harness.model.plan import Cell, Plan
from harness.model.report import UNPROVEN, CellReport, Outcome


class Judgement(NamedTuple):
    """What a run came to."""

    verdict: Verdict
    reasons: tuple[Reason, ...]
    cells: tuple[CellVerdict, ...]


def judge(
    plan: Plan,
    run_id: str,
    reports: Sequence[CellReport],
    *,
    started: Collection[str] = (),
    selected: Collection[str] | None = None,
    interrupted: bool = False,
    ended_early: str = "",
    damaged: Mapping[str, str] = MappingProxyType({}),
    plan_digest: str = "",
    merged: Collection[str] = (),
) -> Judgement:
    """Judge a run.

    `started`: cells that were begun; without a report the lab lost them. `selected`: the cells that this run
    was asked to execute, None for all; the plan holds the others nevertheless, so they count as missing.
    `interrupted`: somebody stopped the run, so what has no report was not lost by the lab.
    `ended_early`: the failed check that ended the whole run, in words; empty if none did.
    `damaged`: cells whose report or evidence on disk is not what was sealed, with what is wrong.
    `plan_digest`: the plan's digest, where it has been made already. `merged`: ids of runs whose reports count too.

    PASS needs, for every required cell: one report of this plan and run, on a substrate that the plan allows,
    its last attempt passed and none before it failed, and every planned check passed, or not tested or not applicable
    with a reason, and at least one that proves something passed in every phase that the profile declares anything for.
    Anything else is a reason; the worst one decides.
    """
    plan_digest = (
        plan_digest or plan.digest
    )  # once: it is made of the whole plan, which may have thousands of cells
    run_ids = (run_id, *merged)
    by_cell: dict[str, list[CellReport]] = {}
    for report in reports:
        by_cell.setdefault(report.cell_id, []).append(report)
    reasons: list[Reason] = []
    cells: list[CellVerdict] = []
    for cell in plan.cells:
        found = by_cell.pop(cell.id, [])
        if cell.id in damaged:
            mine = [_invalid(cell.id, damaged[cell.id])]
        elif len(found) == 1:
            mine = report_findings(cell, found[0], plan_digest=plan_digest, run_ids=run_ids)
        elif found:
            mine = [_invalid(cell.id, f"There are {len(found)} reports for one cell.")]
        else:
            is_selected = selected is None or cell.id in selected
            mine = [_missing(cell, cell.id in started, is_selected, interrupted, ended_early)]
        mine = [weigh(cell, reason) for reason in mine]
        report_or_none = found[0] if len(found) == 1 else None
        cells.append(
            CellVerdict(cell=cell.id, required=cell.required, verdict=worst(mine), report=report_or_none)
        )
        reasons += mine
    planned = {cell.id for cell in plan.cells}
    strangers = sorted(set(by_cell) | (set(damaged) - planned))
    reasons += [_invalid(name, damaged.get(name, "This cell is not in the plan.")) for name in strangers]
    if not any(cell.required for cell in plan.cells):
        reasons.append(
            Reason(
                verdict=Verdict.INCOMPLETE,
                text="The plan has no required cell, so nothing is proven.",
                remedy=NOTHING_REQUIRED,
            )
        )
    verdict = worst([reason for reason in reasons if reason.counted])
    if verdict is Verdict.PASS:
        reasons.insert(0, _passed(cells))
    # Sorting keeps the rest as it is: cells in the plan's order, and in each its causes in the order of time.
    return Judgement(verdict, ranked(reasons), tuple(cells))


def worst(reasons: Sequence[Reason]) -> Verdict:
    """The worst verdict among the reasons; PASS if there is none."""
    return min((reason.verdict for reason in reasons), key=SEVERITY.index, default=Verdict.PASS)


def weigh(cell: Cell, reason: Reason) -> Reason:
    """An advisory cell's reasons are shown without weight, unless the evidence itself cannot be believed."""
    if cell.required or reason.verdict is Verdict.INVALID:
        return reason
    return reason.model_copy(update={"counted": False})


def ranked(reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    """The worst first, and of equal ones as they came; what does not count stands last."""
    return tuple(sorted(reasons, key=_rank))


def _rank(reason: Reason) -> tuple[bool, int]:
    return (not reason.counted, SEVERITY.index(reason.verdict))


def _invalid(cell: str, text: str) -> Reason:
    return Reason(verdict=Verdict.INVALID, cell=cell, text=text, remedy=DO_NOT_EDIT)


def _missing(cell: Cell, started: bool, selected: bool, interrupted: bool, ended_early: str) -> Reason:
    if started and not interrupted:
        text = "The cell was begun but never sealed a report: its worker or its machine was lost."
        return Reason(verdict=Verdict.INFRA, cell=cell.id, text=text, remedy=LAB)
    if cell.lacks:
        text = f"The cell could not be run: {cell.lacks}."
        return Reason(verdict=Verdict.INCOMPLETE, cell=cell.id, text=text, remedy=RELEASE)
    if not selected:
        text = "The cell has no result: it was not selected by --cells."
        return Reason(verdict=Verdict.INCOMPLETE, cell=cell.id, text=text, remedy=SELECT_ALL)
    if interrupted:
        text = f"The run was interrupted before this cell {'ended' if started else 'began'}."
        return Reason(verdict=Verdict.INCOMPLETE, cell=cell.id, text=text, remedy=AGAIN)
    if ended_early:
        text = f"The cell was not run: --fail-fast ended the run at {ended_early}."
        return Reason(verdict=Verdict.INCOMPLETE, cell=cell.id, text=text, remedy=AGAIN)
    text = "The cell has no result: it was never begun."
    return Reason(verdict=Verdict.INCOMPLETE, cell=cell.id, text=text, remedy=AGAIN)


def _passed(cells: Sequence[CellVerdict]) -> Reason:
    required = [cell.report for cell in cells if cell.required and cell.report]
    outcomes = [check.outcome for report in required for check in report.checks]
    counts = {outcome: outcomes.count(outcome) for outcome in (Outcome.PASSED, *UNPROVEN)}
    text = f"Every required cell passed ({len(required)} of {len(required)}): {counts[Outcome.PASSED]} checks passed"
    rest = [
        f"{count} were {outcome.value.replace('-', ' ')}"
        for outcome in UNPROVEN
        if (count := counts[outcome])
    ]
    text += f", {' and '.join(rest)} (listed with their reasons)." if rest else "."
    return Reason(verdict=Verdict.PASS, text=text)

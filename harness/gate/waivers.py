"""Which failures waivers let pass, and what is left of the verdict. Pure.

Only a failed check can be waived. A missing result, a lost lab or evidence that does not fit never is, and neither is
what follows from a waived failure: that needs a waiver of its own.
"""

from collections.abc import Sequence
from datetime import datetime

from harness.gate.remedies import BLOCKED, FIX
from harness.gate.verdict import Judgement, ranked, weigh, worst
from harness.model.gate import Consequence, Gate, Reason, Verdict
from harness.model.plan import Cell, Plan
from harness.model.report import Outcome
from harness.model.waiver import Waiver, WaiverDebt, WaiverState


def state_of(waiver: Waiver, plan: Plan, now: datetime) -> WaiverState:
    """Whether a waiver counts for this candidate now; `UNUSED` if it does: nothing rests on it yet."""
    if not waiver.is_for(plan.candidate.sha256, plan.candidate.version):
        return WaiverState.OTHER_CANDIDATE
    if now < waiver.created:
        return WaiverState.NOT_YET
    return WaiverState.EXPIRED if now >= waiver.expires else WaiverState.UNUSED


def waive(
    judgement: Judgement, plan: Plan, waivers: Sequence[Waiver], now: datetime
) -> tuple[Judgement, tuple[WaiverDebt, ...]]:
    """The judgement with these waivers, whose signatures were verified before, and every waiver with what rests on it.

    Doing it again with other waivers starts anew: what an earlier one let pass counts again.
    """
    states = {waiver.id: state_of(waiver, plan, now) for waiver in waivers}
    valid = [waiver for waiver in waivers if states[waiver.id] is WaiverState.UNUSED]
    cells = {cell.id: cell for cell in plan.cells}
    reasons: list[Reason] = []
    for reason in judgement.reasons:
        if reason.verdict is not Verdict.PASS:
            reasons += _with(_without(reason, cells), valid, cells)
    verdict = worst([reason for reason in reasons if reason.counted])
    if verdict is Verdict.PASS:
        reasons.insert(0, _passed(judgement, reasons))
    standing: dict[str, list[Reason]] = {}
    for reason in reasons:
        if not reason.waived_by:
            standing.setdefault(reason.cell, []).append(reason)
    entries = tuple(
        entry.model_copy(update={"verdict": worst(standing.get(entry.cell, []))}) for entry in judgement.cells
    )
    debts = tuple(_debt(waiver, states[waiver.id], reasons, now) for waiver in waivers)
    return Judgement(verdict, ranked(reasons), entries), debts


def waived_gate(gate: Gate, waivers: Sequence[Waiver], now: datetime) -> Gate:
    """The gate, judged with these waivers."""
    judgement, debts = waive(Judgement(gate.verdict, gate.reasons, gate.cells), gate.plan, waivers, now)
    return gate.model_copy(
        update={
            "verdict": judgement.verdict,
            "reasons": judgement.reasons,
            "cells": judgement.cells,
            "waivers": debts,
        }
    )


def _without(reason: Reason, cells: dict[str, Cell]) -> Reason:
    """As it was before any waiver."""
    if not reason.waived_by:
        return reason
    bare = reason.model_copy(update={"waived_by": (), "counted": True})
    return weigh(cells[reason.cell], bare) if reason.cell in cells else bare


def _with(reason: Reason, waivers: Sequence[Waiver], cells: dict[str, Cell]) -> list[Reason]:
    """The reason, waived if it may be, and what followed from it and is not waived itself as reasons of their own."""
    if reason.verdict is not Verdict.FAIL or reason.cell not in cells:
        return [reason]
    found = _covering(waivers, reason.cell, reason.check)
    if not found:
        return [reason]
    kept = [item for item in reason.follows if _follows_waived(item, waivers, reason.cell)]
    own = [
        weigh(cells[reason.cell], _of_consequence(reason.cell, item))
        for item in reason.follows
        if item not in kept
    ]
    names = (*found, *(name for item in kept for name in _covering(waivers, reason.cell, item.check)))
    waived = reason.model_copy(
        update={
            "counted": False,
            "waived_by": tuple(dict.fromkeys(names)),
            "follows": tuple(kept),
        }
    )
    return [waived, *own]


def _covering(waivers: Sequence[Waiver], cell: str, check: str) -> tuple[str, ...]:
    return tuple(waiver.id for waiver in waivers if waiver.covers(cell, check))


def _follows_waived(item: Consequence, waivers: Sequence[Waiver], cell: str) -> bool:
    return item.outcome is Outcome.FAILED and bool(_covering(waivers, cell, item.check))


def _of_consequence(cell: str, item: Consequence) -> Reason:
    """What could not run because of a waived failure is a hole, and no waiver fills it."""
    failed = item.outcome is Outcome.FAILED
    return Reason(
        verdict=Verdict.FAIL if failed else Verdict.INCOMPLETE,
        cell=cell,
        check=item.check,
        text=item.text,
        remedy=FIX if failed else BLOCKED,
    )


def _debt(waiver: Waiver, state: WaiverState, reasons: Sequence[Reason], now: datetime) -> WaiverDebt:
    failures = []
    for reason in reasons:
        if waiver.id in reason.waived_by:
            checks = [reason.check, *(item.check for item in reason.follows)]
            failures += [f"{reason.cell}: {each}" for each in checks if waiver.covers(reason.cell, each)]
    return WaiverDebt(
        waiver=waiver,
        state=WaiverState.USED if failures else state,
        days_old=round(waiver.days_old(now), 1),
        failures=tuple(failures),
    )


def _passed(judgement: Judgement, reasons: Sequence[Reason]) -> Reason:
    """Why it passes: the sentence of before, or one that says what it rests on."""
    waived = [reason for reason in reasons if reason.waived_by]
    names = ", ".join(dict.fromkeys(name for reason in waived for name in reason.waived_by))
    before = next((reason for reason in judgement.reasons if reason.verdict is Verdict.PASS), None)
    if not waived:
        return before or Reason(verdict=Verdict.PASS, text="Every required cell passed.")
    count = sum(1 + len(reason.follows) for reason in waived)
    failures = "a failure" if count == 1 else f"{count} failures"
    text = f"Every required cell passed, but for {failures} let pass by waiver {names}."
    return Reason(verdict=Verdict.PASS, text=text)

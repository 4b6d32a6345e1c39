"""What changed from one gate to another. Pure."""

from collections.abc import Iterator, Mapping
from statistics import median

from harness.model.difference import CellTurn, CheckTurn, Difference, Exchange, Side, TimeTurn, Turn
from harness.model.gate import CellVerdict, Gate, Verdict
from harness.model.inventory import Novelty, novelty
from harness.model.report import CellReport, CheckResult, Outcome

WHOLE = "cell"
"""Stands for all phases together."""
FAILURES = (Outcome.FAILED,)


def difference(old: Gate, new: Gate) -> Difference:
    """Compare cell by cell and check by check. A cell that only one of them planned has no checks to compare."""
    before, after = _by_cell(old), _by_cell(new)
    checks, cells, still = list[CheckTurn](), list[CellTurn](), 0
    for name in dict.fromkeys([*after, *before]):
        first, second = before.get(name), after.get(name)
        if turn := _cell(name, first, second, new):
            cells.append(turn)
        if first and second and first.report and second.report:
            turns, failing = _checks(name, first.report, second.report)
            checks += turns
            still += failing
    return Difference(
        old=_side(old),
        new=_side(new),
        checks=tuple(sorted(checks, key=lambda each: list(Turn).index(each.turn))),
        cells=tuple(cells),
        exchanges=tuple(_exchanges(old, new, before, after)),
        times=tuple(_times(before, after)),
        novelty=_novelty(old, new),
        still_failing=still,
    )


def _side(gate: Gate) -> Side:
    candidate = gate.plan.candidate
    return Side(
        run_id=gate.run_id,
        created=gate.created,
        verdict=gate.verdict,
        product_name=candidate.product_name,
        version=candidate.version,
        sha256=candidate.sha256,
        suite=gate.plan.suite,
        pool=gate.plan.pool,
        profile=gate.plan.profile,
    )


def _novelty(old: Gate, new: Gate) -> Novelty:
    before, after = old.plan.candidate, new.plan.candidate
    if before.sha256 == after.sha256:
        return Novelty(since=before.version)
    return novelty(before.inventory, after.inventory, before.version)


def _by_cell(gate: Gate) -> dict[str, CellVerdict]:
    return {entry.cell: entry for entry in gate.cells}


def _cell(name: str, first: CellVerdict | None, second: CellVerdict | None, new: Gate) -> CellTurn | None:
    before, after = first.verdict if first else None, second.verdict if second else None
    lost = bool(first and first.report and (second is None or second.report is None))
    if before is after and not lost:
        return None
    said = next((each.text for each in new.reasons if each.cell == name), "")
    if second is None:
        said = "It is not planned any more."
    return CellTurn(cell=name, before=before, after=after, lost=lost, reason=said)


def _checks(cell: str, old: CellReport, new: CellReport) -> tuple[list[CheckTurn], int]:
    before = {each.check: each for each in old.checks}
    after = {each.check: each for each in new.checks}
    found, still = list[CheckTurn](), 0
    for check in dict.fromkeys([*after, *before]):
        first, second = before.get(check), after.get(check)
        was, is_now = first.outcome if first else None, second.outcome if second else None
        if was is is_now:
            still += was is Outcome.FAILED
            continue
        found.append(
            CheckTurn(
                cell=cell,
                check=check,
                turn=_turn(was, is_now),
                before=was,
                after=is_now,
                reason=_words(first, second),
            )
        )
    return found, still


def _words(first: CheckResult | None, second: CheckResult | None) -> str:
    if second is None:
        return "It has no result any more."
    return second.message or (first.message if first else "")


def _turn(was: Outcome | None, is_now: Outcome | None) -> Turn:
    if is_now in FAILURES:
        return Turn.NEW_FAILURE
    if was is Outcome.PASSED:
        return Turn.UNPROVEN
    if was in FAILURES and is_now is Outcome.PASSED:
        return Turn.FIXED
    return Turn.PROVEN if is_now is Outcome.PASSED else Turn.OTHER


def _exchanges(
    old: Gate, new: Gate, before: Mapping[str, CellVerdict], after: Mapping[str, CellVerdict]
) -> Iterator[Exchange]:
    for what in ("pool", "suite", "profile_sha256", "matrix_sha256", "checks_sha256"):
        first, second = getattr(old.plan, what), getattr(new.plan, what)
        if first != second:
            yield Exchange(what=what.removesuffix("_sha256"), before=first, after=second)
    found: dict[tuple[str, str, str], list[str]] = {}
    for name, entry in after.items():
        earlier = before.get(name)
        if earlier is None or earlier.report is None or entry.report is None:
            continue
        was, is_now = _grounds(earlier.report), _grounds(entry.report)
        for what in was:
            if was[what] != is_now[what]:
                found.setdefault((what, was[what], is_now[what]), []).append(name)
    for (what, first, second), cells in found.items():
        yield Exchange(what=what, before=first, after=second, cells=tuple(cells))


def _grounds(report: CellReport) -> dict[str, str]:
    return {
        "substrate": report.substrate.value,
        "guest system": report.guest_system.value,
        "image": f"{report.image} {report.image_digest}".strip(),
    }


def _times(before: Mapping[str, CellVerdict], after: Mapping[str, CellVerdict]) -> Iterator[TimeTurn]:
    """Only of cells that passed in both: one that failed ends early, or waits for what never comes."""
    pairs: dict[str, list[tuple[float, float]]] = {}
    for name, entry in after.items():
        earlier = before.get(name)
        if earlier is None or entry.verdict is not Verdict.PASS or earlier.verdict is not Verdict.PASS:
            continue
        if earlier.report and entry.report and _grounds(earlier.report) == _grounds(entry.report):
            first, second = _seconds(earlier.report), _seconds(entry.report)
            for phase in second:
                if phase in first:
                    pairs.setdefault(phase, []).append((first[phase], second[phase]))
    for phase, found in pairs.items():
        yield TimeTurn(
            phase=phase,
            cells=len(found),
            before_s=round(median(each[0] for each in found), 3),
            after_s=round(median(each[1] for each in found), 3),
        )


def _seconds(report: CellReport) -> dict[str, float]:
    found = {WHOLE: max(0.0, (report.ended - report.began).total_seconds())}
    for timing in report.timings:
        found[timing.phase.value] = found.get(timing.phase.value, 0.0) + timing.total_s
    return found

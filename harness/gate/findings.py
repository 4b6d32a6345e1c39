"""What one cell's report says against a pass. Pure."""

import functools
from collections import Counter
from collections.abc import Iterator, Sequence

from harness.gate.causes import Cause, causes_of
from harness.gate.remedies import (
    AGAIN,
    BLOCKED,
    DO_NOT_EDIT,
    FIX,
    LAB,
    NO_CLAIM,
    REPEATED,
    RIGHT_SUBSTRATE,
)
from harness.model.gate import Consequence, Reason, Verdict
from harness.model.phases import phase_outcome
from harness.model.plan import Cell
from harness.model.plural import plural
from harness.model.report import UNPROVEN, Attempt, CellReport, CheckResult, Outcome, Phase
from harness.model.substrate import ON_WINDOWS, GuestSystem, Substrate

SHOWN = 5
"""Names listed in a sentence before it says how many more there are."""


def report_findings(
    cell: Cell, report: CellReport, *, plan_digest: str, run_ids: Sequence[str]
) -> list[Reason]:
    """Every reason in this report not to pass the cell; none if it proves what the plan asks."""
    mismatches = list(_mismatches(cell, report, plan_digest, run_ids))
    if mismatches:
        return mismatches
    results = [*_checks(cell, report)]
    return [*results, *_attempts(cell, report, results), *_coverage(cell, report), *_substrate(cell, report)]


def _mismatches(cell: Cell, report: CellReport, plan_digest: str, run_ids: Sequence[str]) -> Iterator[Reason]:
    def invalid(text: str, check: str = "") -> Reason:
        return Reason(verdict=Verdict.INVALID, cell=cell.id, check=check, text=text, remedy=DO_NOT_EDIT)

    if report.plan_digest != plan_digest:
        yield invalid(
            "The report belongs to another plan: another candidate, profile, matrix or set of checks."
        )
    if report.run_id not in run_ids:
        yield invalid(f"The report belongs to run {report.run_id!r}, not to {run_ids[0]!r}.")
    # A cell that never got a machine has no image digest, and its guest system means nothing.
    claims_windows = report.guest_system is GuestSystem.WINDOWS and bool(report.image_digest)
    if report.substrate is Substrate.WINE and claims_windows:
        yield invalid("The report calls a Wine prefix Windows.")
    if [attempt.number for attempt in report.attempts] != list(range(1, len(report.attempts) + 1)):
        yield invalid("The attempts are not numbered from 1 without a gap, so one may be hidden.")
    for check, times in sorted(Counter(result.check for result in report.checks).items()):
        if times > 1:
            yield invalid(f"The check has {times} results; which one counts is not known.", check)
        if check not in cell.checks:
            yield invalid("The plan has no such check in this cell.", check)
    for result in report.checks:
        if not result.check.startswith(f"{result.phase.value}."):
            yield invalid(f"The check's result claims phase {result.phase.value!r}.", result.check)


def _checks(cell: Cell, report: CellReport) -> Iterator[Reason]:
    causes = causes_of(report.checks, cell.phases)
    for cause in causes:
        yield _of_cause(cell, cause)
    explained = {result.check for cause in causes for result in (cause.result, *cause.follows)}
    for result in report.checks:
        if result.outcome in UNPROVEN and not result.message.strip():
            what = "not to apply" if result.outcome is Outcome.NOT_APPLICABLE else "not to be tested"
            text = f"The check is reported {what}, without a reason."
            yield Reason(
                verdict=Verdict.INCOMPLETE, cell=cell.id, check=result.check, text=text, remedy=NO_CLAIM
            )
    blocked = [
        result
        for result in report.checks
        if result.outcome is Outcome.BLOCKED and result.check not in explained
    ]
    if blocked:
        whys = list(dict.fromkeys(result.message for result in blocked if result.message))
        text = f"{plural(len(blocked), 'check')} could not run ({_names([item.check for item in blocked])})."
        text += f" {whys[0]}" if whys else ""
        yield Reason(verdict=Verdict.INCOMPLETE, cell=cell.id, text=text, remedy=BLOCKED)


def _of_cause(cell: Cell, cause: Cause) -> Reason:
    result = cause.result
    is_candidates = result.outcome is Outcome.FAILED
    text, of_lab = _said(result), LAB
    # What only other machines can show: the message ends with what to do, which is said once, as the remedy.
    found, advice, more = text.partition(ON_WINDOWS)
    if advice and not is_candidates:
        text, of_lab = found.rstrip(), f"{advice}{more} {REPEATED}"
    return Reason(
        verdict=Verdict.FAIL if is_candidates else Verdict.INFRA,
        cell=cell.id,
        check=result.check,
        text=text,
        remedy=FIX if is_candidates else of_lab,
        follows=tuple(
            Consequence(check=other.check, outcome=other.outcome, text=_said(other))
            for other in cause.follows
        ),
    )


def _said(result: CheckResult) -> str:
    return f"{result.title.rstrip('.')}: {result.message or 'the check left no message.'}"


def _attempts(cell: Cell, report: CellReport, already: Sequence[Reason]) -> Iterator[Reason]:
    if not report.attempts:
        text = "The report names no attempt, so no machine is known to have run."
        yield Reason(verdict=Verdict.INCOMPLETE, cell=cell.id, text=text, remedy=AGAIN)
        return
    *earlier, last = report.attempts
    for attempt in earlier:
        if attempt.outcome is Outcome.FAILED:
            text = f"Attempt {attempt.number} failed and a later one was tried: {_message(attempt)}"
            yield Reason(verdict=Verdict.FAIL, cell=cell.id, text=text, remedy=FIX)
    told = {reason.verdict for reason in already}
    if last.outcome is Outcome.FAILED and Verdict.FAIL not in told:
        text = f"The last attempt failed: {_message(last)}"
        yield Reason(verdict=Verdict.FAIL, cell=cell.id, text=text, remedy=FIX)
    elif last.outcome is Outcome.INFRA and Verdict.INFRA not in told:
        text = f"The last attempt was lost to the lab: {_message(last)}"
        yield Reason(verdict=Verdict.INFRA, cell=cell.id, text=text, remedy=LAB)
    elif last.outcome in (Outcome.BLOCKED, *UNPROVEN) and not already:
        text = f"The last attempt did not run to its end: {_message(last)}"
        yield Reason(verdict=Verdict.INCOMPLETE, cell=cell.id, text=text, remedy=AGAIN)


def _coverage(cell: Cell, report: CellReport) -> Iterator[Reason]:
    results = {result.check: result for result in report.checks}
    missing = [check for check in cell.checks if check not in results]
    if missing:
        share = f"{plural(len(missing), 'planned check')} of {len(cell.checks)}"
        text = f"{share} left no result: {_names(missing)}."
        yield Reason(verdict=Verdict.INCOMPLETE, cell=cell.id, text=text, remedy=AGAIN)
    for phase in cell.phases:
        planned = _of_phase(cell.checks, phase)
        # Having a machine is no claim about the candidate, so that phase may be without checks of its own.
        if not planned and phase is Phase.MACHINE:
            continue
        outcomes = {check: results[check].outcome for check in planned if check in results}
        if phase_outcome(outcomes, cell.watching) not in (None, *UNPROVEN) or set(planned) & set(missing):
            continue
        proving = [outcome for check, outcome in outcomes.items() if check not in cell.watching]
        # What the profile leaves out altogether is the team's choice, said beside the verdict. What it declares and
        # what cannot be shown here was to be proven, and is not.
        if not proving or set(proving) != {Outcome.NOT_TESTED}:
            text = f"No check passed in phase {phase.value}: {_why_nothing(planned, proving)}."
            yield Reason(verdict=Verdict.INCOMPLETE, cell=cell.id, text=text, remedy=NO_CLAIM)
    if not report.checks and not missing:
        text = "No check ran in the cell."
        yield Reason(verdict=Verdict.INCOMPLETE, cell=cell.id, text=text, remedy=NO_CLAIM)


@functools.lru_cache(maxsize=4096)
def _of_phase(checks: tuple[str, ...], phase: Phase) -> tuple[str, ...]:
    """The checks of this phase. Thousands of cells have the same checks, so it is found out once."""
    return tuple(check for check in checks if check.startswith(f"{phase.value}."))


def _substrate(cell: Cell, report: CellReport) -> Iterator[Reason]:
    if report.substrate not in cell.substrates:
        allowed = " or ".join(cell.substrates)
        text = f"The cell ran on {report.substrate.value}; the plan counts only {allowed}."
        yield Reason(verdict=Verdict.INCOMPLETE, cell=cell.id, text=text, remedy=RIGHT_SUBSTRATE)
    if not report.image_digest:
        text = "The report does not say which image the machine was cloned from."
        yield Reason(verdict=Verdict.INCOMPLETE, cell=cell.id, text=text, remedy=AGAIN)


def _why_nothing(planned: Sequence[str], proving: Sequence[Outcome]) -> str:
    if not planned:
        return "the plan has no check for it"
    if not proving:
        return "its checks only watch what others would have done"
    return "none of its checks that the profile declares something for applies here"


def _message(attempt: Attempt) -> str:
    return attempt.message or "it left no message."


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more

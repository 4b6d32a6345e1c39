"""Which of a cell's failures are causes, and what follows from each. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.model.report import CheckResult, Outcome

OF_ITSELF = (Outcome.FAILED, Outcome.INFRA)
"""What can be a cause; a blocked check is only ever a consequence."""


@dataclass(frozen=True)
class Cause:
    """A check that failed, or that the lab lost, and what follows from it in the order of time."""

    result: CheckResult
    follows: tuple[CheckResult, ...]


def in_time(results: Sequence[CheckResult]) -> list[CheckResult]:
    """By phase, and within a phase as they ran."""
    return sorted(results, key=lambda result: result.phase.order)


def causes_of(results: Sequence[CheckResult]) -> tuple[Cause, ...]:
    """The causes in the order of time. Every failed or lost check is one, or follows from one."""
    ordered = in_time(results)
    by_check = {result.check: result for result in ordered}
    roots = {result.check: _root(result, by_check) for result in ordered}
    return tuple(
        Cause(
            result,
            tuple(other for other in ordered if other is not result and roots[other.check] == result.check),
        )
        for result in ordered
        if roots[result.check] == result.check
    )


def _root(result: CheckResult, by_check: dict[str, CheckResult]) -> str:
    """The check that `result` goes back to, itself if it is a cause; empty for neither."""
    seen, current = {result.check}, result
    while current.because and current.because not in seen and current.because in by_check:
        cause = by_check[current.because]
        if not _explains(cause, current):
            break
        seen.add(cause.check)
        current = cause
    return current.check if current.outcome in OF_ITSELF else ""


def _explains(cause: CheckResult, result: CheckResult) -> bool:
    """What the lab lost blocks other checks, but a failure of the candidate's stays one beside it."""
    if result.outcome is Outcome.BLOCKED:
        return cause.outcome in (*OF_ITSELF, Outcome.BLOCKED)
    return result.outcome is Outcome.FAILED and cause.outcome is Outcome.FAILED

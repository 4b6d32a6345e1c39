"""Which of a cell's failures are causes, and what follows from each. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.model.report import CheckResult, Outcome, Phase

OF_ITSELF = (Outcome.FAILED, Outcome.INFRA)
"""What can be a cause; a blocked check is only ever a consequence."""


@dataclass(frozen=True)
class Cause:
    """A check that failed, or that the lab lost, and what follows from it in the order of time."""

    result: CheckResult
    follows: tuple[CheckResult, ...]


def in_time(results: Sequence[CheckResult], phases: Sequence[Phase] = ()) -> list[CheckResult]:
    """By phase, and within a phase as they ran. `phases`: the scenario's, in its order."""
    places = {phase: place for place, phase in enumerate(phases)}
    return sorted(results, key=lambda result: places.get(result.phase, len(places) + result.phase.order))


def causes_of(results: Sequence[CheckResult], phases: Sequence[Phase] = ()) -> tuple[Cause, ...]:
    """The causes in the order of time. Every failed or lost check is one, or follows from one."""
    ordered = in_time(results, phases)
    # Only what came before can be a cause, so that no circle of causes hides a failure.
    earlier: dict[str, CheckResult] = {}
    roots: dict[str, str] = {}
    for result in ordered:
        roots[result.check] = _root(result, earlier, roots)
        earlier[result.check] = result
    return tuple(
        Cause(
            result,
            tuple(other for other in ordered if other is not result and roots[other.check] == result.check),
        )
        for result in ordered
        if roots[result.check] == result.check
    )


def _root(result: CheckResult, earlier: dict[str, CheckResult], roots: dict[str, str]) -> str:
    """The check that `result` goes back to, itself if it is a cause; empty for neither."""
    cause = earlier.get(result.because)
    if cause is not None and _explains(cause, result) and roots[cause.check]:
        return roots[cause.check]
    return result.check if result.outcome in OF_ITSELF else ""


def _explains(cause: CheckResult, result: CheckResult) -> bool:
    """What the lab lost blocks other checks, but a failure of the candidate's stays one beside it."""
    if result.outcome is Outcome.BLOCKED:
        return cause.outcome in (*OF_ITSELF, Outcome.BLOCKED)
    return result.outcome is Outcome.FAILED and cause.outcome is Outcome.FAILED

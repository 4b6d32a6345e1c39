"""From what a check raised to what it came to. Pure."""

import pytest

from harness.cell.check import Blocked, HeldBack, NotTested
from harness.model.errors import CandidateError, HarnessError
from harness.model.report import Outcome


def classify(error: BaseException | None) -> Outcome:
    """PASSED without an error; FAILED only for what says something about the candidate; else INFRA.

    An exception that nobody foresaw is a defect of the harness, so it is the lab's and never the candidate's.
    """
    match error:
        case None:
            return Outcome.PASSED
        case pytest.skip.Exception():
            return outcome_of(error.__cause__)
        case AssertionError() | CandidateError() | pytest.fail.Exception():
            return Outcome.FAILED
        case _:
            return Outcome.INFRA


def outcome_of(by: BaseException | None) -> Outcome:
    """What held a check back says what it came to."""
    kinds: dict[type[HeldBack], Outcome] = {Blocked: Outcome.BLOCKED, NotTested: Outcome.NOT_TESTED}
    return next((found for kind, found in kinds.items() if isinstance(by, kind)), Outcome.NOT_APPLICABLE)


def message_of(error: BaseException | None) -> str:
    """The sentence to show. pytest appends its introspection to an assertion's own words; that part is dropped."""
    if error is None:
        return ""
    if isinstance(error, pytest.skip.Exception) and isinstance(error.__cause__, HeldBack):
        return str(error.__cause__)
    if isinstance(error, pytest.skip.Exception | pytest.fail.Exception):
        return str(error.msg)
    text = str(error)
    if isinstance(error, AssertionError):
        return text.partition("\nassert ")[0].strip() or "the check's condition did not hold"
    if isinstance(error, HarnessError):
        return text
    return f"{type(error).__name__}: {text}"


def blocked_by_whom(error: BaseException | None) -> str:
    """The id of the check that blocked one which was held back; empty for anything else."""
    cause = error.__cause__ if isinstance(error, pytest.skip.Exception) else None
    return cause.by if isinstance(cause, Blocked) else ""

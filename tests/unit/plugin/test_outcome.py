"""From what a check raised to what it came to."""

import pytest

from harness.cell.check import Blocked, NotApplicable, NotTested
from harness.model.errors import CandidateError, MachineLost
from harness.model.report import Outcome
from harness.plugin.outcome import classify, message_of


def _held(by: Exception) -> BaseException:
    error = pytest.skip.Exception(str(by))
    error.__cause__ = by
    return error


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (None, Outcome.PASSED),
        (AssertionError("no"), Outcome.FAILED),
        (CandidateError("no"), Outcome.FAILED),
        (MachineLost("no"), Outcome.INFRA),
        (KeyError("a defect of our own"), Outcome.INFRA),
        (KeyboardInterrupt(), Outcome.INFRA),
        (_held(Blocked("by install")), Outcome.BLOCKED),
        (_held(NotApplicable("no firewall")), Outcome.NOT_APPLICABLE),
        (_held(NotTested("no telemetry")), Outcome.NOT_TESTED),
    ],
)
def test_only_the_candidates_own_doing_is_a_failure(error: BaseException | None, outcome: Outcome) -> None:
    assert classify(error) is outcome


def test_pytests_introspection_is_not_part_of_the_message() -> None:
    assert message_of(AssertionError("The file is gone.\nassert False\n +  where …")) == "The file is gone."


def test_what_held_a_check_back_is_told_without_the_name_that_leads_for_pytest() -> None:
    error = pytest.skip.Exception("not-tested: no telemetry")
    error.__cause__ = NotTested("no telemetry")
    assert message_of(error) == "no telemetry"


def test_a_bare_assertion_still_says_something() -> None:
    assert message_of(AssertionError()) == "the check's condition did not hold"


def test_an_unforeseen_error_is_named_by_its_kind() -> None:
    assert message_of(KeyError("x")) == "KeyError: 'x'"

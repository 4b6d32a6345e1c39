"""A question that was answered before the candidate and no longer is: whose fault that is."""

from collections.abc import Callable
from typing import cast

import pytest

from harness.cell.familiar import Familiar, Question
from harness.guest.guest import Guest
from harness.model.errors import CandidateError, GuestFault, GuestUnreachable, InfrastructureError
from harness.probe.reading import ProbeFailed

FAULT = GuestFault("The key could not be exported.")
GUEST = cast("Guest", None)


class Machine:
    """Answers `answer`, or raises what the test puts there."""

    def __init__(self) -> None:
        self.asked = 0
        self.raises: InfrastructureError | None = None

    def ask(self, _: Guest) -> str:
        self.asked += 1
        if self.raises is not None:
            raise self.raises
        return "Nonce=1"


@pytest.fixture
def machine() -> Machine:
    return Machine()


def asked(machine: Machine) -> Familiar:
    familiar = Familiar()
    familiar.put(GUEST, [Question("reg.exe export X", machine.ask)])
    return familiar


def test_what_is_no_longer_answered_is_the_candidates_with_both_answers(machine: Machine) -> None:
    familiar = asked(machine)
    machine.raises = GuestFault("The program could not be started: Windows error 2.")
    for _ in range(2):
        judged = familiar.judge(FAULT, GUEST)
        assert isinstance(judged, CandidateError)
        for words in ("`reg.exe export X`", "Before: Nonce=1", "Now: The program", "Seen because: The key"):
            assert words in str(judged)
    assert machine.asked == 2  # once before, once after: what was found stays found


def test_a_guest_that_answers_as_before_proves_nothing_against_the_candidate(machine: Machine) -> None:
    assert asked(machine).judge(FAULT, GUEST) is FAULT


def test_nor_does_one_that_has_gone_silent(machine: Machine) -> None:
    familiar = asked(machine)
    machine.raises = GuestUnreachable("no answer")
    assert familiar.judge(FAULT, GUEST) is FAULT


@pytest.mark.parametrize(
    "error", [AssertionError("x"), ValueError("ours"), GuestUnreachable("x"), CandidateError("x")]
)
def test_only_what_a_guest_does_not_answer_is_asked_about(machine: Machine, error: Exception) -> None:
    assert asked(machine).judge(error, GUEST) is error
    assert machine.asked == 1


def test_without_answers_from_before_nothing_is_blamed() -> None:
    error = ProbeFailed("services", "access denied", code=5)
    assert Familiar().judge(error, GUEST) is error


def test_what_was_just_answered_is_not_asked_again(machine: Machine) -> None:
    familiar = Familiar()
    look: Callable[[Guest], str] = machine.ask
    familiar.know(Question("the snapshot", look), "4 services")
    assert machine.asked == 0
    machine.raises = ProbeFailed("services", "access denied", code=5)
    assert "Before: 4 services" in str(familiar.judge(FAULT, GUEST))

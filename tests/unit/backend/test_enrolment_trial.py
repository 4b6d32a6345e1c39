"""Enrolments that fail until the agent keeps the pace, or has shown that it does not."""

from itertools import accumulate, repeat

import pytest

from harness.backend.embedded.enrolment_trial import EnrolmentTrial
from harness.backend.trouble import MOST_ENROLMENTS
from harness.lifecycle.renewal import pace


def failed(pauses: list[float], per_s: float = 5) -> tuple[float, ...]:
    """The enrolments that fail of an agent that makes these pauses."""
    trial = EnrolmentTrial(per_s)
    for moment in accumulate(pauses, initial=1000.0):
        if not trial.fails(moment):
            break
    return tuple(trial.failed)


def test_an_agent_that_pauses_as_it_should_loses_one() -> None:
    assert len(failed([0.28, 0.56, 1.1])) == 1


@pytest.mark.parametrize("jitter", [0.0, 0.24])
def test_one_that_begins_with_an_eighth_of_a_second_loses_two(jitter: float) -> None:
    assert len(failed([pause * (1 + jitter) for pause in (0.125, 0.25, 0.5)])) == 2


@pytest.mark.parametrize("first_s", [0.08, 0.1, 0.15])
def test_one_that_begins_fast_and_doubles_its_pauses_is_let_in_before_it_counts(first_s: float) -> None:
    lost = failed([first_s * 2**number for number in range(20)])
    assert len(lost) < MOST_ENROLMENTS


@pytest.mark.parametrize("pause_s", [0.001, 0.02, 0.1, 0.14, 0.16, 0.19])
def test_one_that_asks_again_and_again_shows_its_pace(pause_s: float) -> None:
    lost = failed([*repeat(pause_s, 100)])
    assert len(lost) == MOST_ENROLMENTS
    assert pace(lost) == pytest.approx(1 / pause_s)


def test_a_moment_in_which_the_machine_had_no_time_does_not_hide_it() -> None:
    lost = failed([*repeat(0.02, 4), 0.5, *repeat(0.02, 100)])
    assert len(lost) == MOST_ENROLMENTS
    assert pace(lost) > 5


def test_once_over_it_stays_over() -> None:
    trial = EnrolmentTrial(5)
    assert [trial.fails(moment) for moment in (0.0, 1.0, 1.01, 1.02)] == [True, False, False, False]


def test_the_first_are_refused_and_those_after_them_meet_a_failing_backend() -> None:
    trial = EnrolmentTrial(5)
    kinds = [trial.kind for moment in range(6) if trial.fails(moment / 100)]
    assert kinds == ["refused", "forbidden", "error-500", "drop", "error-500", "drop"]


@pytest.mark.parametrize("moments", [(), (1.0,), (1.0, 1.0), (1.0, 1.01)])
def test_two_attempts_are_no_pace(moments: tuple[float, ...]) -> None:
    assert pace(moments) == 0.0

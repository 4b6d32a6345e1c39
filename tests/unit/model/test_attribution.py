"""Who is to blame for a silent guest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.attribution import RebootedUnasked, attribute_silence
from harness.model.errors import CandidateError, HarnessError, InfrastructureError, MachineLost
from harness.model.machine import Fault, MachineCondition, MachineState


def _blame(condition: MachineCondition, *, touched: bool = True, expected_boots: int = 1) -> HarnessError:
    return attribute_silence(
        condition, candidate_touched=touched, expected_boots=expected_boots, symptom="no answer"
    )


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (MachineCondition(state=MachineState.CRASHED, fault=Fault.GUEST, reason="panic"), "crashed"),
        (MachineCondition(state=MachineState.STOPPED, fault=Fault.GUEST, reason="shutdown"), "went down"),
        (MachineCondition(state=MachineState.RUNNING, boots=4), "rebooted 3 times"),
        (MachineCondition(state=MachineState.RUNNING, guest_alive=True), "cut the host off"),
    ],
)
def test_what_the_candidate_did_to_its_machine_is_its_own_failure(
    condition: MachineCondition, words: str
) -> None:
    error = _blame(condition)
    assert isinstance(error, CandidateError)
    assert words in str(error)


def test_reboots_that_nobody_asked_for_can_be_told_from_other_losses() -> None:
    with pytest.raises(RebootedUnasked, match="rebooted 1 times without being asked"):
        raise _blame(MachineCondition(state=MachineState.RUNNING, boots=2), expected_boots=1)
    assert not isinstance(_blame(MachineCondition(state=MachineState.CRASHED)), RebootedUnasked)


@given(
    st.builds(
        MachineCondition,
        state=st.sampled_from(MachineState),
        fault=st.sampled_from(Fault),
        boots=st.integers(1, 9),
        guest_alive=st.sampled_from([None, True, False]),
    )
)
def test_before_the_candidate_every_loss_is_the_labs(condition: MachineCondition) -> None:
    assert isinstance(_blame(condition, touched=False), InfrastructureError)


@given(st.sampled_from(MachineState), st.integers(1, 9), st.sampled_from([None, True, False]))
def test_a_fault_of_the_host_is_never_the_candidates(
    state: MachineState, boots: int, alive: bool | None
) -> None:
    condition = MachineCondition(
        state=state, fault=Fault.HOST, reason="killed", boots=boots, guest_alive=alive
    )
    assert isinstance(_blame(condition), MachineLost)


def test_silence_that_nothing_explains_is_the_labs() -> None:
    assert isinstance(_blame(MachineCondition(state=MachineState.RUNNING)), MachineLost)


def test_reboots_that_were_asked_for_blame_nobody() -> None:
    error = _blame(MachineCondition(state=MachineState.RUNNING, boots=3), expected_boots=3)
    assert isinstance(error, MachineLost)


def test_a_slow_guest_is_not_taken_for_one_that_is_cut_off() -> None:
    condition = MachineCondition(state=MachineState.RUNNING, guest_alive=True)
    error = attribute_silence(condition, candidate_touched=True, expected_boots=1, symptom="35 s", slow=True)
    assert isinstance(error, MachineLost)
    assert "do not end in time" in str(error)


def test_a_guest_that_is_proven_to_hang_is_the_candidates_fault() -> None:
    condition = MachineCondition(state=MachineState.RUNNING, guest_alive=False)
    error = attribute_silence(
        condition, candidate_touched=True, expected_boots=1, symptom="no answer", hang="it did not rest"
    )
    assert isinstance(error, CandidateError)
    assert "hangs since the candidate was installed (it did not rest)" in str(error)


def test_a_guest_that_hangs_before_the_candidate_came_is_the_labs() -> None:
    condition = MachineCondition(state=MachineState.RUNNING, guest_alive=False)
    error = attribute_silence(
        condition, candidate_touched=False, expected_boots=1, symptom="no answer", hang="it did not rest"
    )
    assert isinstance(error, MachineLost)

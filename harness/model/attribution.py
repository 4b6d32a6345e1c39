"""Who is to blame when a guest no longer answers. Pure, so that every row is tested."""

from harness.model.errors import CandidateError, HarnessError, MachineLost
from harness.model.machine import Fault, MachineCondition, MachineState


class RebootedUnasked(CandidateError):
    """The machine booted more often than anybody asked it to."""


def attribute_silence(
    condition: MachineCondition,
    *,
    candidate_touched: bool,
    expected_boots: int,
    symptom: str,
    slow: bool = False,
    hang: str = "",
) -> HarnessError:
    """Turn a guest's silence into the candidate's failure or the lab's.

    Before the candidate was started every loss is the lab's. After it, the host's own word comes first; then a crash, a
    power-off, unasked-for reboots, or a guest that lives but cannot be reached over its network are the candidate's.
    A guest that is `slow` (its endpoint answers, its commands do not end in time) proves neither: an overloaded host
    looks just like that. `hang`: why the guest hangs, where the outside has proof that it is not the host.
    """
    if condition.fault is Fault.HOST:
        return MachineLost(f"The lab lost the machine ({condition.reason}).", hint="Run the cell again.")
    if not candidate_touched:
        return MachineLost(
            f"The guest stopped answering before the candidate was started ({symptom}).",
            hint="Run the cell again.",
        )
    if condition.state is MachineState.CRASHED:
        return CandidateError(f"The guest crashed after the candidate was installed ({condition.reason}).")
    if condition.boots > expected_boots:
        return RebootedUnasked(
            f"The guest rebooted {condition.boots - expected_boots} times without being asked"
            " after the candidate was installed."
        )
    if condition.fault is Fault.GUEST:
        return CandidateError(
            f"The guest went down after the candidate was installed ({condition.reason or condition.state.value})."
        )
    if slow:
        return MachineLost(
            f"The guest's WinRM endpoint answers, but commands in it do not end in time ({symptom}).",
            hint="See whether the host is overloaded (fewer cells at once: -n), then run the cell again.",
        )
    if condition.guest_alive:
        return CandidateError(
            "The guest is alive but its network no longer answers since the candidate was installed:"
            f" the candidate cut the host off ({symptom})."
        )
    if hang:
        return CandidateError(f"The guest hangs since the candidate was installed ({hang}).")
    return MachineLost(
        f"The guest stopped answering and nothing tells why ({symptom}; machine {condition.state.value}).",
        hint="See the machine's own log among the evidence.",
    )

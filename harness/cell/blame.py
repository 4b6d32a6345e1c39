"""Who is to blame for what a check raised: the machine is looked at from outside, and its guest asked once more."""

from dataclasses import dataclass

from harness.guest.guest import Guest
from harness.guest.winrm.reach import endpoint_answers
from harness.machines.capabilities import TellsHangs
from harness.machines.provider import Machine
from harness.model.attribution import attribute_silence
from harness.model.deadline import Deadline
from harness.model.errors import (
    CandidateError,
    DeadlineExceeded,
    GuestUnreachable,
    HarnessError,
    InfrastructureError,
    MachineLost,
    OutcomeUnknown,
)
from harness.model.machine import Fault, MachineCondition
from harness.model.substrate import slowness

ANSWER_AGAIN_S = 10.0
"""How long a guest that went silent gets to answer once more before its silence is judged."""
SLOW_ANSWER_S = 90.0
"""The same where its endpoint still answers: an emulated guest on a busy host is slow, not cut off."""
SILENCE = (GuestUnreachable, MachineLost, OutcomeUnknown, DeadlineExceeded)
"""What a guest that does not answer is noticed by."""


@dataclass(frozen=True)
class Blame:
    """The error to go on with, which may say that the machine is `lost` to the cell."""

    error: BaseException
    lost: HarnessError | None = None


@dataclass(frozen=True)
class Inquiry:
    """One cell's machine and guest, and what is known of them. Asking may take up to minutes."""

    machine: Machine
    guest: Guest
    candidate_touched: bool
    expected_boots: int

    def blame(self, error: BaseException) -> Blame:
        """A failed check on a machine that the lab lost is the lab's; silence is judged by what the outside sees."""
        silent = isinstance(error, SILENCE)
        condition = self.machine.condition()
        slow = False
        if silent and not self._shows_why(condition):
            answers, slow = self._listen_again()
            # The connection may have broken because of a reboot that only now is counted.
            condition = self.machine.condition()
            if answers and not self._shows_why(condition):
                blames = isinstance(error, DeadlineExceeded) and self.candidate_touched and not slow
                return Blame(CandidateError(str(error)) if blames else error)
        elif not self._shows_why(condition):
            return Blame(error)
        hang = ""
        if silent and not slow:
            hang, condition = self._watched(condition)
        judged = attribute_silence(
            condition,
            candidate_touched=self.candidate_touched,
            expected_boots=self.expected_boots,
            symptom=str(error).splitlines()[0] if str(error) else type(error).__name__,
            slow=slow,
            hang=hang,
        )
        return Blame(judged, lost=judged)

    def _shows_why(self, condition: MachineCondition) -> bool:
        """Whether the outside has seen something that explains a failed check."""
        return condition.fault is not Fault.NONE or condition.boots > self.expected_boots

    def _watched(self, condition: MachineCondition) -> tuple[str, MachineCondition]:
        """Why a guest hangs whose silence nothing else explains, if its machine can prove it; and its condition then.

        Watching takes up to minutes, in which the guest may crash, be lost, or answer at last.
        """
        if self._shows_why(condition) or condition.guest_alive or not self.candidate_touched:
            return "", condition
        if not isinstance(self.machine, TellsHangs):
            return "", condition
        hang, later = self.machine.hang(), self.machine.condition()
        if self._shows_why(later):
            return "", later
        if hang and self._endpoint_answers():
            hang = ""
        return hang, condition

    def _listen_again(self) -> tuple[bool, bool]:
        """Whether the guest answers commands again, and whether it is slow: reachable, but not ready soon."""
        if self._ready_within(ANSWER_AGAIN_S):
            return True, False
        slow = self._endpoint_answers()
        return slow and self._ready_within(SLOW_ANSWER_S), slow

    def _endpoint_answers(self) -> bool:
        """Whether its WinRM endpoint gives any answer, in a time stretched where the substrate is slow."""
        deadline = Deadline.after(slowness(self.machine.substrate) * ANSWER_AGAIN_S)
        return endpoint_answers(self.machine.winrm, deadline)

    def _ready_within(self, seconds: float) -> bool:
        try:
            self.guest.ready(Deadline.after(seconds))
        except InfrastructureError:
            return False
        return True

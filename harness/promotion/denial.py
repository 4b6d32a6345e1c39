"""Why something does not happen: one sentence each, what it means, and what would take it away."""

from collections.abc import Sequence
from enum import StrEnum

from harness.gate.refusals import Refusal
from harness.model.base import Frozen
from harness.model.errors import EvidenceError
from harness.model.gate import SEVERITY, Verdict


class Cause(StrEnum):
    """What a denial stands on, for scripts."""

    FORM = "form"
    SIGNATURE = "signature"
    PERSON = "person"
    ROLE = "role"
    TIME = "time"
    REPLAYED = "replayed"
    GATE = "gate"
    ORDER = "order"
    REQUEST = "request"
    BOUND = "bound"
    SELF = "self"
    HALTED = "halted"
    STEP = "step"
    APPROVALS = "approvals"
    SOAK = "soak"
    HEALTH = "health"
    WINDOW = "window"
    EXPIRED = "expired"
    RETURN = "return"
    REACH = "reach"
    TIERS = "tiers"


class Denial(Frozen):
    """One reason."""

    cause: Cause
    verdict: Verdict
    text: str
    remedy: str = ""

    @classmethod
    def of_gate(cls, refusal: Refusal) -> "Denial":
        """A refusal of the gate's verification."""
        return cls(cause=Cause.GATE, verdict=refusal.verdict, text=str(refusal), remedy=refusal.remedy)


class Refused(EvidenceError):
    """What was asked for is not done, and nothing was changed."""

    def __init__(self, denials: Sequence[Denial]) -> None:
        self.denials = tuple(sorted(denials, key=lambda each: SEVERITY.index(each.verdict)))
        super().__init__(" ".join(each.text for each in self.denials), hint=self.denials[0].remedy)

    @property
    def verdict(self) -> Verdict:
        """The worst of the denials."""
        return self.denials[0].verdict


def deny(cause: Cause, text: str, remedy: str = "", verdict: Verdict = Verdict.INVALID) -> Denial:
    """A denial; INVALID unless said otherwise."""
    return Denial(cause=cause, verdict=verdict, text=text, remedy=remedy)

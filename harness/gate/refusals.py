"""Why a bundle is refused: one sentence each, what it means, and what would take it away."""

from enum import StrEnum

from harness.model.base import Frozen
from harness.model.gate import SEVERITY, Verdict


class Ground(StrEnum):
    """What a refusal stands on, for scripts; the sentence is for people."""

    FORM = "form"
    SIGNATURE = "signature"
    KEY_ID = "key-id"
    THRESHOLD = "threshold"
    PAYLOAD_TYPE = "payload-type"
    STATEMENT = "statement"
    PLAN = "plan"
    CANDIDATE = "candidate"
    RUN = "run"
    SEAL = "seal"
    SUMMARY = "summary"
    GATE_FILE = "gate-file"
    RESULT = "result"
    SUITE = "suite"
    TIER = "tier"
    SUBSTRATE = "substrate"
    FRESHNESS = "freshness"
    ROLLBACK = "rollback"
    INPUTS = "inputs"
    POLICY = "policy"
    COVERAGE = "coverage"
    RETRIES = "retries"
    RULE = "rule"
    REGRESSION = "regression"
    FLAKY = "flaky"
    WAIVER = "waiver"


class Refusal(Frozen):
    """One reason to refuse."""

    ground: Ground
    verdict: Verdict
    text: str
    remedy: str = ""
    line: int = 0
    cell: str = ""
    check: str = ""

    def __str__(self) -> str:
        place = ": ".join(
            part for part in (f"line {self.line}" if self.line else "", self.cell, self.check) if part
        )
        return f"{place}: {self.text}" if place else self.text


def worst_of(refusals: tuple[Refusal, ...]) -> Verdict:
    """PASS if there is none."""
    return min((each.verdict for each in refusals), key=SEVERITY.index, default=Verdict.PASS)

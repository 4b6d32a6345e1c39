"""What is said of a promotion, a halt or a refusal: the same to the command line and over HTTP."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from harness.model.gate import EXIT_CODES, Verdict
from harness.model.inventory import novelty_words
from harness.promotion.board import Placement, State
from harness.promotion.denial import Denial, Refused
from harness.promotion.entries import Request, What
from harness.promotion.record import Outcome


@dataclass(frozen=True)
class Answer:
    """As data for scripts, in lines for people, and what it means."""

    facts: dict[str, Any]
    lines: list[str]
    verdict: Verdict = Verdict.PASS

    @property
    def exit_code(self) -> int:
        """Of a command that answers so."""
        return EXIT_CODES[self.verdict]

    @property
    def document(self) -> dict[str, Any]:
        """The facts, with the exit code among them."""
        return {**self.facts, "exit_code": self.exit_code}


def of_request(found: Outcome) -> Answer:
    """What became of a request."""
    asked = found.asked
    what = f"request {asked.id[:12]}: {asked_words(asked.request)}"
    facts: dict[str, Any] = {"state": asked.state.value, "request": asked.id, "waits": denied(found.waits)}
    if asked.novelty is not None:
        facts["novelty"] = asked.novelty.model_dump(mode="json")
    new = novelty_words(asked.novelty) if asked.novelty else ""
    if asked.state is State.DONE:
        return Answer(facts, [_done(asked.request)])
    if asked.state is State.REJECTED:
        return Answer(facts, [f"REJECTED: {what}"])
    lines = [f"WAITS: {what}", *(f"  {each.text}" for each in found.waits)]
    if new and not any(new in line for line in lines):
        lines.append(f"  {new}")
    worst = Refused(found.waits).verdict if found.waits else Verdict.INCOMPLETE
    return Answer(facts, lines + remedies(found.waits), worst)


def asked_words(request: Request) -> str:
    """What a request asks for."""
    if request.candidate is None:
        return "change tiers.yaml"
    share = f" to {request.percent:g} %" if request.percent else ""
    return f"{request.what.value} {request.candidate} in tier {request.tier}{share}"


def _done(request: Request) -> str:
    about = f"{request.candidate}"
    match request.what:
        case What.PROMOTE:
            return f"PROMOTED: {about} is in tier {request.tier}"
        case What.RAISE:
            return f"RAISED: {about} to {request.percent:g} % of tier {request.tier}"
        case What.RESUME:
            return f"RESUMED: {about} in tier {request.tier}"
        case What.TIERS:
            return "DONE: other tiers hold"


def of_halt(placement: Placement) -> Answer:
    """That nobody else gets it."""
    candidate, tier = placement.candidate, placement.tier
    facts = {"state": "halted", "candidate": candidate.model_dump(mode="json"), "tier": tier}
    return Answer(facts, [f"HALTED: {candidate} in tier {tier}"])


def of_rollback(placement: Placement) -> Answer:
    """That hosts go back."""
    facts = {"state": "rolled back", "tier": placement.tier, "to": placement.returned_to}
    line = f"ROLLED BACK: {placement.candidate} in tier {placement.tier}, to {placement.returned_to[:12]}"
    return Answer(facts, [line])


def of_entry(identity: str) -> Answer:
    """That an entry was appended as it came."""
    return Answer({"state": "appended", "entry": identity}, [f"APPENDED: {identity}"])


def of_refusal(refused: Refused) -> Answer:
    """Why nothing happened."""
    lines = [f"REFUSED: {each.text}" for each in refused.denials] + remedies(refused.denials)
    return Answer({"state": "refused", "because": denied(refused.denials)}, lines, refused.verdict)


def denied(denials: Iterable[Denial]) -> list[dict[str, Any]]:
    """For scripts."""
    return [each.model_dump(mode="json") for each in denials]


def remedies(denials: Iterable[Denial]) -> list[str]:
    """What would take them away, each once."""
    return [f"To go on: {remedy}" for remedy in dict.fromkeys(each.remedy for each in denials if each.remedy)]

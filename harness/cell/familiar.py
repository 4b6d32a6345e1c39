"""Questions that the guest answered before the candidate, put again when something of ours is no longer answered.

A command that is not found or a probe that is refused looks like a fault of the lab. Where the machine is well from
outside, and the same question was answered on the same machine before the candidate was there, the candidate did it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.guest.guest import Guest
from harness.guest.system_tools import SC
from harness.model.errors import CandidateError, GuestFault, InfrastructureError
from harness.probe.reading import ProbeFailed
from harness.residue.sentinels import SENTINEL_KEY, SENTINEL_SERVICE

NO_ANSWER = (GuestFault, ProbeFailed)
"""How the guest layer says that the guest is there and does not do what it was asked."""
SHOWN = 160


@dataclass(frozen=True)
class Question:
    """Something that any machine of ours answers. `ask` raises what the guest layer raises."""

    words: str
    ask: Callable[[Guest], str]


def _key(guest: Guest) -> str:
    value = guest.registry.value(SENTINEL_KEY, "Nonce")
    return "no such value" if value is None else f"Nonce={value.data!s}"


def _service(guest: Guest) -> str:
    facts = guest.services.query_by_sc(SENTINEL_SERVICE)
    return "no such service" if facts is None else facts.state.name


QUESTIONS = (
    Question(f"bvt-probe.exe export {SENTINEL_KEY}", _key),
    Question(f"{SC} query {SENTINEL_SERVICE}", _service),
)
"""One for each program of the system by which the harness asks; what the probe asks itself comes with the snapshot."""


class Familiar:
    """The questions with the answers of the machine in hand, from before the candidate."""

    def __init__(self) -> None:
        self._answers: list[tuple[Question, str]] = []
        self._finding = ""

    def put(self, guest: Guest, questions: Sequence[Question] | None = None) -> None:
        """Ask each of them (`QUESTIONS`) once. Raises what the guest layer raises."""
        asked = QUESTIONS if questions is None else questions
        self._answers += [(question, question.ask(guest)) for question in asked]

    def know(self, question: Question, answer: str) -> None:
        """The same for one that was just answered."""
        self._answers.append((question, answer))

    def judge(self, error: BaseException, guest: Guest) -> BaseException:
        """The error to go on with: the candidate's, if the guest no longer answers what it answered before it."""
        if not isinstance(error, NO_ANSWER) or not self._answers:
            return error
        self._finding = self._finding or self._look(guest)
        if not self._finding:
            return error
        return CandidateError(f"{self._finding} Seen because: {str(error).splitlines()[0]}")

    def _look(self, guest: Guest) -> str:
        for question, before in self._answers:
            try:
                question.ask(guest)
            except NO_ANSWER as now:
                return (
                    f"Since the candidate was installed the guest no longer answers `{question.words}`."
                    f" Before: {_short(before)}. Now: {_short(str(now))}"
                )
            except InfrastructureError:
                return ""  # silence, which is judged elsewhere
        return ""


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SHOWN else f"{line[:SHOWN]}…"

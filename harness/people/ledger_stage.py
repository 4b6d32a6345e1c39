"""A request or a halt in the ledger, for a playbook to be played on."""

from collections.abc import Callable, Mapping

from securesystemslib.signer import Signer

from harness.model.errors import HarnessError
from harness.model.inventory import novelty_words
from harness.people.destinations import Destination
from harness.people.playbooks import Deed, Fact, Occasion, Playbook
from harness.people.sending import Message, Send
from harness.promotion.acting import OnBehalf, Who
from harness.promotion.answer import asked_words
from harness.promotion.board import Asked, Line, State
from harness.promotion.entries import Halt, Request, shown
from harness.promotion.returning import returns
from harness.promotion.service import Promotion
from harness.promotion.telling import candidate_of, names_in, told_of
from harness.promotion.waiting import waits

HISTORY = 8
"""Entries about the candidate that are shown."""


def begins(book: Playbook, line: Line) -> bool:
    """Whether an entry is what the playbook begins with."""
    entry, when = line.entry, book.when
    if isinstance(entry, Request) and when.event is Occasion.APPROVAL:
        return entry.tier in when.tiers or not when.tiers
    if isinstance(entry, Halt) and when.event is Occasion.HALT:
        return entry.tier in when.tiers or not when.tiers
    return False


class LedgerStage:
    """One entry. `signer`: the server's key, which acts; without one nothing can be done."""

    def __init__(
        self,
        promotion: Promotion,
        line: Line,
        book: Playbook,
        destinations: Mapping[str, Destination],
        send: Send,
        signer: Callable[[], Signer] | None,
    ) -> None:
        self._promotion, self._line, self._book = promotion, line, book
        self._destinations, self._send, self._signer = destinations, send, signer
        self._board = promotion.board()
        self.title = f"{self._subject} [{book.name}]"

    @property
    def _subject(self) -> str:
        entry = self._line.entry
        if isinstance(entry, Request):
            return f"Approval wanted: {asked_words(entry)}"
        told = told_of(self._line, names_in(self._board))
        return told[:1].upper() + told[1:]

    @property
    def _asked(self) -> Asked | None:
        """The request; of a halt the one by which the candidate came."""
        entry = self._line.entry
        if isinstance(entry, Halt):
            place = self._board.placement(entry.candidate, entry.tier)
            return place.asked if place else None
        return self._board.asked.get(self._line.id)

    def decided(self) -> bool:
        """A request that is not open; a halt after which somebody went on, or back."""
        self._board = self._promotion.board()
        entry = self._line.entry
        if isinstance(entry, Halt):
            place = self._board.placement(entry.candidate, entry.tier)
            return place is None or place.halted != entry
        asked = self._asked
        return asked is None or asked.state is not State.OPEN

    def lines(self, fact: Fact) -> list[str]:
        """As the ledger has it now."""
        asked = self._asked
        gate = asked.request.gate if asked else None
        match fact:
            case Fact.GATE if gate:
                when, where = shown(gate.time_verified), ", ".join(gate.substrates)
                return [f"Gate: suite {gate.suite}, on {where}, judged {when}."]
            case Fact.NOVELTY if asked and asked.novelty:
                return [novelty_words(asked.novelty) or f"Nothing is new since {asked.novelty.since}."]
            case Fact.WAITS if asked:
                return [each.text for each in waits(self._board, asked, self._promotion.now())]
            case Fact.HEALTH:
                return [self._health()]
            case Fact.WAYS_BACK:
                return self._ways_back()
            case Fact.HISTORY:
                return self._history()
        return [f"There is no {fact.value}."]

    def tell(self, destination: str, message: Message) -> None:
        """Send it. Raises `NotSent`."""
        self._send(self._destinations[destination], message)

    def act(self, deed: Deed, person: str, reason: str) -> str:
        """Do it in the ledger; what came of it."""
        if self._signer is None:
            return "nothing was done: the server has no key (ledger_key)."
        signer = self._signer()
        who: Who = OnBehalf(signer, person, f"playbook {self._book.name}") if person else signer
        entry = self._line.entry
        try:
            if deed is Deed.REJECT:
                self._promotion.reject(self._line.id, who, reason)
            elif isinstance(entry, Halt):
                self._promotion.roll_back(entry.candidate, entry.tier, who, reason=reason)
        except HarnessError as error:
            return f"refused: {error}"
        return "done"

    def _health(self) -> str:
        entry = self._line.entry
        place = self._board.placement(entry.candidate, entry.tier) if isinstance(entry, Halt) else None
        report = place.health if place else None
        if report is None:
            return "No health was reported."
        harm = f"{report.crashed} crashed, {report.silent} silent, {report.uninstalled} removed it"
        return f"Health of {shown(report.at)}: {report.hosts} hosts, {harm}."

    def _ways_back(self) -> list[str]:
        entry = self._line.entry
        place = self._board.placement(entry.candidate, entry.tier) if isinstance(entry, Halt) else None
        if place is None:
            return []
        ways = [f"Way back: {each.candidate}." for each in returns(self._board, place)]
        return ways or [each.text for each in self._promotion.why_no_way(self._board, place)]

    def _history(self) -> list[str]:
        names, mine = names_in(self._board), candidate_of(self._line)
        about = [line for line in self._board.lines if mine and candidate_of(line) == mine]
        return [f"{shown(line.entry.at)} {line.entry.by} {told_of(line, names)}" for line in about[-HISTORY:]]

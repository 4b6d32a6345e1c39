"""What the ledger's entries come to: who is where, and what is asked for.

Pure. `replay` judges the entries; here they have their effect.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from harness.model.errors import ConfigurationError
from harness.model.inventory import Novelty, novelty
from harness.promotion.entries import (
    Approval,
    CandidateRef,
    Change,
    Done,
    Entry,
    Founding,
    Halt,
    HealthReport,
    Rejection,
    Request,
    Rollback,
    What,
    entry_id,
)
from harness.promotion.tiers import GateKeys, Tiers
from harness.promotion.tiers_file import tiers_of
from harness.rollout.health import Health

TIERS_FILE = "tiers.yaml"


class State(StrEnum):
    """Where a request stands."""

    OPEN = "open"
    DONE = "done"
    REJECTED = "rejected"


@dataclass
class Asked:
    """A request and what came of it."""

    id: str
    number: int
    request: Request
    state: State = State.OPEN
    approvals: dict[str, int] = field(default_factory=dict)
    """Number of the entry by who approved."""
    rejection: Rejection | None = None
    gates: GateKeys | None = None
    policy: str = ""
    judged_as: str = ""
    """By what its gate was judged; all three of the time at which it was asked for."""
    novelty: Novelty | None = None
    """What it is the first to bring into its tier, as of then."""
    baseline: str = ""
    """SHA-256 of the bundle of the tier's last release, as of then: what a regression is measured against."""


@dataclass
class Placement:
    """A candidate in a tier. `since` and `step_since`: when it came, and when it came to its present share."""

    candidate: CandidateRef
    tier: str
    asked: Asked
    since: datetime
    step_since: datetime
    percent: float
    halted: Halt | Rollback | None = None
    returned_to: str = ""
    health: HealthReport | None = None
    answer: Health | None = None
    """The halt rule's newest answer at the present share; a report without one takes none back."""
    step_host_hours: float = 0
    """Host hours when it came to its present share."""

    @property
    def live(self) -> bool:
        """Hosts may still get it."""
        return self.halted is None


@dataclass(frozen=True)
class Ignored:
    """An entry that counts for nothing, and why."""

    number: int
    why: str


@dataclass(frozen=True)
class Line:
    """One entry that counts."""

    number: int
    id: str
    entry: Entry


@dataclass
class Board:
    """The state of everything. Only `replay` changes it, by `take`."""

    tiers: Tiers | None = None
    policy: str = ""
    size: int = 0
    last_at: datetime | None = None
    asked: dict[str, Asked] = field(default_factory=dict)
    placements: dict[tuple[str, str], Placement] = field(default_factory=dict)
    newest_gate: dict[str, datetime] = field(default_factory=dict)
    """When the newest bundle of a candidate was judged."""
    reached: dict[str, int] = field(default_factory=dict)
    """Hosts that a change which is no release has reached, by its digest."""
    lines: list[Line] = field(default_factory=list)
    ignored: list[Ignored] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    links: dict[str, Entry] = field(default_factory=dict)
    """Signed links that were used, each with what it brought."""

    @property
    def rules(self) -> Tiers:
        """The tiers in force. Raises `ConfigurationError` before the founding."""
        if self.tiers is None:
            raise ConfigurationError("the ledger is empty.", hint="Begin it with: bvt ledger init")
        return self.tiers

    def placement(self, sha256: str, tier: str) -> Placement | None:
        """The candidate in the tier."""
        return self.placements.get((sha256, tier))

    def in_tier(self, tier: str) -> list[Placement]:
        """Every candidate that is or was there, the newest first."""
        found = [each for each in self.placements.values() if each.tier == tier]
        return sorted(found, key=lambda each: each.since, reverse=True)

    def open_request(self, what: What, sha256: str, tier: str) -> Asked | None:
        """The open request of this kind."""
        for each in self.asked.values():
            request = each.request
            mine = request.candidate.sha256 if request.candidate else ""
            if each.state is State.OPEN and (request.what, mine, request.tier) == (what, sha256, tier):
                return each
        return None

    def take(self, number: int, body: bytes, entry: Entry) -> None:
        """Let an entry have its effect. It has been judged before."""
        identity = entry_id(body)
        self.last_at = max(entry.at, self.last_at or entry.at)
        self.lines.append(Line(number, identity, entry))
        if entry.via and entry.via.link:
            self.links[entry.via.link] = entry
        match entry:
            case Founding():
                self._govern(entry.tiers, entry.policy)
            case Request():
                asked = Asked(identity, number, entry, gates=self.rules.gates, policy=self.policy)
                if entry.tier:
                    asked.judged_as = self.rules.tier(entry.tier).judged_as
                    asked.novelty = novelty_in(self, entry)
                    asked.baseline = self.last_bundle(entry.candidate, entry.tier)
                self.asked[identity] = asked
                if entry.candidate and entry.gate:
                    self.newest_gate[entry.candidate.sha256] = entry.gate.time_verified
            case Approval():
                self.asked[entry.request].approvals[entry.by] = number
            case Rejection():
                asked = self.asked[entry.request]
                asked.state, asked.rejection = State.REJECTED, entry
            case Done():
                self._done(entry)
            case Halt():
                self.placements[entry.candidate, entry.tier].halted = entry
            case Rollback():
                placement = self.placements[entry.candidate, entry.tier]
                placement.halted, placement.returned_to = entry, entry.to
            case HealthReport():
                placement = self.placements[entry.candidate, entry.tier]
                placement.health, placement.answer = entry, entry.answer or placement.answer
            case Change():
                sha256 = entry.candidate.sha256
                self.reached[sha256] = self.reached.get(sha256, 0) + entry.hosts

    def last_release(self, candidate: CandidateRef, tier: str) -> Placement | None:
        """The newest other release of the same product in the tier that was not halted there."""
        for each in self.in_tier(tier):
            other = each.candidate
            if each.live and other.sha256 != candidate.sha256 and _product(other) == _product(candidate):
                return each
        return None

    def last_bundle(self, candidate: CandidateRef | None, tier: str) -> str:
        """SHA-256 of the bundle of that release; empty if there is none."""
        before = self.last_release(candidate, tier) if candidate else None
        gate = before.asked.request.gate if before else None
        return gate.bundle_sha256 if gate else ""

    def _done(self, entry: Done) -> None:
        asked = self.asked[entry.request]
        asked.state, request = State.DONE, asked.request
        if request.what is What.TIERS:
            self._govern(request.tiers, request.policy)
            return
        assert request.candidate is not None
        key = (request.candidate.sha256, request.tier)
        if request.what is What.PROMOTE:
            percent = self.rules.tier(request.tier).steps[0]
            self.placements[key] = Placement(
                request.candidate, request.tier, asked, entry.at, entry.at, percent
            )
            return
        placement = self.placements[key]
        placement.step_since, placement.answer = entry.at, None  # the soak begins anew, after a halt too
        placement.step_host_hours = placement.health.host_hours if placement.health else 0
        if request.what is What.RAISE:
            placement.percent = request.percent
        else:
            placement.halted = None

    def _govern(self, tiers: str, policy: str) -> None:
        self.tiers, self.policy = tiers_of(tiers, TIERS_FILE), policy


def _product(candidate: CandidateRef) -> tuple[str, str]:
    return candidate.kind, candidate.name


def novelty_in(board: Board, request: Request) -> Novelty | None:
    """What the candidate of a promotion is the first to bring into its tier; None for any other request."""
    if request.what is not What.PROMOTE or request.candidate is None or request.gate is None:
        return None
    before = board.last_release(request.candidate, request.tier)
    if before is None:
        return novelty(None, request.gate.inventory)
    gate = before.asked.request.gate
    name = before.candidate.version or before.candidate.sha256[:12]
    return novelty(gate.inventory if gate else None, request.gate.inventory, name)

"""Promotions over a ledger: what commands and the server call.

Every change is a signed entry, judged in the transaction that appends it, on the very state that it is appended to. The
append is the moment of the decision: whatever ends a process before it, nothing happened; after it, nothing is lost.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from securesystemslib.signer import Signer, SSlibKey

from harness.model.errors import ConfigurationError
from harness.model.gate import Verdict
from harness.promotion.board import Asked, Board, Placement, State
from harness.promotion.denial import Cause, Denial, Refused, deny
from harness.promotion.entries import (
    Approval,
    CandidateRef,
    Change,
    Done,
    EntryError,
    Founding,
    Halt,
    HealthReport,
    Rejection,
    Request,
    Rollback,
    What,
    entry_id,
    read_entry,
    signed,
)
from harness.promotion.gate_check import GateAnswer, GateAsk, GateCheck, check_signed_gate
from harness.promotion.ledger.store import Ledger, Snapshot
from harness.promotion.replay import replay
from harness.promotion.rules import SKEW, judge, no_way_back, policy_fits, returns, waits
from harness.promotion.tiers import Tiers, tiers_of
from harness.signing.keys import TrustedKey

SHORTEST_ID = 6
Answer = TypeVar("Answer", Approval, Rejection)


@dataclass(frozen=True)
class Outcome:
    """What became of a request: done, or what it waits for."""

    asked: Asked
    waits: tuple[Denial, ...] = ()

    @property
    def done(self) -> bool:
        """Whether it happened."""
        return self.asked.state is State.DONE


def now() -> datetime:
    """In UTC, without fractions of a second, which nobody reads."""
    return datetime.now(UTC).replace(microsecond=0)


def _says_more(answer: GateAnswer, request: Request) -> str:
    """What a request says of its gate or its candidate that the bundle does not; empty if nothing."""
    if answer.record != request.gate:
        return "The request says of its gate what the bundle does not say."
    if answer.candidate != request.candidate:
        return f"The request calls its candidate {request.candidate}; the gate calls it {answer.candidate}."
    return ""


class Promotion:
    """Everything that can be done. Raises `Refused` for what may not be, `ConfigurationError` for what is not there."""

    def __init__(
        self, ledger: Ledger, check: GateCheck = check_signed_gate, clock: Callable[[], datetime] = now
    ) -> None:
        self._ledger, self._check, self._clock = ledger, check, clock
        self._verified: dict[str, tuple[str, ...]] = {}

    def found(self, tiers: str, policy: str, signer: Signer) -> Tiers:
        """Make the ledger, and its first entry."""
        read = tiers_of(tiers, "tiers.yaml")
        policy_fits(read, policy)
        self._ledger.create()
        with self._ledger.reading() as snapshot:
            if snapshot.size:
                raise ConfigurationError("there is a ledger already.", file=self._ledger.name)
        entry = Founding(by=self._name(read, signer), at=self._clock(), tiers=tiers, policy=policy)
        self.submit(signed(entry, signer))
        return read

    def board(self) -> Board:
        """The state of everything."""
        with self._ledger.reading() as snapshot:
            return replay(snapshot.bodies(), self._clock())

    def submit(
        self, body: bytes, bundle: bytes | None = None, beside: Mapping[str, str] | None = None
    ) -> str:
        """Append an entry that somebody has signed, here or elsewhere; its id.

        `bundle`: for the request of a promotion the signed gate, which is verified before. Raises `Refused`.
        """
        try:
            entry, envelope = read_entry(body)
        except EntryError as error:
            raise Refused([deny(Cause.FORM, str(error))]) from None
        if entry.at > self._clock() + SKEW:
            raise Refused(
                [deny(Cause.TIME, "The entry is signed for a time to come.", "Set the clock right.")]
            )
        if isinstance(entry, Request) and entry.what is What.PROMOTE:
            self._verify_request(entry, bundle, beside)
        with self._ledger.writing() as writer:
            board = replay(writer.bodies(), self._clock())
            if denials := judge(board, entry, envelope, entry_id(body)):
                raise Refused(denials)
            if bundle is not None:
                writer.attach(bundle)
            writer.append([body])
        return entry_id(body)

    def _verify_request(self, entry: Request, bundle: bytes | None, beside: Mapping[str, str] | None) -> None:
        if entry.gate is None or entry.candidate is None:
            return  # refused with the other rules
        if bundle is None:
            raise Refused([deny(Cause.GATE, "The request names a gate, and its bundle is not there.")])
        lies = entry.gate.beside if beside is None else beside
        answer = self._ask(self.board(), bundle, entry.candidate, entry.tier, lies)
        if answer.refusals:
            raise Refused([Denial.of_gate(each) for each in answer.refusals])
        if lie := _says_more(answer, entry):
            raise Refused([deny(Cause.GATE, lie)])

    def _ask(
        self, board: Board, bundle: bytes, candidate: CandidateRef, tier: str, beside: Mapping[str, str]
    ) -> GateAnswer:
        rules = board.rules
        ask = GateAsk(
            candidate=candidate,
            tier=rules.tier(tier).judged_as,
            keys=rules.gates,
            policy=board.policy,
            now=self._clock(),
            not_before=board.newest_gate.get(candidate.sha256),
            beside=beside,
        )
        return self._check(bundle, ask)

    def promote(
        self,
        candidate: CandidateRef,
        tier: str,
        bundle: bytes | None,
        signer: Signer,
        *,
        beside: Mapping[str, str] | None = None,
        reason: str = "",
    ) -> Outcome:
        """Ask for a tier, or go on with what was asked before; it happens if nothing is missing."""
        board = self.board()
        tiers = board.rules
        tiers.tier(tier)
        name = self._name(tiers, signer)
        if asked := board.open_request(What.PROMOTE, candidate.sha256, tier):
            return self.complete(asked.id, signer)
        record = None
        if bundle is not None:
            answer = self._ask(board, bundle, candidate, tier, beside or {})
            if answer.refusals:
                raise Refused([Denial.of_gate(each) for each in answer.refusals])
            record, candidate = answer.record, answer.candidate or candidate
        entry = Request(
            by=name,
            at=self._clock(),
            what=What.PROMOTE,
            candidate=candidate,
            tier=tier,
            gate=record,
            reason=reason,
        )
        return self.complete(self.submit(signed(entry, signer), bundle, beside), signer)

    def raise_to(self, sha256: str, tier: str, percent: float, signer: Signer, reason: str = "") -> Outcome:
        """Ask for the next share of a tier's hosts."""
        return self._request(What.RAISE, sha256, tier, signer, percent, reason)

    def resume(self, sha256: str, tier: str, signer: Signer, reason: str = "") -> Outcome:
        """Ask to go on after a halt."""
        return self._request(What.RESUME, sha256, tier, signer, 0, reason)

    def _request(
        self, what: What, sha256: str, tier: str, signer: Signer, percent: float, reason: str
    ) -> Outcome:
        board = self.board()
        candidate = self.placement(board, sha256, tier).candidate
        asked = board.open_request(what, candidate.sha256, tier)
        if asked and asked.request.percent == percent:
            return self.complete(asked.id, signer)
        entry = Request(
            by=self._name(board.rules, signer),
            at=self._clock(),
            what=what,
            candidate=candidate,
            tier=tier,
            percent=percent,
            reason=reason,
        )
        return self.complete(self.submit(signed(entry, signer)), signer)

    def propose_tiers(self, tiers: str, policy: str, signer: Signer, reason: str = "") -> Outcome:
        """Ask for other tiers."""
        policy_fits(tiers_of(tiers, "tiers.yaml"), policy)
        name = self._name(self.board().rules, signer)
        entry = Request(by=name, at=self._clock(), what=What.TIERS, tiers=tiers, policy=policy, reason=reason)
        return self.complete(self.submit(signed(entry, signer)), signer)

    def approve(self, request: str, signer: Signer, reason: str = "") -> Outcome:
        """Agree to a request; it happens if nothing else is missing."""
        return self._answer(Approval, request, signer, reason)

    def reject(self, request: str, signer: Signer, reason: str = "") -> Outcome:
        """Turn a request down, or withdraw one's own."""
        return self._answer(Rejection, request, signer, reason)

    def _answer(self, kind: type[Answer], request: str, signer: Signer, reason: str) -> Outcome:
        board = self.board()
        asked = self.request(board, request)
        wanted = asked.request
        entry = kind(
            by=self._name(board.rules, signer),
            at=self._clock(),
            request=asked.id,
            what=wanted.what,
            candidate=wanted.candidate.sha256 if wanted.candidate else None,
            tier=wanted.tier,
            percent=wanted.percent,
            reason=reason,
        )
        self.submit(signed(entry, signer))
        if kind is Rejection:
            return Outcome(self.board().asked[asked.id])
        return self.complete(asked.id, signer)

    def complete(self, request: str, signer: Signer) -> Outcome:
        """Do what was asked for, if nothing is missing any more; else say what is. A gate is verified once more."""
        board = self.board()
        asked = self.request(board, request)
        if asked.state is not State.OPEN:
            return Outcome(asked)
        missing = waits(board, asked, self._clock())
        if not any(each.cause is Cause.TIERS for each in missing):
            missing += self._gate_now(board, asked)
        if missing:
            return Outcome(asked, tuple(missing))
        wanted = asked.request
        entry = Done(
            by=self._name(board.rules, signer),
            at=self._clock(),
            request=asked.id,
            what=wanted.what,
            candidate=wanted.candidate.sha256 if wanted.candidate else None,
            tier=wanted.tier,
            percent=wanted.percent,
        )
        try:
            self.submit(signed(entry, signer))
        except Refused:
            # Somebody was quicker: what holds now is the answer.
            after = self.board()
            return Outcome(after.asked[asked.id], tuple(waits(after, after.asked[asked.id], self._clock())))
        return Outcome(self.board().asked[asked.id])

    def _gate_now(self, board: Board, asked: Asked) -> list[Denial]:
        request = asked.request
        if request.what is not What.PROMOTE or request.gate is None or request.candidate is None:
            return []
        with self._ledger.reading() as snapshot:
            bundle = snapshot.attachment(request.gate.bundle_sha256)
        if bundle is None:
            return [deny(Cause.GATE, "The gate's bundle is not beside the ledger any more, or was changed.")]
        answer = self._ask(board, bundle, request.candidate, request.tier, request.gate.beside)
        return [Denial.of_gate(each) for each in answer.refusals]

    def halt(self, sha256: str, tier: str, signer: Signer, reason: str = "") -> Placement:
        """Let nobody else have it. One person is enough."""
        board = self.board()
        candidate = self.placement(board, sha256, tier).candidate.sha256
        entry = Halt(
            by=self._name(board.rules, signer),
            at=self._clock(),
            candidate=candidate,
            tier=tier,
            reason=reason,
        )
        self.submit(signed(entry, signer))
        return self.placement(self.board(), candidate, tier)

    def roll_back(
        self, sha256: str, tier: str, signer: Signer, to: str | None = None, reason: str = ""
    ) -> Placement:
        """Send hosts back to a version that was shown to be a way back: `to`, or the newest. Raises `Refused`."""
        board = self.board()
        placement = self.placement(board, sha256, tier)
        ways = returns(board, placement)
        if to is None and not ways:
            raise Refused([no_way_back(placement)])
        target = ways[0].candidate.sha256 if to is None else self.placement(board, to, tier).candidate.sha256
        entry = Rollback(
            by=self._name(board.rules, signer),
            at=self._clock(),
            candidate=placement.candidate.sha256,
            tier=tier,
            to=target,
            reason=reason,
        )
        self.submit(signed(entry, signer))
        return self.placement(self.board(), placement.candidate.sha256, tier)

    def report_health(self, report: HealthReport, signer: Signer) -> None:
        """Record how the hosts of a tier fare; `by` and `at` of the report are filled in here."""
        name = self._name(self.board().rules, signer)
        self.submit(signed(report.model_copy(update={"by": name, "at": self._clock()}), signer))

    def change(self, candidate: CandidateRef, hosts: int, signer: Signer, reason: str = "") -> None:
        """Record a configuration change that reaches few hosts. Raises `Refused` if it is a release."""
        name = self._name(self.board().rules, signer)
        self.submit(
            signed(Change(by=name, at=self._clock(), candidate=candidate, hosts=hosts, reason=reason), signer)
        )

    def released(self, tier: str) -> list[Placement]:
        """What the hosts of a tier may get, the newest first. A gate that does not verify lets nothing out."""
        with self._ledger.reading() as snapshot:
            board = replay(snapshot.bodies(), self._clock())
            return [
                each for each in board.in_tier(tier) if each.live and not self._broken_gate(each, snapshot)
            ]

    def broken_gates(self) -> list[str]:
        """Of everything that is out, the gates that do not verify any more: a sentence each."""
        found: list[str] = []
        with self._ledger.reading() as snapshot:
            board = replay(snapshot.bodies(), self._clock())
            for each in board.placements.values():
                name = f"{each.candidate} in tier {each.tier}"
                found += [f"{name}: {why}" for why in self._broken_gate(each, snapshot)]
        return found

    def _broken_gate(self, placement: Placement, snapshot: Snapshot) -> tuple[str, ...]:
        """Why the gate did not let it in, by the policy of that time. What was verified is not verified again."""
        asked = placement.asked
        gate = asked.request.gate
        if gate is None or asked.gates is None:
            return ("there is no gate.",)
        key = asked.id
        if key not in self._verified:
            bundle = snapshot.attachment(gate.bundle_sha256)
            if bundle is None:
                return ("the bundle of its gate is gone, or was changed.",)
            ask = GateAsk(
                candidate=placement.candidate,
                tier=asked.judged_as,
                keys=asked.gates,
                policy=asked.policy,
                now=asked.request.at,
                beside=gate.beside,
            )
            answer = self._check(bundle, ask)
            found = [str(each) for each in answer.refusals]
            if not found and (lie := _says_more(answer, asked.request)):
                found = [lie]
            self._verified[key] = tuple(found)
        return self._verified[key]

    def request(self, board: Board, name: str) -> Asked:
        """The request with this id, or whose id begins so. Raises `ConfigurationError`."""
        found = [each for each in board.asked.values() if each.id.startswith(name)]
        if len(name) < SHORTEST_ID or len(found) != 1:
            open_ = ", ".join(each.id[:12] for each in board.asked.values() if each.state is State.OPEN)
            what = "several requests begin" if len(found) > 1 else "no request begins"
            raise ConfigurationError(f"{what} with {name!r}.", hint=f"Open requests: {open_ or 'none'}.")
        return found[0]

    def placement(self, board: Board, name: str, tier: str) -> Placement:
        """The candidate in a tier, by its digest's first characters or its version. Raises `ConfigurationError`."""
        board.rules.tier(tier)
        there = board.in_tier(tier)
        found = [
            each
            for each in there
            if each.candidate.version == name
            or (len(name) >= SHORTEST_ID and each.candidate.sha256.startswith(name))
        ]
        if len(found) != 1:
            known = ", ".join(str(each.candidate) for each in there)
            what = "several candidates are" if found else "there is no candidate"
            raise ConfigurationError(f"{what} {name!r} in tier {tier}.", hint=f"There: {known or 'none'}.")
        return found[0]

    def _name(self, tiers: Tiers, signer: Signer) -> str:
        public = signer.public_key
        name = tiers.name_of(TrustedKey.of(public).fingerprint) if isinstance(public, SSlibKey) else None
        if name is None:
            text = "Your key is nobody's in tiers.yaml."
            raise Refused([deny(Cause.PERSON, text, "Have it added: bvt ledger tiers.", Verdict.INVALID)])
        return name

"""The gates behind promotions: verified when one is asked for, when it happens, and when something is given out."""

from collections.abc import Mapping
from typing import Any

from harness.gate.ways_back import WayBack
from harness.promotion.board import Asked, Board, Placement
from harness.promotion.denial import Cause, Denial, Refused, deny
from harness.promotion.entries import CandidateRef, Request, What
from harness.promotion.gate_check import GateAnswer, GateAsk
from harness.promotion.ledger.store import Snapshot
from harness.promotion.record import Record
from harness.promotion.replay import replay


class Gates(Record):
    """A ledger with the bundles beside it."""

    def __init__(self, *about: Any, **how: Any) -> None:
        super().__init__(*about, **how)
        self._verified: dict[str, tuple[str, ...]] = {}

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

    def _ask(
        self,
        board: Board,
        bundle: bytes,
        candidate: CandidateRef,
        tier: str,
        beside: Mapping[str, str],
        baseline: str = "",
    ) -> GateAnswer:
        """Verify it now. `baseline`: digest of the last release's bundle; none: nothing to become worse than."""
        rules = board.rules
        ask = GateAsk(
            candidate=candidate,
            tier=rules.tier(tier).judged_as,
            keys=rules.gates,
            policy=board.policy,
            now=self._clock(),
            not_before=board.newest_gate.get(candidate.sha256),
            beside=beside,
            baseline=self._kept(baseline),
        )
        return self._check(bundle, ask)

    def _kept(self, sha256: str) -> bytes | None:
        """A bundle that lies beside the ledger. Raises `Refused` if it should and does not."""
        if not sha256:
            return None
        with self._ledger.reading() as snapshot:
            found = snapshot.attachment(sha256)
        if found is None:
            text = "The bundle of the tier's last release is not beside the ledger any more, or was changed."
            raise Refused([deny(Cause.GATE, text)])
        return found

    def _verify_request(self, entry: Request, bundle: bytes | None, beside: Mapping[str, str] | None) -> None:
        if entry.gate is None or entry.candidate is None:
            return  # refused with the other rules
        if bundle is None:
            raise Refused([deny(Cause.GATE, "The request names a gate, and its bundle is not there.")])
        lies = entry.gate.beside if beside is None else beside
        board = self.board()
        before = board.last_bundle(entry.candidate, entry.tier)
        answer = self._ask(board, bundle, entry.candidate, entry.tier, lies, before)
        if answer.refusals:
            raise Refused([Denial.of_gate(each) for each in answer.refusals])
        if lie := _says_more(answer, entry):
            raise Refused([deny(Cause.GATE, lie)])

    def _gate_now(self, board: Board, asked: Asked) -> list[Denial]:
        """What the gate of a request lacks by now."""
        request = asked.request
        if request.what is not What.PROMOTE or request.gate is None or request.candidate is None:
            return []
        with self._ledger.reading() as snapshot:
            bundle = snapshot.attachment(request.gate.bundle_sha256)
        if bundle is None:
            return [deny(Cause.GATE, "The gate's bundle is not beside the ledger any more, or was changed.")]
        try:
            answer = self._ask(
                board, bundle, request.candidate, request.tier, request.gate.beside, asked.baseline
            )
        except Refused as refused:
            return list(refused.denials)
        return [Denial.of_gate(each) for each in answer.refusals]

    def _ways_back(self, placement: Placement) -> tuple[WayBack, ...]:
        """What the candidate's gate shows of earlier releases; nothing if its bundle does not verify."""
        with self._ledger.reading() as snapshot:
            answer = self._as_it_came(placement, snapshot)
        return answer.ways if answer and not answer.refusals else ()

    def _as_it_came(self, placement: Placement, snapshot: Snapshot) -> GateAnswer | None:
        """The gate verified as of the time at which it was asked for; None without its bundle."""
        asked, gate = placement.asked, placement.asked.request.gate
        bundle = snapshot.attachment(gate.bundle_sha256) if gate else None
        baseline = snapshot.attachment(asked.baseline) if asked.baseline else None
        if gate is None or bundle is None or asked.gates is None or (asked.baseline and not baseline):
            return None
        ask = GateAsk(
            candidate=placement.candidate,
            tier=asked.judged_as,
            keys=asked.gates,
            policy=asked.policy,
            now=asked.request.at,
            beside=gate.beside,
            baseline=baseline,
        )
        return self._check(bundle, ask)

    def _broken_gate(self, placement: Placement, snapshot: Snapshot) -> tuple[str, ...]:
        """Why the gate did not let it in, by the policy of that time. What was verified is not verified again."""
        asked = placement.asked
        gate = asked.request.gate
        if gate is None or asked.gates is None:
            return ("there is no gate.",)
        key = asked.id
        if key not in self._verified:
            answer = self._as_it_came(placement, snapshot)
            if answer is None:
                return ("the bundle of its gate is gone, or was changed.",)
            found = [str(each) for each in answer.refusals]
            if not found and (lie := _says_more(answer, asked.request)):
                found = [lie]
            self._verified[key] = tuple(found)
        return self._verified[key]


def _says_more(answer: GateAnswer, request: Request) -> str:
    """What a request says of its gate or its candidate that the bundle does not; empty if nothing."""
    if answer.record != request.gate:
        return "The request says of its gate what the bundle does not say."
    if answer.candidate != request.candidate:
        return f"The request calls its candidate {request.candidate}; the gate calls it {answer.candidate}."
    return ""

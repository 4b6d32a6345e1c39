"""Requests: asked, answered by people, and done once nothing is missing."""

from collections.abc import Mapping
from typing import Any

from harness.promotion.acting import Who, name_and_via, without_link
from harness.promotion.appending import Appending
from harness.promotion.asking import policy_fits
from harness.promotion.board import Asked, State
from harness.promotion.denial import Cause, Denial, Refused
from harness.promotion.entries import Approval, CandidateRef, Done, Rejection, Request, What
from harness.promotion.record import Outcome
from harness.promotion.tiers_file import tiers_of
from harness.promotion.waiting import waits


class Requests(Appending):
    """What takes a request."""

    def promote(
        self,
        candidate: CandidateRef,
        tier: str,
        bundle: bytes | None,
        who: Who,
        *,
        beside: Mapping[str, str] | None = None,
        reason: str = "",
    ) -> Outcome:
        """Ask for a tier, or go on with what was asked before; it happens if nothing is missing."""
        board = self.board()
        tiers = board.rules
        tiers.tier(tier)
        name_and_via(tiers, who)
        if asked := board.open_request(What.PROMOTE, candidate.sha256, tier):
            return self.complete(asked.id, who)
        record = None
        if bundle is not None:
            answer = self._ask(board, bundle, candidate, tier, beside or {})
            if answer.refusals:
                raise Refused([Denial.of_gate(each) for each in answer.refusals])
            record, candidate = answer.record, answer.candidate or candidate
        fields: dict[str, Any] = {"what": What.PROMOTE, "candidate": candidate, "tier": tier, "gate": record}
        identity = self._say(tiers, who, Request, bundle=bundle, beside=beside, reason=reason, **fields)
        return self.complete(identity, who)

    def raise_to(self, sha256: str, tier: str, percent: float, who: Who, reason: str = "") -> Outcome:
        """Request a larger share of a tier's hosts."""
        return self._request(What.RAISE, sha256, tier, who, percent, reason)

    def resume(self, sha256: str, tier: str, who: Who, reason: str = "") -> Outcome:
        """Request that a halted roll-out goes on."""
        return self._request(What.RESUME, sha256, tier, who, 0, reason)

    def _request(self, what: What, sha256: str, tier: str, who: Who, percent: float, reason: str) -> Outcome:
        board = self.board()
        candidate = self.placement(board, sha256, tier).candidate
        asked = board.open_request(what, candidate.sha256, tier)
        if asked and asked.request.percent == percent:
            return self.complete(asked.id, who)
        fields: dict[str, Any] = {"what": what, "candidate": candidate, "tier": tier, "percent": percent}
        return self.complete(self._say(board.rules, who, Request, reason=reason, **fields), who)

    def propose_tiers(self, tiers: str, policy: str, who: Who, reason: str = "") -> Outcome:
        """Ask for other tiers."""
        policy_fits(tiers_of(tiers, "tiers.yaml"), policy)
        fields: dict[str, Any] = {"what": What.TIERS, "tiers": tiers, "policy": policy}
        return self.complete(self._say(self.board().rules, who, Request, reason=reason, **fields), who)

    def approve(self, request: str, who: Who, reason: str = "") -> Outcome:
        """Agree to a request; it happens if nothing else is missing."""
        asked = self._answer(Approval, request, who, reason)
        return self.complete(asked.id, without_link(who))

    def reject(self, request: str, who: Who, reason: str = "") -> Outcome:
        """Turn a request down, or withdraw one's own."""
        asked = self._answer(Rejection, request, who, reason)
        return Outcome(self.board().asked[asked.id])

    def _answer(self, kind: type[Approval] | type[Rejection], request: str, who: Who, reason: str) -> Asked:
        board = self.board()
        asked = self.request(board, request)
        self._say(board.rules, who, kind, reason=reason, **_bound(asked))
        return asked

    def complete(self, request: str, who: Who) -> Outcome:
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
        try:
            self._say(board.rules, who, Done, **_bound(asked))
        except Refused:
            # Somebody was quicker: what holds now is the answer.
            after = self.board()
            return Outcome(after.asked[asked.id], tuple(waits(after, after.asked[asked.id], self._clock())))
        return Outcome(self.board().asked[asked.id])


def _bound(asked: Asked) -> dict[str, Any]:
    wanted = asked.request
    return {
        "request": asked.id,
        "what": wanted.what,
        "candidate": wanted.candidate.sha256 if wanted.candidate else None,
        "tier": wanted.tier,
        "percent": wanted.percent,
    }

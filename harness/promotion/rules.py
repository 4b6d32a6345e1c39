"""What may happen: each entry judged on the board before it. Pure."""

from collections.abc import Iterator
from datetime import timedelta

from harness.model.gate import Verdict
from harness.promotion.approving import needed, people_for
from harness.promotion.asking import request_denials
from harness.promotion.board import TIERS_FILE, Board
from harness.promotion.denial import Cause, Denial, deny
from harness.promotion.entries import (
    Approval,
    Change,
    Done,
    Entry,
    Founding,
    Halt,
    HealthReport,
    Kind,
    Rejection,
    Request,
    Rollback,
    shown,
)
from harness.promotion.returning import no_way_back, returns
from harness.promotion.tiers import Tiers
from harness.promotion.tiers_file import tiers_of
from harness.promotion.waiting import not_answerable, waits
from harness.signing.envelope import Envelope, signers_of

SKEW = timedelta(minutes=5)
"""How far the clocks of two who sign may be apart."""
HEALTH_ROLE = "health"


def judge(board: Board, entry: Entry, envelope: Envelope, identity: str) -> list[Denial]:
    """Why this entry would count for nothing; empty if it counts."""
    if isinstance(entry, Founding):
        if board.tiers is not None:
            return [
                deny(Cause.FORM, "The ledger was founded before; the tiers change by request and approval.")
            ]
        return list(_authentic(tiers_of(entry.tiers, TIERS_FILE), entry, envelope))
    if board.tiers is None:
        return [deny(Cause.FORM, "The ledger was not founded yet.")]
    used = board.links.get(entry.via.link) if entry.via else None
    if identity in board.seen and used is None:
        return [
            deny(Cause.REPLAYED, f"This very entry of {entry.by} is in the ledger already: it counts once.")
        ]
    if found := list(_authentic(board.tiers, entry, envelope)):
        return found
    if used is not None:  # pressed twice in one second it is the very same entry, too
        text = f"The link was used already, by {used.by} at {shown(used.at)}: it works once."
        return [deny(Cause.REPLAYED, text)]
    if board.last_at and entry.at < board.last_at - SKEW:
        text = f"It says {shown(entry.at)}, and the entry before it {shown(board.last_at)}."
        return [deny(Cause.TIME, text, "Set the clock right, or sign it anew.")]
    match entry:
        case Request():
            return list(request_denials(board, board.tiers, entry))
        case Done():
            return list(_done(board, entry))
        case Approval() | Rejection():
            return list(_answer(board, board.tiers, entry))
        case Halt():
            return list(_halt(board, entry))
        case Rollback():
            return list(_rollback(board, entry))
        case HealthReport():
            return list(_health(board, board.tiers, entry))
        case Change():
            return list(_change(board, board.tiers, entry))


def _authentic(tiers: Tiers, entry: Entry, envelope: Envelope) -> Iterator[Denial]:
    who = entry.via.key if entry.via else entry.by
    key = tiers.key_of(who)
    if entry.by not in tiers.people or key is None:
        stranger = entry.by if entry.by not in tiers.people else who
        yield deny(Cause.PERSON, f"Nobody in tiers.yaml is called {stranger!r}.")
    elif entry.via and who not in tiers.people[entry.by].via:
        text = f"{who} may not sign for {entry.by}: tiers.yaml does not name it under via."
        yield deny(Cause.PERSON, text, "Sign with your own key, or have it added: bvt ledger tiers.")
    elif len(envelope.signatures) != 1 or key.fingerprint not in signers_of(envelope, [key]).good:
        yield deny(Cause.SIGNATURE, f"It is not signed with the key of {who}: it is forged.")


def _answer(board: Board, tiers: Tiers, entry: Approval | Rejection) -> Iterator[Denial]:
    if found := list(not_answerable(board, entry)):
        yield from found
        return
    asked = board.asked[entry.request]
    rules = needed(tiers, asked)
    own = entry.by == asked.request.by
    if isinstance(entry, Approval):
        if own:
            yield deny(Cause.SELF, f"{entry.by} asked for it, and nobody approves what they asked for.")
        if entry.by in asked.approvals:
            yield deny(Cause.REPLAYED, f"{entry.by} has approved it already: one person counts once.")
    if own or entry.by in people_for(tiers, rules):
        return
    if rules or isinstance(entry, Approval):
        roles = " or ".join(dict.fromkeys(rule.role for rule in rules)) or "any; it needs no approval"
        yield deny(Cause.ROLE, f"{entry.by} has not the role that answers it: {roles}.")


def _done(board: Board, entry: Done) -> Iterator[Denial]:
    if found := list(not_answerable(board, entry)):
        yield from found
        return
    yield from waits(board, board.asked[entry.request], entry.at)


def _halt(board: Board, entry: Halt) -> Iterator[Denial]:
    placement = board.placement(entry.candidate, entry.tier)
    if placement is None:
        yield deny(Cause.ORDER, f"{entry.candidate[:12]} is not in tier {entry.tier!r}.")
    elif placement.halted is not None:
        by, at = placement.halted.by, shown(placement.halted.at)
        yield deny(Cause.HALTED, f"{placement.candidate} is halted already, by {by} at {at}.")


def _rollback(board: Board, entry: Rollback) -> Iterator[Denial]:
    placement = board.placement(entry.candidate, entry.tier)
    if placement is None:
        yield deny(Cause.ORDER, f"{entry.candidate[:12]} is not in tier {entry.tier!r}.")
    elif placement.returned_to:
        yield deny(Cause.RETURN, f"{placement.candidate} was rolled back already.")
    elif entry.to not in [each.candidate.sha256 for each in returns(board, placement)]:
        yield no_way_back(placement, entry.to)


def _health(board: Board, tiers: Tiers, entry: HealthReport) -> Iterator[Denial]:
    if HEALTH_ROLE not in tiers.people[entry.by].roles:
        yield deny(Cause.ROLE, f"{entry.by} may not report health: that takes the role {HEALTH_ROLE}.")
    placement = board.placement(entry.candidate, entry.tier)
    if placement is None:
        yield deny(Cause.ORDER, f"{entry.candidate[:12]} is not in tier {entry.tier!r}.")
    elif placement.health and entry.host_hours < placement.health.host_hours:
        text = f"Host hours only grow; the last report had {placement.health.host_hours:g}."
        yield deny(Cause.HEALTH, text)


def _change(board: Board, tiers: Tiers, entry: Change) -> Iterator[Denial]:
    if entry.candidate.kind is Kind.AGENT:
        yield deny(Cause.REACH, "An agent is always a release.", "bvt promote", Verdict.INCOMPLETE)
        return
    reached = board.reached.get(entry.candidate.sha256, 0) + entry.hosts
    if reached > tiers.action_hosts:
        text = (
            f"The change reaches {reached} hosts; above {tiers.action_hosts} it is a release, not an action."
        )
        yield deny(
            Cause.REACH, text, "Gate it, and promote it through the tiers: bvt promote", Verdict.INCOMPLETE
        )

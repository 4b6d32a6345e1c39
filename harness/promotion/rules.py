"""What may happen: each entry judged on the board before it, and what a request still waits for. Pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from harness.model.errors import ConfigurationError
from harness.model.gate import Verdict
from harness.promotion.approving import approval_waits, needed, people_for
from harness.promotion.board import TIERS_FILE, Asked, Board, Placement, State
from harness.promotion.denial import Cause, Denial, deny
from harness.promotion.entries import (
    Approval,
    Bound,
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
    What,
    shown,
)
from harness.promotion.gate_check import POLICY_FILE
from harness.promotion.returning import no_way_back, returns
from harness.promotion.soaking import health_waits, soak_waits
from harness.promotion.tiers import Tier, Tiers
from harness.promotion.tiers_file import tiers_of
from harness.promotion.windows import opens
from harness.signing.envelope import Envelope, signers_of
from harness.signing.policy_file import policy_of

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
            return list(_request(board, board.tiers, entry))
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


def policy_fits(tiers: Tiers, policy: str) -> None:
    """Raises `ConfigurationError` unless the gate policy is one, and judges every tier."""
    have = policy_of(policy.encode(), POLICY_FILE).policy.tiers
    for tier in tiers.tiers:
        if tier.judged_as not in have:
            raise ConfigurationError(
                f"it has no tier {tier.judged_as!r}, which tier {tier.name!r} is judged by.",
                file=str(POLICY_FILE),
                key="tiers",
                hint=f"Tiers there: {', '.join(have)}.",
            )


def _tier(board: Board, name: str) -> Tier | None:
    try:
        return board.rules.tier(name)
    except ConfigurationError:
        return None


def _request(board: Board, tiers: Tiers, entry: Request) -> Iterator[Denial]:
    if entry.what is What.TIERS:
        try:
            policy_fits(tiers_of(entry.tiers, TIERS_FILE), entry.policy)
        except ConfigurationError as error:
            yield deny(Cause.TIERS, str(error))
        if board.open_request(What.TIERS, "", ""):
            yield deny(Cause.REQUEST, "Other tiers are proposed already.", "Approve or reject them first.")
        return
    tier, candidate = _tier(board, entry.tier), entry.candidate
    if tier is None or candidate is None:
        yield deny(Cause.TIERS, f"There is no tier {entry.tier!r}, or no candidate.")
        return
    if not set(tiers.people[entry.by].roles) & set(tier.request):
        roles = " or ".join(tier.request)
        yield deny(Cause.ROLE, f"{entry.by} may not ask for tier {tier.name}: that takes the role {roles}.")
    if open_ := board.open_request(entry.what, candidate.sha256, tier.name):
        text = f"The same is asked for already, by {open_.request.by} at {shown(open_.request.at)}."
        yield deny(Cause.REQUEST, text, f"Approve or reject it: {open_.id[:12]}")
    placement = board.placement(candidate.sha256, tier.name)
    match entry.what:
        case What.PROMOTE:
            yield from _promotion(board, tier, entry, placement)
        case What.RAISE:
            yield from _raise(tier, entry, placement)
            yield from _same(entry, placement)
        case What.RESUME:
            if placement is None or placement.live:
                yield deny(Cause.HALTED, f"{candidate} is not halted in tier {tier.name}.")
            elif placement.returned_to:
                text = f"{candidate} was rolled back in tier {tier.name}: it does not come again."
                yield deny(Cause.HALTED, text, "Mend it, and gate the new candidate.")
            yield from _same(entry, placement)


def _same(entry: Request, placement: Placement | None) -> Iterator[Denial]:
    """Whoever approves reads name and version: they must be those of the digest."""
    if placement is not None and entry.candidate != placement.candidate:
        text = f"It calls the candidate {entry.candidate}; in tier {placement.tier} that is {placement.candidate}."
        yield deny(Cause.BOUND, text)


def _promotion(board: Board, tier: Tier, entry: Request, placement: Placement | None) -> Iterator[Denial]:
    candidate = entry.candidate
    assert candidate is not None
    if placement is not None:
        state = "is" if placement.live else "was halted"
        yield deny(
            Cause.ORDER, f"{candidate} {state} in tier {tier.name} already, since {shown(placement.since)}."
        )
    before = board.rules.before(tier.name)
    if before is not None:
        yield from _came_through(board, candidate.sha256, before, str(candidate))
    if entry.gate is None:
        yield deny(
            Cause.GATE,
            f"There is no gate for {candidate}.",
            "Gate it with bvt run, sign that with bvt gate sign, and name the bundle with --gate.",
            Verdict.INCOMPLETE,
        )
    elif (newest := board.newest_gate.get(candidate.sha256)) and entry.gate.time_verified < newest:
        text = f"The gate is older than the newest one known of this candidate ({shown(newest)})."
        yield deny(Cause.GATE, text, "Use the newest bundle.", Verdict.STALE)


def _came_through(board: Board, sha256: str, before: Tier, name: str) -> Iterator[Denial]:
    was = board.placement(sha256, before.name)
    if was is None:
        text = f"{name} has not been in tier {before.name}, which comes first."
        yield deny(Cause.ORDER, text, f"bvt promote … --to {before.name}", Verdict.INCOMPLETE)
    elif not was.live:
        assert was.halted is not None
        text = f"{name} is halted in tier {before.name}, by {was.halted.by} at {shown(was.halted.at)}."
        yield deny(Cause.HALTED, text, "Resume it first, or mend it.", Verdict.FAIL)


def _raise(tier: Tier, entry: Request, placement: Placement | None) -> Iterator[Denial]:
    if placement is None:
        yield deny(Cause.ORDER, f"{entry.candidate} is not in tier {tier.name}.", verdict=Verdict.INCOMPLETE)
        return
    if not placement.live:
        yield deny(Cause.HALTED, f"{entry.candidate} is halted in tier {tier.name}.", verdict=Verdict.FAIL)
    following = next((step for step in tier.steps if step > placement.percent), None)
    if following is None:
        yield deny(Cause.STEP, f"Tier {tier.name} is at its last step, {placement.percent:g} %.")
    elif entry.percent != following:
        text = f"The step after {placement.percent:g} % is {following:g} %, not {entry.percent:g} %."
        remedy = "A share is never lowered: halt it, or roll it back." if entry.percent < following else ""
        yield deny(Cause.STEP, text, remedy)


def _found(board: Board, entry: Bound) -> Iterator[Denial]:
    asked = board.asked.get(entry.request)
    if asked is None:
        yield deny(Cause.REQUEST, f"There is no request {entry.request[:12]}.")
    elif not entry.fits(asked.request):
        text = f"It answers another request than {asked.id[:12]}: candidate, tier or share are not the same."
        yield deny(Cause.BOUND, text)
    elif asked.state is not State.OPEN:
        by = f" by {asked.rejection.by}" if asked.rejection else ""
        yield deny(Cause.REQUEST, f"The request {asked.id[:12]} is {asked.state.value} already{by}.")
    elif gone := _gone(board, asked):
        yield gone
    elif until := _expired(board.rules, asked, entry.at):
        yield deny(Cause.EXPIRED, f"The request {asked.id[:12]} expired at {shown(until)}.", "Ask again.")


def _gone(board: Board, asked: Asked) -> Denial | None:
    """The tiers may have changed since."""
    name = asked.request.tier
    if not name or _tier(board, name) is not None:
        return None
    return deny(Cause.TIERS, f"The tier {name!r} is in tiers.yaml no more.", "Ask for another tier.")


def _expired(tiers: Tiers, asked: Asked, at: datetime) -> datetime | None:
    until = asked.request.at + timedelta(hours=tiers.request_valid_hours)
    return until if at > until else None


def _answer(board: Board, tiers: Tiers, entry: Approval | Rejection) -> Iterator[Denial]:
    if found := list(_found(board, entry)):
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
    if found := list(_found(board, entry)):
        yield from found
        return
    yield from waits(board, board.asked[entry.request], entry.at)


def waits(board: Board, asked: Asked, at: datetime) -> list[Denial]:
    """What an open request still waits for, or stumbles over; empty if it may be done at this time."""
    tiers, request = board.rules, asked.request
    if gone := _gone(board, asked):
        return [gone]
    found: list[Denial] = []
    if until := _expired(tiers, asked, at):
        found.append(
            deny(Cause.EXPIRED, f"The request expired at {shown(until)}.", "Ask again.", Verdict.STALE)
        )
    found += approval_waits(tiers, asked)
    if request.what in (What.TIERS, What.RESUME) or request.candidate is None:
        return found
    tier = tiers.tier(request.tier)
    here = board.placement(request.candidate.sha256, tier.name)
    if request.what is What.PROMOTE:
        if before := tiers.before(tier.name):
            found += _came_through(board, request.candidate.sha256, before, str(request.candidate))
            if was := board.placement(request.candidate.sha256, before.name):
                found += [*soak_waits(before, was, at), *health_waits(before, was, at)]
    else:
        found += list(_raise(tier, request, here))
        if here is not None:
            found += [*soak_waits(tier, here, at), *health_waits(tier, here, at)]
    next_window = opens(tier.change_windows, at)
    if next_window != at:
        when = f"; the next one opens at {shown(next_window)}" if next_window else ""
        text = f"Tier {tier.name} changes in its change windows only{when}."
        found.append(deny(Cause.WINDOW, text, verdict=Verdict.INCOMPLETE))
    return found


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

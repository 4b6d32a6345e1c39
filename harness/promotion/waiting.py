"""Which request may still be answered, and what an open one waits for. Pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from harness.model.gate import Verdict
from harness.promotion.approving import approval_waits
from harness.promotion.asking import came_through, raise_denials, tier_named
from harness.promotion.board import Asked, Board, State
from harness.promotion.denial import Cause, Denial, deny
from harness.promotion.entries import (
    Bound,
    What,
    shown,
)
from harness.promotion.soaking import health_waits, soak_waits
from harness.promotion.tiers import Tiers
from harness.promotion.windows import opens


def not_answerable(board: Board, entry: Bound) -> Iterator[Denial]:
    """Why the request that this entry answers takes no answer."""
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
    if not name or tier_named(board, name) is not None:
        return None
    return deny(Cause.TIERS, f"The tier {name!r} is in tiers.yaml no more.", "Ask for another tier.")


def _expired(tiers: Tiers, asked: Asked, at: datetime) -> datetime | None:
    until = asked.request.at + timedelta(hours=tiers.request_valid_hours)
    return until if at > until else None


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
            found += came_through(board, request.candidate.sha256, before, str(request.candidate))
            if was := board.placement(request.candidate.sha256, before.name):
                found += [*soak_waits(before, was, at), *health_waits(before, was, at)]
    else:
        found += list(raise_denials(tier, request, here))
        if here is not None:
            found += [*soak_waits(tier, here, at), *health_waits(tier, here, at)]
    next_window = opens(tier.change_windows, at)
    if next_window != at:
        when = f"; the next one opens at {shown(next_window)}" if next_window else ""
        text = f"Tier {tier.name} changes in its change windows only{when}."
        found.append(deny(Cause.WINDOW, text, verdict=Verdict.INCOMPLETE))
    return found

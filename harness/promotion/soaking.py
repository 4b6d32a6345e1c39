"""Whether a candidate has been out long enough, and well enough. Pure. Not to know is not enough."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from harness.model.gate import Verdict
from harness.model.inventory import novelty_words
from harness.promotion.board import Placement
from harness.promotion.demanding import soak_of
from harness.promotion.denial import Cause, Denial, deny
from harness.promotion.entries import shown
from harness.promotion.tiers import Tier
from harness.rollout.health import Health

HOUR_S = 3600.0


@dataclass(frozen=True)
class Soaked:
    """How much of its soak a candidate has at its present share: by the clock, and as hosts reported."""

    hours: float
    of_hours: float
    host_hours: float
    of_host_hours: float

    @property
    def whole(self) -> bool:
        """Nothing is missing."""
        return self.hours >= self.of_hours and self.host_hours >= self.of_host_hours


def soaked(tier: Tier, placement: Placement, at: datetime) -> Soaked:
    """What a placement has by now."""
    hours = (at - placement.step_since).total_seconds() / HOUR_S
    reported = (placement.health.host_hours if placement.health else 0) - placement.step_host_hours
    wanted = soak_of(tier, placement.asked.novelty)
    return Soaked(max(0.0, hours), wanted.hours, max(0.0, reported), wanted.host_hours)


def soak_waits(tier: Tier, placement: Placement, at: datetime) -> Iterator[Denial]:
    """What its time at the present share lacks. It begins anew with each step, and after a halt."""
    have = soaked(tier, placement, at)
    novelty = placement.asked.novelty
    longer = novelty is not None and soak_of(tier, novelty) != tier.soak
    why = f" {novelty_words(novelty)}" if longer and novelty else ""
    ends = placement.step_since + timedelta(hours=have.of_hours)
    if at < ends:
        text = (
            f"{placement.candidate} must be {have.of_hours:g} hours in tier {tier.name} at {placement.percent:g} %,"
            f" until {shown(ends)}.{why}"
        )
        yield deny(Cause.SOAK, text, verdict=Verdict.INCOMPLETE)
    if have.host_hours < have.of_host_hours:
        text = (
            f"Hosts must have run {placement.candidate} for {have.of_host_hours:g} hours in tier {tier.name} at"
            f" {placement.percent:g} %; reported are {have.host_hours:g}.{why}"
        )
        yield deny(Cause.SOAK, text, "Reports come from bvt serve, or from bvt health.", Verdict.INCOMPLETE)


def health_waits(tier: Tier, placement: Placement, at: datetime) -> Iterator[Denial]:
    """What its health lacks: a new report of enough hosts, with few that crashed, fell silent or removed it."""
    bounds, report = tier.health, placement.health
    if bounds is None:
        return
    oldest = at - timedelta(hours=bounds.max_age_hours)
    if report is None or report.at < placement.step_since:
        text = (
            f"No health of {placement.candidate} was reported in tier {tier.name} at {placement.percent:g} %."
        )
        yield deny(Cause.HEALTH, f"{text} Silence is no health.", verdict=Verdict.INCOMPLETE)
        return
    if report.at < oldest:
        text = f"The last report of health in tier {tier.name} is of {shown(report.at)}; silence since is no health."
        yield deny(Cause.HEALTH, text, verdict=Verdict.STALE)
    if report.hosts < bounds.min_hosts:
        text = f"{report.hosts} hosts of tier {tier.name} run it; {bounds.min_hosts} are needed to judge its health."
        yield deny(Cause.HEALTH, text, verdict=Verdict.INCOMPLETE)
    yield from _by_the_halt_rule(tier, placement, judged=bounds.judged)
    for what, count, most in (
        ("crashed", report.crashed, bounds.max_crashed),
        ("fell silent", report.silent, bounds.max_silent),
        ("removed it", report.uninstalled, bounds.max_uninstalled),
    ):
        if count > most * report.hosts:
            text = f"{count} of {report.hosts} hosts of tier {tier.name} {what}; at most {most:.2%} may."
            yield deny(Cause.HEALTH, text, "Halt it: bvt halt", Verdict.FAIL)


def _by_the_halt_rule(tier: Tier, placement: Placement, *, judged: bool) -> Iterator[Denial]:
    """Inconclusive never promotes. At 100 % there is no control group, so the rule cannot answer and is not asked."""
    if placement.answer is Health.HALT:
        text = f"The halt rule finds harm by {placement.candidate} in tier {tier.name}."
        yield deny(Cause.HEALTH, text, "Halt it: bvt halt", Verdict.FAIL)
    elif placement.answer is Health.INCONCLUSIVE and placement.percent < 100 and judged:
        text = (
            f"The halt rule cannot tell yet whether {placement.candidate} is healthy in tier {tier.name}:"
            " inconclusive never promotes."
        )
        remedy = "More hosts or more time; or judged: false under health in tiers.yaml."
        yield deny(Cause.HEALTH, text, remedy, Verdict.INCOMPLETE)

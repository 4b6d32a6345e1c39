"""Reports of health for the ledger: what was heard of each tier's hosts, and what the halt rule says of it."""

from datetime import datetime

from securesystemslib.signer import Signer

from harness.model.errors import ConfigurationError
from harness.promotion.acting import name_and_via
from harness.promotion.board import Placement
from harness.promotion.denial import Refused
from harness.promotion.entries import HealthReport
from harness.promotion.rules import HEALTH_ROLE
from harness.promotion.service import Promotion
from harness.rollout.halt import HaltRule
from harness.rollout.health import Watched, assess
from harness.server.settings import Settings
from harness.server.store import Store, ring_of

HOUR_S = 3600.0


def report_health(store: Store, settings: Settings, promotion: Promotion, signer: Signer) -> list[str]:
    """Report on everything that is out and whose last report, or present share, is old enough. A sentence each.

    A server without the role reports nothing: somebody else does.
    """
    board, at = promotion.board(), promotion.now()
    try:
        name, _ = name_and_via(board.rules, signer)
    except Refused:
        return []
    if HEALTH_ROLE not in board.rules.people[name].roles:
        return []
    releases = {each.candidate: each.release for each in settings.rollouts if each.candidate}
    said = []
    for place in list(board.placements.values()):
        release = releases.get(place.candidate.sha256)
        if release is None or not place.live or not _due(place, at, settings.report_health_s):
            continue
        hosts = [each for each in store.watched(release) if ring_of(each.cohort) == place.tier]
        report = health_of(place, hosts, settings.rule, at)
        if report is None:
            continue
        try:
            promotion.report_health(report, signer)
            said.append(f"{place.candidate} in tier {place.tier}: {report.hosts} hosts, {report.answer}.")
        except (Refused, ConfigurationError) as error:
            said.append(f"{place.candidate} in tier {place.tier}: {error}")
    return said


def _due(place: Placement, at: datetime, every_s: float) -> bool:
    last = max(place.health.at, place.step_since) if place.health else place.step_since
    return (at - last).total_seconds() >= every_s


def health_of(place: Placement, hosts: list[Watched], rule: HaltRule, at: datetime) -> HealthReport | None:
    """The report on one tier's hosts; None if none of them was ever offered the candidate.

    Harm counts as the halt rule counts it: the first of each host, within the rule's window after its offer.
    """
    candidates = [each for each in hosts if each.candidate]
    if not candidates:
        return None
    found = assess(hosts, rule, at.timestamp())
    ran_s = sum(max(0.0, each.last_seen - each.entered) for each in candidates)
    return HealthReport(
        by="-",
        at=at,
        candidate=place.candidate.sha256,
        tier=place.tier,
        hosts=len(candidates),
        host_hours=round(ran_s / HOUR_S, 3),
        crashed=found.candidate.crashes,
        silent=found.candidate.silences,
        uninstalled=found.candidate.uninstalls,
        answer=found.health,
    )

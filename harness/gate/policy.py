"""Whether a gate is what a tier asks for, by `gate-policy.yaml`. Deny unless. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase

from harness.gate.flaky import flaky_notes, flaky_refusals
from harness.gate.gate_policy import GatePolicy, TierPolicy
from harness.gate.refusals import Ground, Refusal
from harness.gate.regression import regression_refusals
from harness.gate.rules import Facts, broken_rule
from harness.model.base import DAY_S
from harness.model.difference import Difference
from harness.model.gate import CellVerdict, Verdict
from harness.model.plan import Plan
from harness.model.plural import plural
from harness.model.waiver import WaiverDebt, WaiverState

AGAIN = "Run the gate again."
WEAKER = "Gate what the tier asks for; or change the policy: whoever signs it is responsible for it."


@dataclass(frozen=True)
class Evidence:
    """What a policy looks at. `cells`: after waivers. `signers`: distinct keys; None where nobody has signed yet."""

    plan: Plan
    cells: Sequence[CellVerdict]
    waivers: Sequence[WaiverDebt]
    oldest: datetime | None
    now: datetime
    signers: int | None = None
    since: Difference | None = None
    """Against the gate of the last release."""


@dataclass(frozen=True)
class Coverage:
    """How much of the fleet passed."""

    percent: float
    uncovered: tuple[tuple[str, float], ...]
    """Images of the fleet that did not pass, and their weight in per cent; the heaviest first."""
    unknown: float
    """Per cent of the fleet that the policy names no image for."""


def coverage_of(policy: GatePolicy, evidence: Evidence) -> Coverage:
    """An image is covered if it has a required cell, and all that it has passed."""
    images = {cell.id: cell.image for cell in evidence.plan.cells if cell.required}
    good: dict[str, bool] = {}
    for entry in evidence.cells:
        image = images.get(entry.cell)
        if image is not None:
            good[image] = good.get(image, True) and entry.verdict is Verdict.PASS
    covered = sum(weight for image, weight in policy.fleet.items() if good.get(image))
    uncovered = [(image, weight) for image, weight in policy.fleet.items() if not good.get(image)]
    unknown = max(0.0, 100.0 - sum(policy.fleet.values()))
    return Coverage(round(covered, 3), tuple(sorted(uncovered, key=lambda pair: -pair[1])), round(unknown, 3))


def expiry_refusals(policy: GatePolicy, now: datetime) -> list[Refusal]:
    """That the policy has expired, if it has: then it lets nothing through, and nobody's waivers count."""
    if now < policy.expires:
        return []
    text = f"The policy {policy.name} expired on {policy.expires:%Y-%m-%d %H:%M} UTC."
    remedy = "Have the policy reviewed, and give it a new expiry."
    return [Refusal(ground=Ground.POLICY, verdict=Verdict.STALE, text=text, remedy=remedy)]


def policy_refusals(policy: GatePolicy, tier: str, evidence: Evidence) -> list[Refusal]:
    """Every reason why the tier does not take this gate. The gate's own verdict is judged elsewhere."""
    if expired := expiry_refusals(policy, evidence.now):
        return expired
    wanted = policy.tiers.get(tier)
    if wanted is None:
        text = f"The policy {policy.name} has no tier {tier!r}; it has {', '.join(policy.tiers)}."
        return [Refusal(ground=Ground.TIER, verdict=Verdict.INCOMPLETE, text=text, remedy=WEAKER)]
    return [
        *_suite(wanted, tier, evidence),
        *_cells(wanted, tier, evidence),
        *_substrates(wanted, tier, evidence),
        *_coverage(policy, wanted, tier, evidence),
        *_freshness(wanted, tier, evidence),
        *_signers(wanted, tier, evidence),
        *_retries(wanted, tier, evidence),
        *_waivers(wanted, tier, evidence),
        *_rules(policy, wanted, tier, evidence),
        *flaky_refusals(wanted.flaky.most, tier, flaky_notes(policy.flaky, evidence.cells, evidence.now)),
        *regression_refusals(wanted.regression, tier, evidence.since),
    ]


def _refusal(ground: Ground, text: str, *, verdict: Verdict = Verdict.INCOMPLETE, cell: str = "") -> Refusal:
    remedy = AGAIN if verdict is Verdict.STALE else WEAKER
    return Refusal(ground=ground, verdict=verdict, text=text, remedy=remedy, cell=cell)


def _suite(wanted: TierPolicy, tier: str, evidence: Evidence) -> Iterator[Refusal]:
    if evidence.plan.suite not in wanted.suites:
        text = f"Tier {tier} takes suite {' or '.join(wanted.suites)}; this gate is of suite {evidence.plan.suite}."
        yield _refusal(Ground.SUITE, text)


def _cells(wanted: TierPolicy, tier: str, evidence: Evidence) -> Iterator[Refusal]:
    for pattern in wanted.cells:
        named = [entry for entry in evidence.cells if fnmatchcase(entry.cell, pattern)]
        if not named:
            yield _refusal(Ground.TIER, f"Tier {tier} needs a cell {pattern}; the plan has none.")
        for entry in named:
            if entry.verdict is not Verdict.PASS:
                text = f"Tier {tier} needs this cell; it came to {entry.verdict.value}."
                yield _refusal(Ground.TIER, text, cell=entry.cell)


def _substrates(wanted: TierPolicy, tier: str, evidence: Evidence) -> Iterator[Refusal]:
    for entry in evidence.cells:
        report = entry.report
        if report is None or not entry.required:
            continue
        if wanted.substrates and report.substrate not in wanted.substrates:
            text = f"The cell ran on {report.substrate.value}; tier {tier} counts only {' or '.join(wanted.substrates)}."
            yield _refusal(Ground.SUBSTRATE, text, cell=entry.cell)
        if wanted.guest_systems and report.guest_system not in wanted.guest_systems:
            allowed = " or ".join(wanted.guest_systems)
            text = f"The cell's guest was {report.guest_system.value}; tier {tier} counts only {allowed}."
            yield _refusal(Ground.SUBSTRATE, text, cell=entry.cell)


def _coverage(policy: GatePolicy, wanted: TierPolicy, tier: str, evidence: Evidence) -> Iterator[Refusal]:
    found = coverage_of(policy, evidence)
    if found.percent < wanted.coverage:
        names = ", ".join(f"{image} ({weight:g} %)" for image, weight in found.uncovered) or "none"
        unknown = (
            f"; {found.unknown:g} % of the fleet is of no version that the policy names"
            if found.unknown
            else ""
        )
        text = (
            f"The gate covers {found.percent:g} % of the fleet, tier {tier} needs {wanted.coverage:g} %;"
            f" not covered: {names}{unknown}."
        )
        yield _refusal(Ground.COVERAGE, text)


def _freshness(wanted: TierPolicy, tier: str, evidence: Evidence) -> Iterator[Refusal]:
    if evidence.oldest is None:
        return  # no required cell has a result, which the gate's own verdict says
    days = (evidence.now - evidence.oldest).total_seconds() / DAY_S
    if days > wanted.max_age_days:
        text = f"The oldest result is {days:.1f} days old; tier {tier} takes at most {wanted.max_age_days:g}."
        yield _refusal(Ground.FRESHNESS, text, verdict=Verdict.STALE)


def _signers(wanted: TierPolicy, tier: str, evidence: Evidence) -> Iterator[Refusal]:
    if evidence.signers is not None and evidence.signers < wanted.signatures:
        text = f"Tier {tier} needs the signatures of {wanted.signatures} distinct keys; there are {evidence.signers}."
        yield _refusal(Ground.THRESHOLD, text, verdict=Verdict.INVALID)


def _retries(wanted: TierPolicy, tier: str, evidence: Evidence) -> Iterator[Refusal]:
    again = {
        entry.cell: len(entry.report.attempts) - 1
        for entry in evidence.cells
        if entry.required and entry.report and len(entry.report.attempts) > 1
    }
    most = wanted.retries.per_cell
    for cell, times in again.items():
        if most is not None and times > most:
            text = f"The cell needed {plural(times, 'further attempt')}; tier {tier} takes at most {most}."
            yield _refusal(Ground.RETRIES, text, cell=cell)
    total = wanted.retries.total
    if total is not None and sum(again.values()) > total:
        text = f"The gate needed {plural(sum(again.values()), 'further attempt')}; tier {tier} takes at most {total}."
        yield _refusal(Ground.RETRIES, text)


def _waivers(wanted: TierPolicy, tier: str, evidence: Evidence) -> Iterator[Refusal]:
    used = [debt for debt in evidence.waivers if debt.state is WaiverState.USED]
    if len(used) > wanted.waivers.most:
        names = ", ".join(debt.waiver.id for debt in used)
        rests = f"The verdict rests on {plural(len(used), 'waiver')} ({names})"
        text = f"{rests}; tier {tier} takes at most {wanted.waivers.most}."
        yield _refusal(Ground.WAIVER, text, verdict=Verdict.FAIL)
    for debt in used:
        days = (debt.waiver.expires - debt.waiver.created).total_seconds() / DAY_S
        if days > wanted.waivers.longest_days:
            text = (
                f"The waiver {debt.waiver.id} lasts {days:g} days; tier {tier} takes at most"
                f" {wanted.waivers.longest_days:g}."
            )
            yield _refusal(Ground.WAIVER, text, verdict=Verdict.FAIL)


def _rules(policy: GatePolicy, wanted: TierPolicy, tier: str, evidence: Evidence) -> Iterator[Refusal]:
    if not wanted.rules:
        return
    found = coverage_of(policy, evidence)
    facts = Facts.of(
        evidence.plan,
        evidence.cells,
        evidence.waivers,
        tier=tier,
        coverage=found.percent,
        uncovered=[image for image, _ in found.uncovered],
        age_days=(evidence.now - evidence.oldest).total_seconds() / DAY_S if evidence.oldest else 0.0,
    )
    for rule in wanted.rules:
        if why := broken_rule(rule.must, facts):
            text = rule.otherwise if why == "false" else f"The rule cannot be answered ({why})."
            yield _refusal(Ground.RULE, f"Rule {rule.name}: {text}")

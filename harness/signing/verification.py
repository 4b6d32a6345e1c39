"""Whether a bundle lets a candidate through. Pure: no file, no network, no clock of its own."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from harness.gate.verdict import Judgement, judge
from harness.model.gate import SEVERITY, Verdict
from harness.model.matrix import FULL
from harness.model.plan import Plan
from harness.model.substrate import Substrate
from harness.signing.binding import binding_refusals
from harness.signing.claims import PlanClaim, Seal, SummaryClaim
from harness.signing.keys import TrustedKey
from harness.signing.reading import (
    Contents,
    Statement,
    bounded,
    check_signatures,
    read_contents,
    read_envelopes,
    refusal,
    short,
)
from harness.signing.refusals import Ground, Refusal, worst_of
from harness.signing.statements import OWN_TIER

DAY_S = 86_400.0
DEFAULT_MAX_AGE_S = 7 * DAY_S
CLOCK_SKEW_S = 300.0
"""How far ahead the clock of who signed may be."""
AGAIN = "Run the gate again."
SHOWN_REASONS = 50


@dataclass(frozen=True)
class Demand:
    """What whoever verifies asks of a bundle. Times are in UTC, ages in seconds.

    `beside`: SHA-256 by name of what lies beside the candidate, for an MSI that installs from more than itself.
    `not_before`: the newest summary known for this candidate, so that an older bundle is no way back.
    `gate_sha256`: of the gate.json beside the bundle. `profile_sha256`, `matrix_sha256`: of today's files.
    """

    candidate_sha256: str
    keys: Sequence[TrustedKey]
    now: datetime
    threshold: int = 1
    suite: str = FULL
    tier: str = OWN_TIER
    max_age_s: float = DEFAULT_MAX_AGE_S
    not_before: datetime | None = None
    beside: Mapping[str, str] = field(default_factory=dict)
    gate_sha256: str | None = None
    profile_sha256: str | None = None
    matrix_sha256: str | None = None


@dataclass(frozen=True)
class Verification:
    """What came of it. It is accepted if nothing is refused; the rest says what was accepted."""

    refusals: tuple[Refusal, ...]
    bundle_sha256: str
    signed_by: frozenset[str] = frozenset()
    """Fingerprints (SHA-256 of SubjectPublicKeyInfo) of the distinct keys that signed every line."""
    run_id: str = ""
    plan: Plan | None = None
    tier: str = OWN_TIER
    time_verified: datetime | None = None
    oldest_result: datetime | None = None
    substrates: frozenset[Substrate] = frozenset()
    not_tested: int = 0
    not_applicable: int = 0

    @property
    def accepted(self) -> bool:
        """True if nothing is refused."""
        return not self.refusals

    @property
    def verdict(self) -> Verdict:
        """The worst of the refusals; PASS if there is none."""
        return worst_of(self.refusals)


def verify_bundle(bundle: bytes, demand: Demand) -> Verification:
    """Verify a bundle: every signature, then that it is whole, then what it says, then whether that is enough.

    A stage that fails ends it, for what a later one says could not be believed. Never raises for what the bundle
    holds.
    """
    sha256 = hashlib.sha256(bundle).hexdigest()
    envelopes, refusals = read_envelopes(bundle)
    if refusals:
        return Verification(tuple(refusals), sha256)
    signed_by, refusals = check_signatures(envelopes, demand.keys, demand.threshold)
    if refusals:
        return Verification(tuple(refusals), sha256, signed_by)
    contents, refusals = read_contents(envelopes)
    if contents.plan is None or contents.seal is None or refusals:
        return Verification(tuple(refusals), sha256, signed_by)
    digest = contents.plan.plan.digest  # made once: of ten thousand cells it takes half a second
    refusals = [
        *bounded(binding_refusals(contents, contents.plan, contents.seal, digest)),
        *_candidate(contents.plan.plan, demand),
    ]
    if not refusals:
        refusals = [*_substance(contents, contents.plan, contents.seal, digest, demand)]
    return _told(contents, contents.plan, demand, Verification(tuple(_ranked(refusals)), sha256, signed_by))


def _ranked(refusals: Sequence[Refusal]) -> list[Refusal]:
    return sorted(refusals, key=lambda each: SEVERITY.index(each.verdict))


def _told(contents: Contents, plan: PlanClaim, demand: Demand, found: Verification) -> Verification:
    own = _summary(contents, demand.tier) or _summary(contents, OWN_TIER)
    ended = _required_ends(contents, plan.plan)
    return Verification(
        found.refusals,
        found.bundle_sha256,
        found.signed_by,
        run_id=plan.run_id,
        plan=plan.plan,
        tier=demand.tier,
        time_verified=_time_verified(own[0]) if own else None,
        oldest_result=min(ended, default=None),
        substrates=frozenset(claim.substrate for _, claim in contents.cells),
        not_tested=own[1].not_tested if own else 0,
        not_applicable=own[1].not_applicable if own else 0,
    )


def _candidate(plan: Plan, demand: Demand) -> Iterator[Refusal]:
    candidate = plan.candidate
    if candidate.sha256 != demand.candidate_sha256:
        text = (
            f"The bundle is about another candidate: {candidate.path.name} {candidate.version}"
            f" (sha256 {short(candidate.sha256)}), not about the file given ({short(demand.candidate_sha256)})."
        )
        yield refusal(Ground.CANDIDATE, text, remedy="Gate this candidate.")
        return
    for each in candidate.beside:
        given = demand.beside.get(each.name)
        if given != each.sha256:
            what = "is not the one that was gated" if given else "is not there"
            text = f"The candidate installs from {each.name!r} beside it, which {what}."
            yield refusal(Ground.CANDIDATE, text, remedy="Take the candidate's whole folder as it was gated.")


def _substance(
    contents: Contents, plan: PlanClaim, seal: Seal, digest: str, demand: Demand
) -> Iterator[Refusal]:
    judgement = _judged(contents, plan, digest)
    yield from _results(contents, seal, judgement)
    yield from _summary_refusals(contents, judgement, demand)
    if plan.plan.suite != demand.suite:
        text = f"The bundle is of suite {plan.plan.suite!r}; suite {demand.suite!r} is needed."
        yield Refusal(
            ground=Ground.SUITE, verdict=Verdict.INCOMPLETE, text=text, remedy=f"Run suite {demand.suite}."
        )
    yield from _times(contents, plan.plan, demand)
    yield from _inputs(plan.plan, seal, demand)


def _judged(contents: Contents, plan: PlanClaim, digest: str) -> Judgement:
    """The verdict made anew from the signed results: no summary is believed without it."""
    reports = [claim.report(_passed(statement)) for statement, claim in contents.cells]
    return judge(plan.plan, plan.run_id, reports, plan_digest=digest)


def _passed(statement: Statement) -> tuple[str, ...]:
    passed = statement.predicate.get("passedTests")
    return tuple(str(check) for check in passed) if isinstance(passed, list) else ()


def _results(contents: Contents, seal: Seal, judgement: Judgement) -> Iterator[Refusal]:
    missing = {each.cell: each for each in seal.missing}
    counted = [
        reason for reason in judgement.reasons if reason.counted and reason.verdict is not Verdict.PASS
    ]
    for reason in counted[:SHOWN_REASONS]:
        known = missing.get(reason.cell)
        yield Refusal(
            ground=Ground.RESULT,
            verdict=known.verdict if known else reason.verdict,
            text=known.reason if known else reason.text,
            remedy=reason.remedy,
            cell=reason.cell,
            check=reason.check,
        )
    if len(counted) > SHOWN_REASONS:
        worst = min((reason.verdict for reason in counted), key=SEVERITY.index)
        text = f"There are {len(counted) - SHOWN_REASONS} more reasons."
        yield Refusal(ground=Ground.RESULT, verdict=worst, text=text)
    now = {entry.cell: entry for entry in judgement.cells}
    for statement, claim in contents.cells:
        entry = now[claim.cell]
        if claim.verdict is entry.verdict:
            continue
        if SEVERITY.index(claim.verdict) < SEVERITY.index(entry.verdict):
            if entry.required or claim.verdict is Verdict.INVALID:
                text = f"The run itself judged this cell {claim.verdict.value}."
                yield Refusal(
                    ground=Ground.RESULT,
                    verdict=claim.verdict,
                    text=text,
                    cell=claim.cell,
                    remedy="See the run's page.",
                )
        else:
            text = f"The statement claims {claim.verdict.value}; its results come to {entry.verdict.value}."
            yield refusal(Ground.RESULT, text, line=statement.line, cell=claim.cell)


def _summary(contents: Contents, tier: str) -> tuple[Statement, SummaryClaim] | None:
    return next((pair for pair in contents.vsas if pair[1].tier == tier), None)


def _summary_refusals(contents: Contents, judgement: Judgement, demand: Demand) -> Iterator[Refusal]:
    found = _summary(contents, demand.tier)
    if found is None:
        have = ", ".join(claim.tier for _, claim in contents.vsas if claim.tier) or "none"
        text = f"The bundle has no summary for tier {demand.tier!r}; tiers that it has one for: {have}."
        remedy = "Sign it with the policy of that tier, or give that policy with --policy."
        yield Refusal(ground=Ground.TIER, verdict=Verdict.INCOMPLETE, text=text, remedy=remedy)
        return
    statement, claim = found
    if claim.verdict is Verdict.PASS and judgement.verdict is not Verdict.PASS:
        text = f"The summary claims PASS; the results come to {judgement.verdict.value}."
        yield refusal(Ground.SUMMARY, text, line=statement.line)
    elif claim.verdict is not Verdict.PASS and judgement.verdict is Verdict.PASS:
        first = f" {claim.reasons[0]}" if claim.reasons else ""
        where = f" for tier {claim.tier}" if claim.tier else ""
        yield Refusal(
            ground=Ground.SUMMARY,
            verdict=claim.verdict,
            text=f"The gate's own summary{where} is {claim.verdict.value}.{first}",
            line=statement.line,
            remedy="See the run's page.",
        )


def _required_ends(contents: Contents, plan: Plan) -> list[datetime]:
    required = {cell.id for cell in plan.cells if cell.required}
    return [_utc(claim.ended) for _, claim in contents.cells if claim.cell in required]


def _time_verified(statement: Statement) -> datetime | None:
    try:
        return _utc(datetime.fromisoformat(str(statement.predicate.get("timeVerified"))))
    except ValueError:
        return None


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _times(contents: Contents, plan: Plan, demand: Demand) -> Iterator[Refusal]:
    found = _summary(contents, demand.tier) or _summary(contents, OWN_TIER)
    verified = _time_verified(found[0]) if found else None
    if verified is None:
        yield refusal(Ground.FRESHNESS, "The summary does not say when it was made.")
        return
    ends = _required_ends(contents, plan)
    latest = demand.now + timedelta(seconds=CLOCK_SKEW_S)
    if verified > latest or max(ends, default=verified) > latest:
        text = "The bundle says that it was made in the future, so its age is unknown."
        yield refusal(Ground.FRESHNESS, text, remedy="Set the clock of this machine or of the gate's right.")
    # The oldest result counts: signing an old run again does not make it fresh.
    oldest = min([verified, *ends])
    age_s = (demand.now - oldest).total_seconds()
    if age_s > demand.max_age_s:
        text = f"The oldest result is {_days(age_s)} old; at most {_days(demand.max_age_s)} are allowed."
        yield Refusal(ground=Ground.FRESHNESS, verdict=Verdict.STALE, text=text, remedy=AGAIN)
    if demand.not_before is not None and verified < demand.not_before:
        text = f"The bundle is older than one already known for this candidate ({demand.not_before.isoformat()})."
        yield Refusal(
            ground=Ground.ROLLBACK, verdict=Verdict.STALE, text=text, remedy="Use the newest bundle."
        )


def _days(seconds: float) -> str:
    return f"{seconds / DAY_S:.1f} days"


def _inputs(plan: Plan, seal: Seal, demand: Demand) -> Iterator[Refusal]:
    if demand.gate_sha256 is not None and demand.gate_sha256 != seal.gate_sha256:
        text = "The gate.json beside the bundle is not the one that was signed."
        yield refusal(Ground.GATE_FILE, text)
    for name, now, then in (
        ("profile", demand.profile_sha256, plan.profile_sha256),
        ("matrix", demand.matrix_sha256, plan.matrix_sha256),
    ):
        if now is not None and now != then:
            text = f"The {name} has changed since the gate ran."
            yield Refusal(ground=Ground.INPUTS, verdict=Verdict.STALE, text=text, remedy=AGAIN)

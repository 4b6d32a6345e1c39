"""What the statements of a whole bundle say, and whether that is enough. Pure."""

from collections.abc import Iterator, Sequence

from harness.gate.policy import Evidence, expiry_refusals, policy_refusals
from harness.gate.refusals import Ground, Refusal
from harness.gate.verdict import Judgement, judge
from harness.gate.waivers import waive
from harness.model.gate import SEVERITY, Verdict
from harness.model.plan import Plan
from harness.model.waiver import Waiver, WaiverDebt
from harness.signing.claims import PlanClaim, Seal
from harness.signing.demand import Demand
from harness.signing.moments import AGAIN, required_ends, summary_of, time_refusals, time_verified
from harness.signing.reading import Contents, Statement, refusal
from harness.signing.since import since_last
from harness.signing.summaries import OWN_TIER
from harness.signing.waiver_files import doubt, waiver_in

SEE_PAGE = "See the run's page."
SHOWN_REASONS = 50


def substance(
    contents: Contents,
    plan: PlanClaim,
    seal: Seal,
    digest: str,
    demand: Demand,
    signed_by: frozenset[str],
) -> tuple[list[Refusal], Judgement, tuple[WaiverDebt, ...]]:
    """Whether what the statements say is enough, and what it is after waivers."""
    bare = _judged(contents, plan, seal, digest)
    waivers, doubts = _believed(contents, demand, signed_by)
    today, debts = waive(bare, plan.plan, waivers, demand.now)
    # What who signed could rightly say then: a waiver may have expired since, which makes nobody a liar.
    parsed = [waiver for _, envelope in contents.waivers if (waiver := waiver_in(envelope))]
    own = summary_of(contents, OWN_TIER)
    moment = (time_verified(own[0]) if own else None) or demand.now
    then, _ = waive(bare, plan.plan, parsed, moment)
    if demand.policy is None and today.verdict is Verdict.PASS:
        doubts = []  # nothing rests on the waivers, so nobody need believe them
    refusals = [
        *doubts,
        *_results(seal, today, parsed),
        *_claims(contents, then, today),
        *_summary_refusals(contents, then, today, demand),
        *_asked(contents, plan, seal, today, debts, demand, signed_by),
        *time_refusals(contents, plan.plan, demand),
        *_inputs(plan.plan, seal, demand),
    ]
    return refusals, today, debts


def _judged(contents: Contents, plan: PlanClaim, seal: Seal, digest: str) -> Judgement:
    """The verdict made anew from the signed results: no summary is believed without it."""
    reports = [claim.report(_passed(statement)) for statement, claim in contents.cells]
    return judge(plan.plan, plan.run_id, reports, plan_digest=digest, merged=seal.merged)


def _believed(
    contents: Contents, demand: Demand, signed_by: frozenset[str]
) -> tuple[list[Waiver], list[Refusal]]:
    """The waivers that the policy lets count, and what is wrong with the others. Without a policy none counts."""
    believed: dict[str, Waiver] = {}
    doubts: list[Refusal] = []
    for line, envelope in contents.waivers:
        if demand.policy is None:
            text = "A waiver counts only with the policy that names its approver."
            remedy = "Give the policy with --policy."
            doubts.append(
                Refusal(ground=Ground.WAIVER, verdict=Verdict.FAIL, text=text, remedy=remedy, line=line)
            )
            continue
        found = doubt(envelope, demand.policy.policy, demand.policy.people, signed_by, line)
        waiver = waiver_in(envelope)
        if found is None and waiver is not None and waiver.id in believed:
            found = refusal(Ground.WAIVER, f"A second waiver is called {waiver.id}.", line=line)
        if found is not None:
            doubts.append(found)
        elif waiver is not None:
            believed[waiver.id] = waiver
    return list(believed.values()), doubts


def _asked(
    contents: Contents,
    claim: PlanClaim,
    seal: Seal,
    today: Judgement,
    debts: tuple[WaiverDebt, ...],
    demand: Demand,
    signed_by: frozenset[str],
) -> Iterator[Refusal]:
    """What the policy asks for a tier, or without one the suite."""
    plan = claim.plan
    if demand.policy is not None and demand.tier == OWN_TIER:
        yield from expiry_refusals(demand.policy.policy, demand.now)
    if demand.policy is None or demand.tier == OWN_TIER:
        if plan.suite != demand.suite:
            text = f"The bundle is of suite {plan.suite!r}; suite {demand.suite!r} is needed."
            remedy = f"Run suite {demand.suite}."
            yield Refusal(ground=Ground.SUITE, verdict=Verdict.INCOMPLETE, text=text, remedy=remedy)
        return
    verified = time_verified(contents.vsas[0][0])
    ends = required_ends(contents, plan)
    evidence = Evidence(
        plan=plan,
        cells=today.cells,
        waivers=debts,
        oldest=min([*ends, *([verified] if verified else [])], default=None),
        now=demand.now,
        signers=len(signed_by),
        since=since_last(claim, seal, today, demand),
    )
    yield from policy_refusals(demand.policy.policy, demand.tier, evidence)


def _passed(statement: Statement) -> tuple[str, ...]:
    passed = statement.predicate.get("passedTests")
    return tuple(str(check) for check in passed) if isinstance(passed, list) else ()


def _results(seal: Seal, today: Judgement, waivers: Sequence[Waiver]) -> Iterator[Refusal]:
    missing = {each.cell: each for each in seal.missing}
    counted = [reason for reason in today.reasons if reason.counted and reason.verdict is not Verdict.PASS]
    for reason in counted[:SHOWN_REASONS]:
        known = missing.get(reason.cell)
        idle = [each.id for each in waivers if each.covers(reason.cell, reason.check)]
        but = (
            f" Waiver {', '.join(idle)} does not let it pass: not for this candidate, or not now."
            if idle
            else ""
        )
        yield Refusal(
            ground=Ground.RESULT,
            verdict=known.verdict if known else reason.verdict,
            text=known.reason if known else f"{reason.text}{but if reason.verdict is Verdict.FAIL else ''}",
            remedy=reason.remedy,
            cell=reason.cell,
            check=reason.check,
        )
    if len(counted) > SHOWN_REASONS:
        worst = min((reason.verdict for reason in counted), key=SEVERITY.index)
        text = f"There are {len(counted) - SHOWN_REASONS} more reasons."
        yield Refusal(ground=Ground.RESULT, verdict=worst, text=text)


def _claims(contents: Contents, then: Judgement, today: Judgement) -> Iterator[Refusal]:
    """Where a statement's own verdict is not what its results came to when it was signed."""
    signed, now = ({entry.cell: entry for entry in each.cells} for each in (then, today))
    for statement, claim in contents.cells:
        entry = signed[claim.cell]
        if SEVERITY.index(claim.verdict) > SEVERITY.index(entry.verdict):
            text = f"The statement claims {claim.verdict.value}; its results come to {entry.verdict.value}."
            yield refusal(Ground.RESULT, text, line=statement.line, cell=claim.cell)
            continue
        worse = SEVERITY.index(claim.verdict) < SEVERITY.index(now[claim.cell].verdict)
        if worse and (entry.required or claim.verdict is Verdict.INVALID):
            yield Refusal(
                ground=Ground.RESULT,
                verdict=claim.verdict,
                text=f"The run itself judged this cell {claim.verdict.value}.",
                cell=claim.cell,
                remedy=SEE_PAGE,
            )


def _summary_refusals(
    contents: Contents, then: Judgement, today: Judgement, demand: Demand
) -> Iterator[Refusal]:
    for statement, claim in contents.vsas:
        if claim.verdict is Verdict.PASS and then.verdict is not Verdict.PASS:
            text = f"The summary claims PASS; the results come to {then.verdict.value}."
            yield refusal(Ground.SUMMARY, text, line=statement.line)
    # With a policy at hand its tier is judged anew; without one the summary of that tier is what there is.
    tier = OWN_TIER if demand.policy else demand.tier
    found = summary_of(contents, tier)
    if found is None:
        have = ", ".join(claim.tier for _, claim in contents.vsas if claim.tier) or "none"
        text = f"The bundle has no summary for tier {demand.tier!r}; tiers that it has one for: {have}."
        remedy = "Sign it with the policy of that tier, or give that policy with --policy."
        yield Refusal(ground=Ground.TIER, verdict=Verdict.INCOMPLETE, text=text, remedy=remedy)
        return
    statement, claim = found
    if claim.verdict is not Verdict.PASS and today.verdict is Verdict.PASS:
        first = f" {claim.reasons[0]}" if claim.reasons else ""
        where = f" for tier {claim.tier}" if claim.tier else ""
        yield Refusal(
            ground=Ground.SUMMARY,
            verdict=claim.verdict,
            text=f"The gate's own summary{where} is {claim.verdict.value}.{first}",
            line=statement.line,
            remedy=SEE_PAGE,
        )


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

"""Whether the statements belong together: one plan, one run, one candidate, and exactly the lines of the seal. Pure."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from harness.gate.refusals import Ground, Refusal
from harness.model.passage import passages
from harness.model.plan import Plan
from harness.signing.claims import (
    PLAN_PREDICATE,
    SEAL_PREDICATE,
    VSA_PREDICATE,
    PlanClaim,
    Seal,
    SummaryClaim,
)
from harness.signing.reading import Contents, Statement, refusal, short
from harness.signing.statement import subjects
from harness.signing.summaries import levels


def binding_refusals(contents: Contents, plan: PlanClaim, seal: Seal, digest: str) -> list[Refusal]:
    """Every way in which the lines do not fit together. `digest`: the plan's own, made anew."""
    return [
        *_of_plan(contents, plan, seal, digest),
        *_of_run(contents, plan),
        *_subjects(contents, plan.plan),
        *_sealed(contents, seal),
        *_cells(contents, plan.plan, seal),
        *_summaries(contents, plan, seal),
    ]


def _of_plan(contents: Contents, plan: PlanClaim, seal: Seal, digest: str) -> Iterator[Refusal]:
    if plan.plan_digest != digest:
        yield refusal(Ground.PLAN, "The plan is not the one whose digest stands beside it.")
    if seal.plan_digest != digest:
        yield refusal(Ground.PLAN, "The seal belongs to another plan.")
    claims = [(statement, claim.plan_digest) for statement, claim in contents.cells]
    claims += [(statement, claim.plan_digest) for statement, claim in (*contents.vsas, *contents.svrs)]
    for statement, other in claims:
        if other != digest:
            text = "The statement belongs to another plan: another candidate, profile, matrix or suite."
            yield refusal(Ground.PLAN, text, line=statement.line)


def _of_run(contents: Contents, plan: PlanClaim) -> Iterator[Refusal]:
    if contents.seal is not None and contents.seal.run_id != plan.run_id:
        yield refusal(
            Ground.RUN, f"The seal belongs to run {contents.seal.run_id!r}, not to {plan.run_id!r}."
        )
    merged = contents.seal.merged if contents.seal is not None else ()
    claims = [(statement, claim.run_id) for statement, claim in contents.cells if claim.run_id not in merged]
    claims += [(statement, claim.run_id) for statement, claim in (*contents.vsas, *contents.svrs)]
    for statement, run_id in claims:
        if run_id != plan.run_id:
            text = f"The statement belongs to run {run_id[:60]!r}, not to {plan.run_id!r}."
            yield refusal(Ground.RUN, text, line=statement.line)


def _subjects(contents: Contents, plan: Plan) -> Iterator[Refusal]:
    wanted = tuple((each["name"], each["digest"]["sha256"]) for each in subjects(plan.candidate))
    for statement in contents.statements:
        if statement.subject != wanted:
            text = "The statement is about another candidate than the plan."
            yield refusal(Ground.CANDIDATE, text, line=statement.line)


def _sealed(contents: Contents, seal: Seal) -> Iterator[Refusal]:
    sealed = [(each.what, each.sha256) for each in seal.statements]
    present = [(what, digest) for _, what, digest in contents.digests]
    if sealed == present:
        return
    known, missing = set(sealed), Counter(sealed)
    missing.subtract(present)
    first: dict[tuple[str, str], int] = {}
    told = False
    for line, what, digest in contents.digests:
        if (what, digest) in first:
            text = f"The line doubles line {first[what, digest]}."
            yield refusal(Ground.SEAL, text, line=line)
            told = True
        elif (what, digest) not in known:
            text = (
                f"The line ({what}) is none of the sealed ones: it was added, or comes from another bundle."
            )
            yield refusal(Ground.SEAL, text, line=line)
            told = True
        first.setdefault((what, digest), line)
    for what, digest in sealed:
        if missing[what, digest] > 0:
            yield refusal(
                Ground.SEAL, f"The sealed line of {what} ({short(digest)}) is missing: it was removed."
            )
            told = True
    if not told:
        at = next(index for index, pair in enumerate(present) if pair != sealed[index])
        text = f"The line holds {present[at][0]} where {sealed[at][0]} was sealed: lines were swapped."
        yield refusal(Ground.SEAL, text, line=contents.digests[at][0])


def _cells(contents: Contents, plan: Plan, seal: Seal) -> Iterator[Refusal]:
    planned = {cell.id for cell in plan.cells}
    shown = [claim.cell for _, claim in contents.cells]
    missing = [each.cell for each in seal.missing]
    for cell, times in sorted(Counter([*shown, *missing]).items()):
        if cell not in planned:
            yield refusal(Ground.SEAL, "The plan has no such cell.", cell=cell)
        elif times > 1:
            yield refusal(Ground.SEAL, f"The cell is accounted for {times} times.", cell=cell)
    accounted = {*shown, *missing}
    for cell in (cell.id for cell in plan.cells):
        if cell not in accounted:
            yield refusal(Ground.SEAL, "The planned cell is neither proven nor named as missing.", cell=cell)
    for statement, claim in contents.cells:
        if claim.suite != plan.suite:
            text = f"The cell was run for suite {claim.suite[:60]!r}, the plan is suite {plan.suite!r}."
            yield refusal(Ground.SUITE, text, line=statement.line)
    went = {cell.id: passages(plan, cell) for cell in plan.cells}
    for statement, claim in contents.cells:
        # A bundle of before there were passages says none, and shows no way back.
        if claim.passages and claim.passages != went.get(claim.cell):
            text = "The cell says that it went from or to another release than the plan seals."
            yield refusal(Ground.PLAN, text, line=statement.line, cell=claim.cell)


def _summaries(contents: Contents, plan: PlanClaim, seal: Seal) -> Iterator[Refusal]:
    seal_digest = next(each.sha256 for each in contents.statements if each.predicate_type == SEAL_PREDICATE)
    plan_digest = next(each.sha256 for each in contents.statements if each.predicate_type == PLAN_PREDICATE)
    for kind, found in (("VSA", contents.vsas), ("SVR", contents.svrs)):
        tiers = [claim.tier for _, claim in found]
        if tiers != list(seal.tiers):
            text = f"The {kind} summaries are those of {_named(tiers)}; sealed are {_named(seal.tiers)}."
            yield refusal(Ground.SUMMARY, text)
    times = {claim.tier: statement.predicate.get("timeVerified") for statement, claim in contents.vsas}
    for statement, claim in (*contents.vsas, *contents.svrs):
        if claim.seal_sha256 != seal_digest:
            text = "The summary was made of another bundle."
            yield refusal(Ground.SUMMARY, text, line=statement.line)
        if claim.suite != plan.plan.suite or claim.pool != plan.plan.pool:
            text = f"The summary is of suite {claim.suite[:60]!r} in pool {claim.pool[:60]!r}, not of this plan's."
            yield refusal(Ground.SUITE, text, line=statement.line)
        if words := _inconsistent(
            statement, claim, {PLAN_PREDICATE: plan_digest, SEAL_PREDICATE: seal_digest}
        ):
            yield refusal(Ground.SUMMARY, f"The summary contradicts itself: {words}.", line=statement.line)
    for statement, claim in contents.svrs:
        if statement.predicate.get("timeCreated") != times.get(claim.tier):
            text = "The SVR was made at another time than the VSA of its tier."
            yield refusal(Ground.SUMMARY, text, line=statement.line)


def _inconsistent(statement: Statement, claim: SummaryClaim, inputs: dict[str, str]) -> str:
    """Where the standard fields say something else than ours, in words."""
    passed = claim.verdict.exit_code == 0
    properties = levels(claim.suite, claim.tier) if passed else []
    predicate = statement.predicate
    if statement.predicate_type != VSA_PREDICATE:
        return "" if predicate.get("properties") == properties else "its properties are not its verdict"
    if predicate.get("verificationResult") != ("PASSED" if passed else "FAILED"):
        return "its verificationResult is not its verdict"
    if predicate.get("verifiedLevels") != (properties or ["FAILED"]):
        return "its verifiedLevels are not its verdict"
    wanted: list[dict[str, Any]] = [{"uri": uri, "digest": {"sha256": each}} for uri, each in inputs.items()]
    if predicate.get("inputAttestations") != wanted:
        return "its inputAttestations are not this bundle's"
    return ""


def _named(tiers: object) -> str:
    assert isinstance(tiers, (list, tuple))
    return ", ".join(tier or "the gate" for tier in tiers) or "none"

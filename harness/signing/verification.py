"""Whether a bundle lets a candidate through. Pure: no file, no network, no clock of its own."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from harness.gate.flaky import flaky_notes
from harness.gate.policy import Coverage, Evidence, coverage_of
from harness.gate.refusals import Ground, Refusal, worst_of
from harness.gate.ways_back import WayBack, ways_back
from harness.model.base import DAY_S
from harness.model.flaky import FlakyNote
from harness.model.gate import SEVERITY, Verdict
from harness.model.plan import Plan
from harness.model.substrate import Substrate
from harness.model.waiver import WaiverDebt
from harness.signing.binding import binding_refusals
from harness.signing.claims import PlanClaim
from harness.signing.demand import DEFAULT_MAX_AGE_S, Demand
from harness.signing.moments import required_ends, summary_of, time_verified
from harness.signing.reading import (
    Contents,
    bounded,
    check_signatures,
    read_contents,
    read_envelopes,
    refusal,
    short,
)
from harness.signing.substance import substance
from harness.signing.summaries import OWN_TIER


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
    waivers: tuple[WaiverDebt, ...] = ()
    """Every waiver in the bundle that is believed, and what rests on it."""
    coverage: Coverage | None = None
    """Of the policy's fleet, if a policy was given."""
    plan_digest: str = ""
    flaky: tuple[FlakyNote, ...] = ()
    """What the checks came to that the policy knows as flaky."""
    uncompared: bool = False
    """The tier bounds regressions, and no gate of an earlier release was given."""
    ways_back: tuple[WayBack, ...] = ()
    """What is shown of each earlier release of the plan."""

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
    debts: tuple[WaiverDebt, ...] = ()
    coverage = None
    flaky: tuple[FlakyNote, ...] = ()
    ways: tuple[WayBack, ...] = ()
    if not refusals:
        refusals, today, debts = substance(contents, contents.plan, contents.seal, digest, demand, signed_by)
        ways = ways_back(contents.plan.plan, today.cells)
        if demand.policy is not None:
            evidence = Evidence(contents.plan.plan, today.cells, debts, None, demand.now)
            coverage = coverage_of(demand.policy.policy, evidence)
            flaky = flaky_notes(demand.policy.policy.flaky, today.cells, demand.now)
    found = Verification(
        tuple(_ranked(refusals)),
        sha256,
        signed_by,
        waivers=debts,
        coverage=coverage,
        plan_digest=digest,
        ways_back=ways,
        flaky=flaky,
    )
    return _told(contents, contents.plan, demand, found)


def _ranked(refusals: Sequence[Refusal]) -> list[Refusal]:
    return sorted(refusals, key=lambda each: SEVERITY.index(each.verdict))


def _told(contents: Contents, plan: PlanClaim, demand: Demand, found: Verification) -> Verification:
    own = summary_of(contents, demand.tier) or summary_of(contents, OWN_TIER)
    ended = required_ends(contents, plan.plan)
    return replace(
        found,
        run_id=plan.run_id,
        plan=plan.plan,
        tier=demand.tier,
        time_verified=time_verified(own[0]) if own else None,
        oldest_result=min(ended, default=None),
        substrates=frozenset(claim.substrate for _, claim in contents.cells),
        not_tested=own[1].not_tested if own else 0,
        not_applicable=own[1].not_applicable if own else 0,
        uncompared=_uncompared(demand),
    )


def _uncompared(demand: Demand) -> bool:
    tier = demand.policy.policy.tiers.get(demand.tier) if demand.policy else None
    return tier is not None and tier.regression.bound and demand.baseline is None


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


__all__ = ["DAY_S", "DEFAULT_MAX_AGE_S", "Demand", "Verification", "verify_bundle"]

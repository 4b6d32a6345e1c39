"""What a gate is worth to each tier of a policy. Pure."""

from collections.abc import Sequence
from datetime import UTC, datetime

from harness.gate.policy import Evidence, policy_refusals
from harness.gate.refusals import Refusal, worst_of
from harness.model.difference import Difference
from harness.model.errors import ConfigurationError
from harness.model.gate import SEVERITY, Gate, Reason, Verdict
from harness.model.waiver import Waiver
from harness.signing.envelope import Envelope
from harness.signing.policy_file import LoadedPolicy
from harness.signing.summaries import Summary
from harness.signing.waiver_files import doubt, waiver_in


def evidence_of(
    gate: Gate, now: datetime, signers: int | None = None, since: Difference | None = None
) -> Evidence:
    """What a policy looks at in a gate that has (not) been signed yet."""
    ends = [entry.report.ended for entry in gate.cells if entry.required and entry.report]
    oldest = min((_aware(moment) for moment in ends), default=None)
    return Evidence(gate.plan, gate.cells, gate.waivers, oldest, now, signers, since)


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def tier_refusals(
    gate: Gate, loaded: LoadedPolicy, tier: str, now: datetime, since: Difference | None = None
) -> tuple[Refusal, ...]:
    """Why the tier does not take the gate, besides the gate's own reasons. Signatures are counted on verifying."""
    return tuple(policy_refusals(loaded.policy, tier, evidence_of(gate, now, since=since)))


def tier_summaries(
    gate: Gate, loaded: LoadedPolicy, now: datetime, since: Difference | None = None
) -> list[Summary]:
    """One summary for each tier of the policy. `since`: against the gate of the last release, where it is known."""
    found = []
    for tier in loaded.policy.tiers:
        refusals = tier_refusals(gate, loaded, tier, now, since)
        own = [reason for reason in gate.reasons if reason.verdict is not Verdict.PASS]
        verdict = min((gate.verdict, worst_of(refusals)), key=SEVERITY.index)
        used = [debt.waiver.id for debt in gate.waivers if debt.failures]
        found.append(
            Summary(
                tier,
                verdict,
                (*own, *(reason_of(each) for each in refusals)),
                (loaded.policy.name, loaded.sha256),
                tuple(used),
            )
        )
    return found


def reason_of(refusal: Refusal) -> Reason:
    """The same as a reason of a gate."""
    return Reason(
        verdict=refusal.verdict,
        cell=refusal.cell,
        check=refusal.check,
        text=refusal.text,
        remedy=refusal.remedy,
    )


def believed_waivers(
    envelopes: Sequence[Envelope], loaded: LoadedPolicy, gate_keys: frozenset[str] = frozenset()
) -> list[Waiver]:
    """What these envelopes let pass. Raises `ConfigurationError` for the first that the policy does not believe."""
    found: dict[str, Waiver] = {}
    for envelope in envelopes:
        waiver, problem = waiver_in(envelope), doubt(envelope, loaded.policy, loaded.people, gate_keys)
        if problem is not None or waiver is None:
            raise ConfigurationError(str(problem), hint=problem.remedy if problem else "")
        if waiver.id in found:
            raise ConfigurationError(f"Two waivers are called {waiver.id}.")
        found[waiver.id] = waiver
    return list(found.values())

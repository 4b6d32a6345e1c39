"""`bvt gate explain`: why a gate does not pass, for each tier, and what would make it pass."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from harness.cli.evidence import PolicyKeyOption, PolicyOption, read_policy
from harness.cli.output import Output
from harness.gate.artifact import read_gate
from harness.gate.flaky import flaky_notes
from harness.gate.ways_back import ways_back
from harness.model.errors import ConfigurationError
from harness.model.gate import SEVERITY, Gate, Reason, Verdict
from harness.model.inventory import Novelty, novelty_words
from harness.reports.facts import verdict_words
from harness.reports.gathering import gathered
from harness.reports.publish import read_context
from harness.reports.to_pass import steps
from harness.reports.waived import debt_lines
from harness.reports.words import one_line
from harness.signing.summaries import Summary
from harness.signing.tiers import tier_summaries


def explain(
    run: Annotated[Path, typer.Argument(help="Run directory, or its gate.json.", show_default=False)],
    policy: PolicyOption = None,
    policy_key: PolicyKeyOption = None,
    tier: Annotated[str, typer.Option(help="Only this tier.", show_default="every tier of the policy")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> int:
    """Say why a gate does not pass, and what would make it pass. The exit code is the verdict (of the worst tier)."""
    gate, loaded = read_gate(run), read_policy(policy, policy_key)
    if loaded is None:
        if tier:
            raise ConfigurationError(
                "--tier needs the policy that describes it.", hint="Give it with --policy."
            )
        found = [Summary.of_gate(gate)]
    else:
        if tier and tier not in loaded.policy.tiers:
            known = ", ".join(loaded.policy.tiers)
            raise ConfigurationError(f"the policy has no tier {tier!r}; it has {known}.", key="--tier")
        compared = read_context(run if run.is_dir() else run.parent).baseline
        since = compared.difference if compared else None
        summaries = tier_summaries(gate, loaded, datetime.now(UTC), since)
        found = [each for each in summaries if tier in ("", each.tier)]
    flaky = flaky_notes(loaded.policy.flaky if loaded else (), gate.cells, datetime.now(UTC))
    root = run if run.is_dir() else run.parent
    baseline = read_context(root).baseline
    new = baseline.difference.novelty if baseline else None
    if as_json:
        notes = [each.model_dump(mode="json") for each in flaky]
        documents = [_document(gate, each, root, new) | {"flaky": notes} for each in found]
        typer.echo(json.dumps(documents, indent=1, ensure_ascii=False))
    else:
        output = Output(soft_wrap=True)
        for each in found:
            for line in _lines(gate, each, root):
                output.print(one_line(line), markup=False, highlight=False)
        for line in (*_beside(gate, new), *(str(each) for each in flaky)):
            output.print(one_line(line), markup=False, highlight=False)
    return min((each.verdict for each in found), key=SEVERITY.index).exit_code


def _counted(summary: Summary) -> list[Reason]:
    return [each for each in summary.reasons if each.counted and each.verdict is not Verdict.PASS]


def _lines(gate: Gate, summary: Summary, root: Path) -> Iterator[str]:
    candidate = gate.plan.candidate
    verdict = verdict_words(gate) if not summary.tier else f"{summary.tier}: {summary.verdict.value}"
    yield f"{verdict}  {candidate.product_name} {candidate.version}"
    for each in gathered(_counted(summary)):
        place = f"{each.where}: " if each.where else ""
        yield f"  {each.reason.verdict.value}: {place}{each.reason.text}"
    yield from (f"  {line}" for line in debt_lines(gate.waivers))
    if summary.verdict is Verdict.PASS:
        yield "  Nothing stands against it."
        return
    yield "  To pass:"
    for number, step in enumerate(steps(summary.reasons, root), 1):
        yield f"    {number}. {step.remedy}" + (f"  {step.command}" if step.command else "")


def _beside(gate: Gate, new: Novelty | None) -> Iterator[str]:
    """What no verdict depends on: what is new in the candidate, and whether there is a way back."""
    if new is None:
        yield "What is new was not compared: run with --baseline or --ledger."
    elif words := novelty_words(new):
        yield words
    for way in ways_back(gate.plan, gate.cells):
        proven = "is a proven way back" if way.proven else f"is no proven way back: {' '.join(way.lacks)}"
        yield f"{way.name} release {way.release.version} {proven}"


def _document(gate: Gate, summary: Summary, root: Path, new: Novelty | None) -> dict[str, Any]:
    return {
        "tier": summary.tier or None,
        "verdict": summary.verdict.value,
        "reasons": [each.model_dump(mode="json") for each in _counted(summary)],
        "waivers": [each.model_dump(mode="json") for each in gate.waivers],
        "novelty": new.model_dump(mode="json") if new else None,
        "ways_back": {way.release.sha256: list(way.lacks) for way in ways_back(gate.plan, gate.cells)},
        "to_pass": [
            {"remedy": each.remedy, "command": each.command or None} for each in steps(summary.reasons, root)
        ],
    }

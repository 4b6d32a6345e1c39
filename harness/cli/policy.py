"""`bvt policy`: check a policy, sign it, and see what it would have decided on the last gates."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from harness.cli.ending import ends
from harness.cli.evidence import PublicHalf
from harness.cli.output import Output
from harness.cli.passphrase import passphrase
from harness.files import write_atomically
from harness.gate.artifact import GATE_FILE, read_gate
from harness.gate.refusals import worst_of
from harness.model.errors import ConfigurationError
from harness.model.gate import SEVERITY, Gate
from harness.model.plural import plural
from harness.reports.words import one_line
from harness.signing.policy_file import LoadedPolicy, load_policy, policy_envelope
from harness.signing.signers import signer_of
from harness.signing.tiers import tier_refusals

PolicyArgument = Annotated[Path, typer.Argument(help="gate-policy.yaml, bare or signed.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        name="policy", help="What tiers ask of a gate: check, sign, replay.", no_args_is_help=True
    )
    group.command("check")(ends(check))
    group.command("sign")(ends(sign))
    group.command("replay")(ends(replay))
    app.add_typer(group)


def check(policy: PolicyArgument) -> None:
    """Read a policy and say what it asks for. A mistake is one sentence with file, line and key."""
    loaded = load_policy(policy)
    known = sum(loaded.policy.fleet.values())
    typer.echo(f"policy {loaded.policy.name}, sha256 {loaded.sha256}")
    state = "expired" if datetime.now(UTC) >= loaded.policy.expires else "expires"
    typer.echo(f"{state} {loaded.policy.expires:%Y-%m-%d %H:%M} UTC; names {known:g} % of the fleet")
    for name, tier in loaded.policy.tiers.items():
        where = " or ".join(tier.substrates) or "what the plan allows"
        typer.echo(
            f"tier {name}: suite {' or '.join(tier.suites)} on {where}, {tier.coverage:g} % of the fleet,"
            f" at most {tier.max_age_days:g} days old, {plural(tier.signatures, 'key')},"
            f" {plural(tier.waivers.most, 'waiver')}, {plural(len(tier.rules), 'rule')}"
        )


def sign(
    policy: PolicyArgument,
    key: Annotated[str, typer.Option("--key", help="Private key: a file or a URI.", show_default=False)],
    out: Annotated[
        Path | None, typer.Option(help="Signed policy.", show_default="the policy's name with .signed")
    ] = None,
    public_key: PublicHalf = None,
) -> None:
    """Sign a policy. Verifiers require that key with --policy-key. A signed policy gets a further signature."""
    envelope = policy_envelope(policy)
    target = out or (policy if envelope.signatures else policy.with_name(f"{policy.name}.signed"))
    write_atomically(target, envelope.signed(signer_of(key, passphrase, public_key)).line + b"\n")
    typer.echo(f"signed: {target}")


def replay(
    policy: PolicyArgument,
    runs: Annotated[
        list[Path], typer.Argument(help="Run directories, or folders that hold them.", show_default=False)
    ],
    against: Annotated[
        Path | None,
        typer.Option("--against", help="Policy of today, to show what changes.", show_default=False),
    ] = None,
    last: Annotated[int, typer.Option(min=1, help="Gates to look at, the newest first.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Say what POLICY would have decided on the last gates, as old as they were when they were made."""
    loaded = load_policy(policy)
    before = load_policy(against) if against else None
    gates = _gates(runs)[:last]
    found = [
        _replayed(path, gate, tier, loaded, before) for path, gate in gates for tier in loaded.policy.tiers
    ]
    if as_json:
        typer.echo(json.dumps(found, indent=1, ensure_ascii=False))
        return
    output = Output(soft_wrap=True)
    for each in found:
        was = f" (was {each['before']})" if each["before"] not in (None, each["verdict"]) else ""
        line = f"{each['tier']}: {each['verdict']}{was}  {each['product']} {each['version']}  {each['run']}"
        output.print(one_line(line), markup=False, highlight=False)
        for sentence in each["refusals"]:
            output.print(f"  {one_line(sentence)}", markup=False, highlight=False)
    changed = sum(each["before"] not in (None, each["verdict"]) for each in found)
    output.print(
        f"{plural(len(gates), 'gate')}" + (f", {plural(changed, 'decision')} changed" if before else "")
    )


def _gates(places: list[Path]) -> list[tuple[Path, Gate]]:
    """The newest first. Raises `ConfigurationError` if there is none."""
    files: list[Path] = []
    for place in places:
        files += [place] if (place / GATE_FILE).is_file() else sorted(place.glob(f"*/{GATE_FILE}"))
    found = [(file if file.is_dir() else file.parent, read_gate(file)) for file in files]
    if not found:
        raise ConfigurationError("there is no gate.json here.", file=", ".join(map(str, places)))
    return sorted(found, key=lambda pair: pair[1].created, reverse=True)


def _replayed(
    path: Path, gate: Gate, tier: str, loaded: LoadedPolicy, before: LoadedPolicy | None
) -> dict[str, Any]:
    # A policy's own expiry and a gate's age are about today; the question is about the day of the gate.
    refusals = tier_refusals(gate, loaded, tier, gate.created)
    verdict = min((gate.verdict, worst_of(refusals)), key=SEVERITY.index)
    was = None
    if before is not None:
        earlier = worst_of(tier_refusals(gate, before, tier, gate.created))
        was = min((gate.verdict, earlier), key=SEVERITY.index).value
    return {
        "run": str(path),
        "product": gate.plan.candidate.product_name,
        "version": gate.plan.candidate.version,
        "tier": tier,
        "gate": gate.verdict.value,
        "verdict": verdict.value,
        "before": was,
        "refusals": [str(each) for each in refusals],
    }

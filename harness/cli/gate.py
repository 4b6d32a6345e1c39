"""`bvt gate`: sign a run's gate, and verify a signed one, offline."""

import gc
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.compared import BaselineOption, HistoryOption, MetaOption, ShippedOption, Showing, gate_at
from harness.cli.ending import ends
from harness.cli.evidence import (
    Judging,
    PolicyKeyOption,
    PolicyOption,
    PublicHalf,
    WaiversOption,
    read_policy,
)
from harness.cli.explain import explain
from harness.cli.output import Output
from harness.cli.verified import verification_document, verification_lines
from harness.files import named_file, sha256_of, write_atomically
from harness.gate.artifact import GATE_FILE, read_gate
from harness.model.errors import ConfigurationError
from harness.model.matrix import FULL
from harness.reports.publish import PAGE_FILE, write_page, write_reports
from harness.reports.summary import summary_text
from harness.rundir.merging import merge_runs
from harness.signing.beside import FilesBeside
from harness.signing.bundle import BUNDLE_FILE, co_signed
from harness.signing.keys import read_public_keys
from harness.signing.verification import DAY_S, Demand, Verification, verify_bundle

KeyUri = Annotated[
    str,
    typer.Option(
        "--key",
        envvar="BVT_SIGN_KEY",
        help="Private key: a PEM file, or a URI (hsm:, awskms:, azurekms:, gcpkms:, hv: …).",
        show_default=False,
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        name="gate", help="A run's gate: sign, verify, explain, merge, page.", no_args_is_help=True
    )
    group.command("sign")(ends(sign, writes_inside=True))
    group.command("verify")(ends(verify))
    group.command("explain")(ends(explain))
    group.command("merge")(ends(merge, writes_inside=True))
    group.command("page")(ends(page, writes_inside=True))
    app.add_typer(group)


def sign(
    run: Annotated[Path, typer.Argument(help="A run directory, or a bundle.", show_default=False)],
    key: KeyUri,
    policy: PolicyOption = None,
    policy_key: PolicyKeyOption = None,
    waivers: WaiversOption = None,
    public_key: PublicHalf = None,
) -> None:
    """Sign a run's gate: write gate.intoto.jsonl beside its gate.json.

    With a policy there is a summary for each of its tiers, and waivers count. If RUN is a bundle already, one more key
    signs it.
    """
    judging = Judging.asked_for(policy, policy_key, waivers, key, public_key)
    if run.is_dir():
        write_page(run, judging.judged(run, read_gate(run)))
        typer.echo(f"signed: {run / BUNDLE_FILE}")
        return
    if judging.policy or judging.waivers:
        raise ConfigurationError(
            "a bundle is judged already; --policy and --waivers go with a run directory."
        )
    assert judging.signer is not None
    bundle = named_file(run).read_bytes()
    write_atomically(run, co_signed(bundle, judging.signer))
    typer.echo(f"co-signed: {run}")


def verify(
    bundle: Annotated[
        Path,
        typer.Argument(help="gate.intoto.jsonl, or the run directory that holds it.", show_default=False),
    ],
    candidate: Annotated[
        Path, typer.Option("--candidate", help="The installer that is to be let through.", show_default=False)
    ],
    key: Annotated[
        list[Path],
        typer.Option("--key", help="Trusted public key (PEM); may be repeated.", show_default=False),
    ],
    threshold: Annotated[int, typer.Option(min=1, help="Distinct keys that must have signed.")] = 1,
    tier: Annotated[str, typer.Option(help="Tier to enter.", show_default="none: the gate itself")] = "",
    policy: PolicyOption = None,
    policy_key: PolicyKeyOption = None,
    suite: Annotated[str, typer.Option(help="Suite that the gate must be of.")] = FULL,
    max_age: Annotated[float, typer.Option("--max-age", min=0.0, help="Days since the oldest result.")] = 7.0,
    not_before: Annotated[
        datetime | None,
        typer.Option(
            help="Refuse a bundle made before this time (UTC): the newest known.", show_default=False
        ),
    ] = None,
    profile: Annotated[
        Path | None, typer.Option(help="Today's profile file; STALE if it changed.", show_default=False)
    ] = None,
    matrix: Annotated[
        Path | None, typer.Option(help="Today's matrix file; STALE if it changed.", show_default=False)
    ] = None,
    baseline: BaselineOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as one JSON document.")] = False,
) -> int:
    """Check whether BUNDLE lets the candidate through. Needs no network. The exit code is the verdict."""
    file = bundle / BUNDLE_FILE if bundle.is_dir() else bundle
    keys = read_public_keys(key)
    loaded = read_policy(policy, policy_key)
    if loaded is not None and not tier and len(loaded.policy.tiers) > 1:
        raise ConfigurationError("the policy has several tiers.", hint="Name one with --tier.")
    found = _verified(
        named_file(file, "BUNDLE").read_bytes(),
        Demand(
            candidate_sha256=_sha256(candidate, "--candidate"),
            keys=keys,
            now=datetime.now(UTC),
            threshold=threshold,
            suite=suite,
            tier=tier or (next(iter(loaded.policy.tiers)) if loaded else ""),
            policy=loaded,
            max_age_s=max_age * DAY_S,
            not_before=not_before.replace(tzinfo=UTC) if not_before else None,
            beside=FilesBeside(candidate.parent),
            gate_sha256=_gate_beside(file),
            profile_sha256=_sha256(profile, "--profile") if profile else None,
            matrix_sha256=_sha256(matrix, "--matrix") if matrix else None,
            baseline=gate_at(baseline) if baseline else None,
        ),
    )
    if as_json:
        typer.echo(json.dumps(verification_document(found), indent=1, ensure_ascii=False))
    else:
        output = Output(soft_wrap=True)
        for line in verification_lines(found):
            output.print(line, markup=False, highlight=False)
    return found.verdict.exit_code


def _verified(bundle: bytes, demand: Demand) -> Verification:
    """As `verify_bundle`. What a bundle holds is needed to the end; looking for garbage takes a third of the time."""
    gc.disable()
    try:
        return verify_bundle(bundle, demand)
    finally:
        gc.enable()


def merge(
    runs: Annotated[
        list[Path], typer.Argument(help="Run directories of one plan, at least two.", show_default=False)
    ],
    out: Annotated[Path, typer.Option(help="Directory of the merged run.", show_default=False)],
) -> int:
    """Put partial runs of one plan together, cell by cell. The exit code is the verdict of the whole.

    A cell that the lab lost in one run counts as it came out in another; every attempt stays on record. Two results of
    one cell are refused, whatever they came to.
    """
    if len(runs) < 2:
        raise ConfigurationError("there is nothing to merge: name at least two runs.")
    gate = merge_runs(runs, out)
    write_reports(out, gate, os.environ)
    Output(soft_wrap=True).print(summary_text(gate), markup=False, highlight=False, end="")
    return gate.verdict.exit_code


def page(
    run: Annotated[Path, typer.Argument(help="Run directory.", show_default=False)],
    baseline: BaselineOption = None,
    meta: MetaOption = None,
    history: HistoryOption = None,
    ledger: ShippedOption = None,
    policy: PolicyOption = None,
    policy_key: PolicyKeyOption = None,
) -> None:
    """Write a run's page anew, with what stands beside its gate: comparison, owner and build, coverage, signatures.

    The gate itself stays as it is.
    """
    showing, loaded = Showing.asked_for(meta, baseline, history, ledger), read_policy(policy, policy_key)
    if not run.is_dir():
        raise ConfigurationError("this is no run directory.", file=str(run))
    showing.show(run, read_gate(run), loaded)
    typer.echo(f"written: {run / PAGE_FILE}")


def _sha256(path: Path, option: str) -> str:
    return sha256_of(named_file(path, option))


def _gate_beside(bundle: Path) -> str | None:
    """The digest of the gate.json beside the bundle; None if there is none: the bundle stands for itself."""
    gate = bundle.with_name(GATE_FILE)
    return sha256_of(gate) if gate.is_file() else None

"""`bvt waiver`: sign a waiver, as its author or as its approver, and say what one lets pass."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.ending import ends
from harness.cli.evidence import PolicyKeyOption, PolicyOption, PublicHalf, read_policy
from harness.cli.passphrase import passphrase
from harness.files import write_atomically
from harness.model.gate import Verdict
from harness.model.plural import plural
from harness.reports.words import one_line
from harness.signing.signers import signer_of
from harness.signing.waiver_files import SUFFIX, doubt, draft_envelope, read_waiver, waiver_in


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(name="waiver", help="Let a failed check pass: sign, show.", no_args_is_help=True)
    group.command("sign")(ends(sign))
    group.command("show")(ends(show))
    app.add_typer(group)


def sign(
    waiver: Annotated[
        Path,
        typer.Argument(help="The waiver as YAML, or the .waiver that another signed.", show_default=False),
    ],
    key: Annotated[str, typer.Option("--key", help="Your private key: a file or a URI.", show_default=False)],
    out: Annotated[
        Path | None, typer.Option(help="Signed waiver.", show_default="the same name with .waiver")
    ] = None,
    public_key: PublicHalf = None,
) -> None:
    """Sign a waiver. It counts once its author and its approver have signed, each with their own key."""
    envelope = draft_envelope(waiver).signed(signer_of(key, passphrase, public_key))
    target = out or waiver.with_suffix(SUFFIX)
    write_atomically(target, envelope.line + b"\n")
    typer.echo(f"signed by {plural(len(envelope.signatures), 'key')}: {target}")


def show(
    waiver: Annotated[Path, typer.Argument(help="A signed waiver.", show_default=False)],
    policy: PolicyOption = None,
    policy_key: PolicyKeyOption = None,
) -> int:
    """Say what a waiver lets pass, and with --policy whether it counts."""
    envelope = read_waiver(waiver)
    loaded = read_policy(policy, policy_key)
    found = waiver_in(envelope)
    assert found is not None
    what = f"check {found.check}" if found.check else "every failed check"
    where = f"cell {found.cell}" if found.cell else "every cell"
    versions = found.versions
    whose = f"versions {versions.since} to before {versions.before}" if versions else found.candidate_sha256
    typer.echo(one_line(f"{found.id}: {what} in {where}, of candidate {whose}"))
    typer.echo(one_line(f"reason: {found.reason} ({found.issue})"))
    typer.echo(one_line(f"asked for by {found.author}, approved by {found.approver}"))
    now = datetime.now(UTC)
    state = "expired" if now >= found.expires else "expires"
    typer.echo(f"{found.days_old(now):.1f} days old, {state} {found.expires:%Y-%m-%d %H:%M} UTC")
    if loaded is None:
        return 0
    problem = doubt(envelope, loaded.policy, loaded.people, frozenset())
    if problem is None:
        typer.echo("signed by both; it counts")
        return 0
    typer.echo(str(problem))
    return Verdict.INVALID.exit_code

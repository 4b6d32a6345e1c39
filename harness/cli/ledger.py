"""`bvt ledger`: begin it, change what it is judged by, append what others signed. Its other commands stand beside."""

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.ending import ends
from harness.cli.ledger_audit import verify
from harness.cli.ledger_checkpoints import checkpoint, cosign, key, witness_
from harness.cli.ledger_options import JsonOption, LedgerOption, ledger_at, read_text
from harness.cli.ledger_proofs import check, prove
from harness.cli.promotion_options import PublicHalf, ReasonOption, answered, person, promotion_at, told
from harness.cli.promotion_options import SignOption as PersonKey
from harness.files import named_file
from harness.promotion.answer import of_entry
from harness.promotion.tiers_file import load_tiers
from harness.signing.policy_file import load_policy

TiersFile = Annotated[Path, typer.Argument(help="tiers.yaml", show_default=False)]
PolicyFile = Annotated[
    Path, typer.Option("--policy", help="gate-policy.yaml, which judges the gates.", show_default=False)
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        name="ledger", help="The record of promotions: verify, sign, prove, witness.", no_args_is_help=True
    )
    for command in (init, verify, submit, checkpoint, prove, check, cosign, key, tiers, upgrade):
        group.command(command.__name__)(ends(command))
    group.command("witness")(ends(witness_))
    app.add_typer(group)


def init(
    tiers: TiersFile,
    policy: PolicyFile,
    sign: PersonKey,
    ledger: LedgerOption = None,
    public_key: PublicHalf = None,
) -> None:
    """Begin a ledger. Its first entry holds tiers and policy; later both change by approval: bvt ledger tiers."""
    _, text = load_tiers(tiers)
    promotion = promotion_at(ledger)
    promotion.found(text, _policy_text(policy), person(sign, public_key))
    typer.echo(f"founded: {ledger_at(ledger).name}")


def tiers(
    tiers: TiersFile,
    policy: PolicyFile,
    sign: PersonKey,
    ledger: LedgerOption = None,
    public_key: PublicHalf = None,
    reason: ReasonOption = "",
    as_json: JsonOption = False,
) -> int:
    """Propose other tiers or another policy. They apply once the people named in the present tiers approve."""
    _, text = load_tiers(tiers)
    read = _policy_text(policy)
    promotion = promotion_at(ledger)
    return answered(lambda: promotion.propose_tiers(text, read, person(sign, public_key), reason), as_json)


def submit(
    entry: Annotated[Path, typer.Argument(help="The signed entry.", show_default=False)],
    gate: Annotated[
        Path | None,
        typer.Option("--gate", help="The signed gate, for the request of a promotion.", show_default=False),
    ] = None,
    ledger: LedgerOption = None,
    as_json: JsonOption = False,
) -> int:
    """Append an entry that somebody has signed elsewhere. It is judged like any other."""
    body = named_file(entry, "ENTRY").read_bytes().rstrip(b"\n")
    bundle = None if gate is None else named_file(gate, "--gate").read_bytes()
    return told(lambda: of_entry(promotion_at(ledger).submit(body, bundle)), as_json)


def upgrade(ledger: LedgerOption = None) -> None:
    """Bring the ledger's tables to the newest version. No entry is touched."""
    opened = ledger_at(ledger)
    opened.upgrade()
    typer.echo(f"upgraded: {opened.name}")


def _policy_text(path: Path) -> str:
    load_policy(path)  # a mistake in it has the file's own name and line
    return read_text(path)

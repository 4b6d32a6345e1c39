"""`bvt ledger checkpoint`, `witness`, `cosign`, `key`: signatures over the whole ledger."""

import time
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.ledger_options import (
    CheckpointsOption,
    LedgerOption,
    LogKeyOption,
    OutOption,
    give,
    ledger_at,
    read_checkpoint,
    read_text,
)
from harness.cli.passphrase import passphrase
from harness.cli.promotion_options import PublicHalf
from harness.files import write_atomically
from harness.model.errors import ConfigurationError
from harness.model.plural import plural
from harness.promotion.ledger.checkpoints import add_cosignatures, sign_checkpoint, witness
from harness.promotion.ledger.keys import note_key, note_signer, read_note_key
from harness.promotion.ledger.merkle import ProofError
from harness.promotion.ledger.note import LOG, WITNESS
from harness.promotion.ledger.proof import ConsistencyProof
from harness.promotion.ledger.store import Ledger
from harness.signing.keys import read_public_key
from harness.signing.signers import signer_of

SignOption = Annotated[
    str,
    typer.Option(
        "--sign",
        envvar="BVT_LEDGER_SIGN_KEY",
        help="The ledger's private key: a PEM file or a URI.",
        show_default=False,
    ),
]


def checkpoint(
    sign: SignOption,
    ledger: LedgerOption = None,
    name: Annotated[
        str | None,
        typer.Option("--name", help="The ledger's name.", show_default="that of the last checkpoint"),
    ] = None,
    public_key: PublicHalf = None,
    checkpoints: CheckpointsOption = None,
    out: OutOption = None,
) -> None:
    """Sign the ledger as it is, after reading it whole. Keep a copy elsewhere and give it to verify."""
    opened = ledger_at(ledger)
    outside = tuple(read_checkpoint(path) for path in checkpoints or ())
    signer = note_signer(name or _last_name(opened), LOG, signer_of(sign, passphrase, public_key))
    give(str(sign_checkpoint(opened, signer, outside)), out)


def _last_name(ledger: Ledger) -> str:
    with ledger.reading() as snapshot:
        last = snapshot.last_note()
    if last is None:
        raise ConfigurationError(
            "the ledger has no checkpoint yet, so its name is needed.",
            key="--name",
            hint="Take one that nobody else has: --name example.com/agent-releases",
        )
    return last.checkpoint.origin


def witness_(
    request: Annotated[
        Path, typer.Argument(help="What bvt ledger prove --since (or --first) wrote.", show_default=False)
    ],
    sign: SignOption,
    name: Annotated[str, typer.Option("--name", help="The witness's name.", show_default=False)],
    known: Annotated[
        Path,
        typer.Option(
            "--known", help="The witness's own file: the checkpoint that it knows.", show_default=False
        ),
    ],
    key: LogKeyOption = None,
    public_key: PublicHalf = None,
) -> None:
    """Sign, as a witness, a checkpoint that continues the one known so far. Send KNOWN back: bvt ledger cosign."""
    if key is None:
        raise ConfigurationError("the ledger's public key is needed.", key="--key")
    log = read_note_key(key, LOG, "--key")
    signer = note_signer(name, WITNESS, signer_of(sign, passphrase, public_key))
    older = read_checkpoint(known).note if known.exists() else None
    try:
        proof = ConsistencyProof.parse(read_text(request))
    except ProofError as error:
        raise ConfigurationError(str(error), file=str(request)) from None
    note = witness(proof, log, older, signer, int(time.time()))
    write_atomically(known, str(note))
    typer.echo(f"co-signed: {known}, {note.checkpoint.size} entries")


def cosign(
    checkpoint: Annotated[
        Path, typer.Argument(help="A checkpoint that witnesses signed.", show_default=False)
    ],
    ledger: LedgerOption = None,
    key: LogKeyOption = None,
) -> None:
    """Add the witnesses' signatures to the ledger's checkpoint."""
    if key is None:
        raise ConfigurationError("the ledger's public key is needed.", key="--key")
    note = add_cosignatures(
        ledger_at(ledger), read_checkpoint(checkpoint).note, read_note_key(key, LOG, "--key")
    )
    typer.echo(f"kept: {plural(len(note.signatures), 'signature')} over {note.checkpoint.size} entries")


def key(
    public: Annotated[Path, typer.Argument(help="Public key (PEM, ed25519).", show_default=False)],
    name: Annotated[str, typer.Option("--name", help="What it is called in notes.", show_default=False)],
    as_witness: Annotated[bool, typer.Option("--as-witness", help="It signs as a witness.")] = False,
) -> None:
    """Print the verifier key NAME+HASH+KEY, as other people's witnesses and monitors read it."""
    kind = WITNESS if as_witness else LOG
    typer.echo(str(note_key(name, kind, read_public_key(public, "PUBLIC"), "PUBLIC")))

"""`bvt ledger prove` and `check`: what is in the ledger, shown to somebody who does not have it."""

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.ledger_options import (
    INVALID,
    LedgerOption,
    LogKeyOption,
    OutOption,
    QuorumOption,
    WitnessesOption,
    give,
    ledger_at,
    read_checkpoint,
    read_text,
    trust_in,
)
from harness.files import named_file, write_atomically
from harness.model.errors import ConfigurationError
from harness.promotion.ledger.merkle import ProofError, leaf_hash
from harness.promotion.ledger.note import WITNESS, NoteError, SignedNote
from harness.promotion.ledger.proof import ConsistencyProof, InclusionProof
from harness.promotion.ledger.store import Snapshot


def prove(
    entry: Annotated[
        int | None, typer.Argument(min=0, help="Number of an entry.", show_default=False)
    ] = None,
    since: Annotated[
        Path | None,
        typer.Option(
            "--since", help="Prove that the ledger continues this older checkpoint.", show_default=False
        ),
    ] = None,
    first: Annotated[
        bool, typer.Option("--first", help="For a witness who knows no checkpoint yet.")
    ] = False,
    ledger: LedgerOption = None,
    out: OutOption = None,
    entry_out: Annotated[
        Path | None, typer.Option("--entry-out", help="Write the entry itself here.", show_default=False)
    ] = None,
) -> None:
    """Prove that ENTRY is in the ledger, or that the ledger continues an older checkpoint (--since FILE).

    `bvt ledger check` needs nothing but the proof, the ledger's public key and the entry or the older checkpoint.
    """
    if (entry is not None) + (since is not None) + first != 1:
        raise ConfigurationError("name an entry, or --since with a checkpoint, or --first: one of them.")
    older = read_checkpoint(since).note.checkpoint.size if since else 0
    with ledger_at(ledger).reading() as snapshot:
        note = _newest(snapshot)
        size = note.checkpoint.size
        if entry is None:
            if older > size:
                raise ConfigurationError(
                    f"that checkpoint is newer than the ledger's last, of {size} entries."
                )
            give(str(snapshot.consistency(older, note)), out)
            return
        body = snapshot.body(entry)
        if entry >= size:
            raise ConfigurationError(
                f"entry {entry} is not under a checkpoint yet; the last has {size} entries.",
                hint="Sign one: bvt ledger checkpoint",
            )
        if entry_out:
            write_atomically(entry_out, body)
        give(str(snapshot.inclusion(entry, note)), out)


def _newest(snapshot: Snapshot) -> SignedNote:
    last = snapshot.last_note()
    if last is None:
        raise ConfigurationError(
            "the ledger has no checkpoint, so nothing can be proven.", hint="Sign one: bvt ledger checkpoint"
        )
    return last


def check(
    proof: Annotated[Path, typer.Argument(help="What bvt ledger prove wrote.", show_default=False)],
    entry: Annotated[Path | None, typer.Option("--entry", help="The entry.", show_default=False)] = None,
    since: Annotated[
        Path | None, typer.Option("--since", help="The older checkpoint.", show_default=False)
    ] = None,
    key: LogKeyOption = None,
    witnesses: WitnessesOption = None,
    quorum: QuorumOption = None,
) -> int:
    """Check a proof, without ledger or network. Exit 5 if it proves nothing."""
    if (entry is None) == (since is None):
        raise ConfigurationError("name what is proven: --entry FILE, or --since CHECKPOINT.")
    trust = trust_in(key, witnesses, quorum)
    if trust.log is None:
        raise ConfigurationError("the ledger's public key is needed.", key="--key")
    text = read_text(proof)
    try:
        if entry is not None:
            inclusion = InclusionProof.parse(text)
            found = inclusion.verify(leaf_hash(named_file(entry).read_bytes()))
            note, what = inclusion.note, f"entry {inclusion.index} is"
        else:
            assert since is not None
            consistency = ConsistencyProof.parse(text)
            found = consistency.verify(read_checkpoint(since).note.checkpoint)
            note, what = consistency.note, f"the {consistency.old_size} entries of {since} are the first"
        signers = note.signers([trust.log, *trust.witnesses])
    except (ProofError, NoteError) as error:
        typer.echo(f"NOT PROVEN: {error}")
        return INVALID
    seen = len({each.public for each in signers if each.kind == WITNESS})
    if trust.log not in signers or found.origin != trust.log.name:
        typer.echo(f"NOT PROVEN: The checkpoint is not signed by the key of {trust.log.name!r}.")
        return INVALID
    if seen < trust.quorum:
        typer.echo(f"NOT PROVEN: {seen} of the {trust.quorum} witnesses that are needed have signed.")
        return INVALID
    typer.echo(f"PROVEN: {what} in {found.origin}, of {found.size} entries; {seen} witnesses")
    return 0

"""`bvt ledger`: make it, verify it, sign it, and prove what is in it."""

import json
import time
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.ending import ends
from harness.cli.ledger_options import (
    CheckpointsOption,
    JsonOption,
    LedgerOption,
    LogKeyOption,
    QuorumOption,
    WitnessesOption,
    ledger_at,
    read_checkpoint,
    read_text,
    trust_in,
)
from harness.cli.passphrase import passphrase
from harness.cli.promotion_options import PublicHalf, ReasonOption, answered, person, promotion_at, told
from harness.cli.promotion_options import SignOption as PersonKey
from harness.files import named_file, write_atomically
from harness.model.errors import ConfigurationError
from harness.model.gate import EXIT_CODES, Verdict
from harness.promotion.answer import of_entry
from harness.promotion.ledger.audit import Audit, Known, Trust, audit
from harness.promotion.ledger.checkpoints import add_cosignatures, sign_checkpoint, witness
from harness.promotion.ledger.keys import note_key, note_signer, read_note_key
from harness.promotion.ledger.merkle import ProofError, leaf_hash
from harness.promotion.ledger.note import LOG, WITNESS, NoteError, SignedNote
from harness.promotion.ledger.proof import ConsistencyProof, InclusionProof
from harness.promotion.ledger.store import Ledger, Snapshot
from harness.promotion.tiers_file import load_tiers
from harness.reports.words import plural
from harness.signing.keys import read_public_key, signer_of
from harness.signing.policy_file import load_policy

SignOption = Annotated[
    str,
    typer.Option(
        "--sign",
        envvar="BVT_LEDGER_SIGN_KEY",
        help="The ledger's private key: a PEM file or a URI.",
        show_default=False,
    ),
]
OutOption = Annotated[
    Path | None, typer.Option("--out", help="Write it into this file.", show_default="standard output")
]
INVALID = EXIT_CODES[Verdict.INVALID]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        name="ledger", help="The record of promotions: verify, sign, prove, witness.", no_args_is_help=True
    )
    for command in (init, verify, submit, checkpoint, prove, check, cosign, key, tiers, upgrade):
        group.command(command.__name__)(ends(command))
    group.command("witness")(ends(witness_))
    app.add_typer(group)


TiersFile = Annotated[Path, typer.Argument(help="tiers.yaml", show_default=False)]
PolicyFile = Annotated[
    Path, typer.Option("--policy", help="gate-policy.yaml, which judges the gates.", show_default=False)
]


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
    """Propose other tiers or another policy. They hold once those have approved whom the present tiers name."""
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


def _policy_text(path: Path) -> str:
    load_policy(path)  # a mistake in it has the file's own name and line
    return read_text(path)


def verify(
    ledger: LedgerOption = None,
    checkpoints: CheckpointsOption = None,
    key: LogKeyOption = None,
    witnesses: WitnessesOption = None,
    quorum: QuorumOption = None,
    as_json: JsonOption = False,
) -> int:
    """Read every entry and hold it against every hash and signature. Exit 5 if something was changed.

    Whoever may write the ledger can also take its last entries away, with the checkpoints over them. Name one that was
    kept elsewhere, then that is found, too.
    """
    trust = trust_in(key, witnesses, quorum)
    outside = [read_checkpoint(path) for path in checkpoints or ()]
    opened = ledger_at(ledger)
    with opened.reading() as snapshot:
        found = audit(snapshot, trust, outside)
    # Damaged, it may say anything; else what it says is held against signatures, rules and gates.
    ignored, broken = ([], []) if found.findings else _meaning(ledger)
    if as_json:
        document = _document(found) | {"entries_without_effect": ignored, "broken_gates": broken}
        typer.echo(json.dumps(document, indent=1, ensure_ascii=False))
    else:
        for line in [*_lines(found, opened.name, trust, outside), *ignored, *broken]:
            typer.echo(line)
    return INVALID if found.findings or ignored or broken else 0


def _meaning(ledger: str | None) -> tuple[list[str], list[str]]:
    """Entries that count for nothing, and gates of what is out that do not verify."""
    promotion = promotion_at(ledger)
    board = promotion.board()
    if board.tiers is None:
        return [], []
    ignored = [f"entry {each.number} counts for nothing: {each.why}" for each in board.ignored]
    return ignored, [f"broken gate: {each}" for each in promotion.broken_gates()]


def _document(found: Audit) -> dict[str, object]:
    return {
        "size": found.size,
        "root": found.root.hex(),
        "checkpoints": found.checkpoints,
        "entries_under_a_verified_signature": found.last_signed,
        "findings": [each.model_dump(mode="json") for each in found.findings],
    }


def _lines(found: Audit, name: str, trust: Trust, outside: list[Known]) -> list[str]:
    lines = [f"{each.damage.value}: {each.text}" for each in found.findings]
    verdict = "DAMAGED" if found.findings else "unchanged" if found.checkpoints else "consistent"
    lines.append(f"{verdict}: {name}, {found.size} entries, {plural(found.checkpoints, 'checkpoint')}")
    if not trust.log:
        lines.append("No signature was verified: name the ledger's public key with --key.")
    elif found.last_signed < found.size:
        lines.append(
            f"Entries from {found.last_signed} on are under no signature yet: bvt ledger checkpoint."
        )
    if not outside:
        lines.append(
            "Entries taken from the end with their checkpoints show only against a checkpoint kept elsewhere."
        )
    return lines


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
    """Sign the ledger as it is, after reading it whole. Keep the result elsewhere, too: verify is told of it."""
    opened = ledger_at(ledger)
    outside = tuple(read_checkpoint(path) for path in checkpoints or ())
    signer = note_signer(name or _last_name(opened), LOG, signer_of(sign, passphrase, public_key))
    _give(str(sign_checkpoint(opened, signer, outside)), out)


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
            _give(str(snapshot.consistency(older, note)), out)
            return
        body = snapshot.body(entry)
        if entry >= size:
            raise ConfigurationError(
                f"entry {entry} is not under a checkpoint yet; the last has {size} entries.",
                hint="Sign one: bvt ledger checkpoint",
            )
        if entry_out:
            write_atomically(entry_out, body)
        _give(str(snapshot.inclusion(entry, note)), out)


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
    """Keep the witnesses' signatures with the ledger's checkpoint."""
    if key is None:
        raise ConfigurationError("the ledger's public key is needed.", key="--key")
    note = add_cosignatures(
        ledger_at(ledger), read_checkpoint(checkpoint).note, read_note_key(key, LOG, "--key")
    )
    typer.echo(f"kept: {len(note.signatures)} signatures over {note.checkpoint.size} entries")


def key(
    public: Annotated[Path, typer.Argument(help="Public key (PEM, ed25519).", show_default=False)],
    name: Annotated[str, typer.Option("--name", help="What it is called in notes.", show_default=False)],
    as_witness: Annotated[bool, typer.Option("--as-witness", help="It signs as a witness.")] = False,
) -> None:
    """Print the verifier key NAME+HASH+KEY, as other people's witnesses and monitors read it."""
    kind = WITNESS if as_witness else LOG
    typer.echo(str(note_key(name, kind, read_public_key(public, "PUBLIC"))))


def upgrade(ledger: LedgerOption = None) -> None:
    """Bring the ledger's tables to the newest version. No entry is touched."""
    opened = ledger_at(ledger)
    opened.upgrade()
    typer.echo(f"upgraded: {opened.name}")


def _give(text: str, out: Path | None) -> None:
    if out is None:
        typer.echo(text, nl=False)
        return
    write_atomically(out, text)
    typer.echo(f"written: {out}")

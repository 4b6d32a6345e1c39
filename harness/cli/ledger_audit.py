"""`bvt ledger verify`: every entry, checked against every hash, signature and rule."""

import json

import typer

from harness.cli.ledger_options import (
    INVALID,
    CheckpointsOption,
    JsonOption,
    LedgerOption,
    LogKeyOption,
    QuorumOption,
    WitnessesOption,
    ledger_at,
    read_checkpoint,
    trust_in,
)
from harness.cli.promotion_options import promotion_at
from harness.model.plural import plural
from harness.promotion.ledger.audit import Audit, Known, Trust, audit


def verify(
    ledger: LedgerOption = None,
    checkpoints: CheckpointsOption = None,
    key: LogKeyOption = None,
    witnesses: WitnessesOption = None,
    quorum: QuorumOption = None,
    as_json: JsonOption = False,
) -> int:
    """Read every entry and check it against every hash and signature. Exit 5 if something was changed.

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

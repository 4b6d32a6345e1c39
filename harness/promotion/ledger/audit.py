"""Whether a ledger is what was appended to it, also after somebody who may write the file has had it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from harness.model.base import Frozen
from harness.promotion.ledger.merkle import EMPTY_ROOT, Complete, GrowingTree
from harness.promotion.ledger.note import LOG, WITNESS, NoteError, SignedNote, VerifierKey
from harness.promotion.ledger.store import PAGE, LedgerChanged, Snapshot

SHOWN = 20
"""Findings of one kind; more say the same."""


class Damage(StrEnum):
    """What is wrong."""

    MISSING = "missing"
    EDITED = "edited"
    HASH = "hash"
    TRUNCATED = "truncated"
    FORKED = "forked"
    CHANGED = "changed"
    CHECKPOINT = "checkpoint"
    SIGNATURE = "signature"


class Finding(Frozen):
    """One thing that is wrong, in a sentence."""

    damage: Damage
    text: str
    entry: int | None = None


@dataclass(frozen=True)
class Known:
    """A checkpoint that the ledger is held against, and where it comes from."""

    note: SignedNote
    source: str


@dataclass(frozen=True)
class Trust:
    """Whose signatures count, and how many of the witnesses must have signed."""

    log: VerifierKey | None = None
    witnesses: tuple[VerifierKey, ...] = ()
    quorum: int = 0


@dataclass(frozen=True)
class Audit:
    """What came of it. `last_signed`: the entries that a checkpoint with a verified signature covers."""

    size: int
    root: bytes
    findings: tuple[Finding, ...]
    checkpoints: int
    last_signed: int


def audit(ledger: Snapshot, trust: Trust, outside: Sequence[Known] = ()) -> Audit:
    """Read every entry and hold it against every hash and checkpoint. `outside`: checkpoints kept elsewhere.

    Whoever can write the ledger's file can make its hashes fit; the checkpoints' signatures he cannot make, and those
    kept elsewhere he cannot take away.
    """
    try:
        return _audit(ledger, trust, outside)
    except LedgerChanged as error:
        return Audit(0, EMPTY_ROOT, (Finding(damage=Damage.EDITED, text=error.message),), len(outside), 0)


def _audit(ledger: Snapshot, trust: Trust, outside: Sequence[Known]) -> Audit:
    kept, findings = _kept_notes(ledger)
    known = [*kept, *outside]
    sizes = {each.note.checkpoint.size for each in known}
    tree = GrowingTree(sizes)
    findings += _entries(ledger, tree)
    signed = 0
    for each in known:
        problems = [*_signatures(each, trust), *_content(each, tree)]
        findings += problems
        if not problems and trust.log:
            signed = max(signed, each.note.checkpoint.size)
    findings += _forks(known, trust)
    return Audit(tree.size, tree.root, tuple(findings), len(known), signed)


def _kept_notes(ledger: Snapshot) -> tuple[list[Known], list[Finding]]:
    kept, findings = [], []
    for size, text in ledger.notes():
        source = f"the ledger's checkpoint of {size} entries"
        try:
            note = SignedNote.parse(text)
            if note.checkpoint.size != size:
                raise NoteError(f"It speaks of {note.checkpoint.size} entries.")
            kept.append(Known(note, source))
        except NoteError as error:
            findings.append(Finding(damage=Damage.CHECKPOINT, text=f"{_upper(source)} is damaged. {error}"))
    return kept, findings


def _entries(ledger: Snapshot, tree: GrowingTree) -> list[Finding]:
    findings: list[Finding] = []
    made: list[Complete] = []
    for expected, (number, body) in enumerate(ledger.bodies()):
        if number != expected:
            last = number - 1
            which = f"Entry {expected} is" if last == expected else f"Entries {expected} to {last} are"
            findings.append(Finding(damage=Damage.MISSING, text=f"{which} missing.", entry=expected))
            # What follows cannot be in its place any more: the roots are those before the gap.
            break
        made += tree.add(body)
        if tree.size % PAGE == 0:
            findings += _kept_hashes(ledger, made)
            made = []
    findings += _kept_hashes(ledger, made)
    if not any(each.damage is Damage.MISSING for each in findings):
        kept, right = ledger.node_count(), _nodes_of(tree.size)
        if kept > right:
            text = (
                f"The ledger keeps {kept} hashes, {kept - right} more than {tree.size} entries have: entries at its"
                " end were taken out."
            )
            findings.append(Finding(damage=Damage.TRUNCATED, text=text, entry=tree.size))
    return findings[:SHOWN]


def _nodes_of(size: int) -> int:
    """How many complete subtrees there are over `size` leaves."""
    return 2 * size - size.bit_count()


def _kept_hashes(ledger: Snapshot, made: Sequence[Complete]) -> list[Finding]:
    by_level: dict[int, dict[int, bytes]] = {}
    for level, position, found in made:
        by_level.setdefault(level, {})[position] = found
    findings = []
    edited: set[int] = set()
    for level, right in by_level.items():
        kept = ledger.kept_nodes(level, min(right), max(right))
        for position, found in right.items():
            if kept.get(position) == found or position in {entry >> level for entry in edited}:
                continue
            if level == 0:
                edited.add(position)
                text = f"Entry {position} is not what was appended there."
                findings.append(Finding(damage=Damage.EDITED, text=text, entry=position))
            else:
                first, last = position << level, ((position + 1) << level) - 1
                text = f"The hash over entries {first} to {last} is not the one that belongs there."
                findings.append(Finding(damage=Damage.HASH, text=text, entry=first))
    return findings


def _signatures(known: Known, trust: Trust) -> list[Finding]:
    findings = []
    keys = [*((trust.log,) if trust.log else ()), *trust.witnesses]
    try:
        signers = known.note.signers(keys)
    except NoteError as error:
        return [Finding(damage=Damage.SIGNATURE, text=f"{_upper(known.source)} is forged. {error}")]
    if trust.log and known.note.checkpoint.origin != trust.log.name:
        text = f"{_upper(known.source)} is of ledger {known.note.checkpoint.origin!r}, not of {trust.log.name!r}."
        findings.append(Finding(damage=Damage.CHECKPOINT, text=text))
    if trust.log and not any(key.kind == LOG for key in signers):
        text = f"{_upper(known.source)} is not signed by the key of {trust.log.name!r}."
        findings.append(Finding(damage=Damage.SIGNATURE, text=text))
    seen = {key.public for key in signers if key.kind == WITNESS}
    if len(seen) < trust.quorum:
        text = f"{_upper(known.source)} has {len(seen)} of the {trust.quorum} witnesses that it needs."
        findings.append(Finding(damage=Damage.SIGNATURE, text=text))
    return findings


def _content(known: Known, tree: GrowingTree) -> list[Finding]:
    checkpoint = known.note.checkpoint
    if checkpoint.size > tree.size:
        text = (
            f"{_upper(known.source)} speaks of {checkpoint.size} entries; of those the ledger holds the first"
            f" {tree.size} at most."
        )
        return [Finding(damage=Damage.TRUNCATED, text=text, entry=tree.size)]
    if tree.roots[checkpoint.size] != checkpoint.root:
        text = (
            f"The first {checkpoint.size} entries are not those of {known.source}: one or more were edited, taken out,"
            " put in or moved."
        )
        return [Finding(damage=Damage.CHANGED, text=text)]
    return []


def _forks(known: Sequence[Known], trust: Trust) -> list[Finding]:
    """Two ledgers of one size under one key."""
    findings = []
    first: dict[int, Known] = {}
    for each in known:
        checkpoint = each.note.checkpoint
        other = first.setdefault(checkpoint.size, each)
        if other.note.checkpoint.root == checkpoint.root:
            continue
        both = not trust.log or not (
            _signatures(each, Trust(trust.log)) or _signatures(other, Trust(trust.log))
        )
        if both:
            text = f"There are two ledgers of {checkpoint.size} entries: {other.source} and {each.source} differ."
            findings.append(Finding(damage=Damage.FORKED, text=text))
    return findings


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]

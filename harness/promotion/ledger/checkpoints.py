"""Checkpoints: signed by the ledger's own key once the whole ledger has been read, and co-signed by witnesses."""

from harness.model.errors import EvidenceError
from harness.promotion.ledger.audit import Audit, Known, Trust, audit
from harness.promotion.ledger.merkle import ProofError
from harness.promotion.ledger.note import Checkpoint, NoteError, NoteSigner, SignedNote, VerifierKey
from harness.promotion.ledger.proof import ConsistencyProof
from harness.promotion.ledger.store import Ledger


class LedgerDamaged(EvidenceError):
    """The ledger is not what was appended to it."""

    def __init__(self, name: str, found: Audit) -> None:
        first = found.findings[0]
        more = f" ({len(found.findings) - 1} more findings.)" if len(found.findings) > 1 else ""
        super().__init__(f"{name}: {first.text}{more}", hint="See all with: bvt ledger verify")
        self.audit = found


class NotWitnessed(EvidenceError):
    """A witness does not sign this."""


def sign_checkpoint(ledger: Ledger, signer: NoteSigner, outside: tuple[Known, ...] = ()) -> SignedNote:
    """Sign the ledger as it is and keep the checkpoint in it. Raises `LedgerDamaged` if it is not what it was.

    Every entry is read, and held against every earlier checkpoint and those kept `outside`: what is wrong must not be
    signed once more.
    """
    with ledger.writing() as writer:
        found = audit(writer, Trust(signer.key), outside)
        if found.findings:
            raise LedgerDamaged(ledger.name, found)
        last = writer.last_note()
        if last and last.checkpoint.size == found.size:
            return last
        text = Checkpoint(signer.key.name, found.size, found.root).text
        note = SignedNote(text, (signer.signature(text),))
        writer.keep_note(note)
    return note


def witness(
    proof: ConsistencyProof, log: VerifierKey, known: SignedNote | None, signer: NoteSigner, time_s: int
) -> SignedNote:
    """The proof's checkpoint with the witness's signature: it continues the one that the witness knew so far.

    Raises `NotWitnessed`. The witness keeps the result: it is what the next one must continue.
    """
    try:
        if log not in proof.note.signers([log]):
            raise NotWitnessed(f"The checkpoint is not signed by the key of {log.name!r}.")
        if proof.note.checkpoint.origin != log.name:
            raise NotWitnessed(
                f"The checkpoint is of ledger {proof.note.checkpoint.origin!r}, not of {log.name!r}."
            )
        proof.verify(known.checkpoint if known else None)
    except (NoteError, ProofError) as error:
        raise NotWitnessed(str(error)) from None
    return proof.note.with_signature(signer.signature(proof.note.text, time_s))


def add_cosignatures(ledger: Ledger, note: SignedNote, log: VerifierKey) -> SignedNote:
    """Keep the signatures of a co-signed checkpoint with the ledger's own copy of it. Raises `NotWitnessed`."""
    with ledger.writing() as writer:
        kept = dict(writer.notes()).get(note.checkpoint.size)
        if kept is None:
            raise NotWitnessed(f"The ledger has no checkpoint of {note.checkpoint.size} entries.")
        merged = SignedNote.parse(kept)
        if merged.text != note.text:
            raise NotWitnessed("The ledger's checkpoint of that size is another one: it was forked.")
        for signature in note.signatures:
            if (signature.name, signature.key_id) != (log.name, log.key_id):
                merged = merged.with_signature(signature)
        writer.keep_note(merged)
    return merged

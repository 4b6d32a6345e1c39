"""Proofs as text that a person can send and check without the ledger. Pure.

Source: C2SP tlog-proof v1 (one entry is in the ledger), and the request of C2SP tlog-witness (a checkpoint continues an
older one).
"""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass

from harness.promotion.ledger.merkle import HASH_SIZE, ProofError, root_from_inclusion, verify_consistency
from harness.promotion.ledger.note import NUMBER, Checkpoint, NoteError, SignedNote

HEADER = "c2sp.org/tlog-proof@v1"
MOST_HASHES = 63
"""A tree is no higher."""


@dataclass(frozen=True)
class InclusionProof:
    """That the entry number `index` is among those of a checkpoint."""

    index: int
    hashes: tuple[bytes, ...]
    note: SignedNote

    def __str__(self) -> str:
        return "\n".join([HEADER, f"index {self.index}", *_encoded(self.hashes), "", str(self.note)])

    @classmethod
    def parse(cls, text: str) -> "InclusionProof":
        """Read a proof. Raises `ProofError`."""
        head, _, note = text.partition("\n\n")
        lines = head.split("\n")
        if lines and lines[0] == HEADER and len(lines) > 1 and lines[1].startswith("extra "):
            del lines[1]  # what nobody signed
        if len(lines) < 2 or lines[0] != HEADER:
            raise ProofError(f"This is no proof: it does not begin with {HEADER}.")
        return cls(_number(lines[1], "index"), _decoded(lines[2:]), _note(note))

    def verify(self, leaf: bytes) -> Checkpoint:
        """The checkpoint that holds the entry with this hash. Its signatures are not looked at. Raises `ProofError`."""
        checkpoint = _checkpoint(self.note)
        if root_from_inclusion(leaf, self.index, checkpoint.size, self.hashes) != checkpoint.root:
            raise ProofError(
                f"This is not entry {self.index} of the {checkpoint.size} that the checkpoint speaks of."
            )
        return checkpoint


@dataclass(frozen=True)
class ConsistencyProof:
    """That a checkpoint continues the ledger of `old_size` entries: nothing was edited, taken out or put in."""

    old_size: int
    hashes: tuple[bytes, ...]
    note: SignedNote

    def __str__(self) -> str:
        return "\n".join([f"old {self.old_size}", *_encoded(self.hashes), "", str(self.note)])

    @classmethod
    def parse(cls, text: str) -> "ConsistencyProof":
        """Read one. Raises `ProofError`."""
        head, _, note = text.partition("\n\n")
        lines = head.split("\n")
        return cls(_number(lines[0], "old"), _decoded(lines[1:]), _note(note))

    def verify(self, old: Checkpoint | None) -> Checkpoint:
        """The newer checkpoint. `old`: the one known so far. Raises `ProofError`. Signatures are not looked at."""
        new = _checkpoint(self.note)
        if old is None:
            if self.old_size or self.hashes:
                raise ProofError(f"The proof begins at {self.old_size} entries; no checkpoint is known yet.")
            return new
        if old.origin != new.origin:
            raise ProofError(f"The checkpoint is of ledger {new.origin!r}, not of {old.origin!r}.")
        if self.old_size != old.size:
            raise ProofError(
                f"The proof begins at {self.old_size} entries; the known checkpoint has {old.size}."
            )
        verify_consistency(old.size, old.root, new.size, new.root, self.hashes)
        return new


def _encoded(hashes: Sequence[bytes]) -> list[str]:
    return [base64.b64encode(each).decode() for each in hashes]


def _decoded(lines: Sequence[str]) -> tuple[bytes, ...]:
    try:
        hashes = tuple(base64.b64decode(line, validate=True) for line in lines)
    except ValueError:
        hashes = (b"",)
    if len(hashes) > MOST_HASHES or any(len(each) != HASH_SIZE for each in hashes):
        raise ProofError("A hash of the proof is damaged.")
    return hashes


def _number(line: str, word: str) -> int:
    match = re.fullmatch(f"{word} ({NUMBER.pattern})", line)
    if not match or len(match[1]) > 19:
        raise ProofError(f"The proof does not say its {word} number.")
    return int(match[1])


def _note(text: str) -> SignedNote:
    try:
        return SignedNote.parse(text)
    except NoteError as error:
        raise ProofError(f"The proof's checkpoint cannot be read. {error}") from None


def _checkpoint(note: SignedNote) -> Checkpoint:
    try:
        return note.checkpoint
    except NoteError as error:
        raise ProofError(f"The proof's checkpoint cannot be read. {error}") from None

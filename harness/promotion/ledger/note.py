"""Signed notes, and checkpoints in them: text, a blank line, and a line for each signature. Pure.

Source: C2SP signed-note, tlog-checkpoint and tlog-cosignature v1. Every witness and monitor of other people's that reads
those reads these. Only ed25519, as these specifications have it for logs.
"""

import base64
import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

LOG, WITNESS = 0x01, 0x04
"""Kinds of signature: over the text alone, or over the text and the time at which a witness saw it."""
DASH = "— "
LARGEST_SIZE = 2**63 - 1
LARGEST_NOTE = 1_000_000
"""Characters."""
NUMBER = re.compile("0|[1-9][0-9]*")


class NoteError(Exception):
    """This is no signed note, or no checkpoint; the message is a sentence."""


@dataclass(frozen=True)
class VerifierKey:
    """A public key under a name."""

    name: str
    kind: int
    public: bytes

    def __post_init__(self) -> None:
        if not is_name(self.name):
            raise NoteError(
                f"{self.name!r} is no name of a key: it has a space, a plus sign or nothing in it."
            )

    @property
    def key_id(self) -> bytes:
        """The four bytes by which a signature names it."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    def __str__(self) -> str:
        key = base64.b64encode(bytes([self.kind]) + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{key}"

    @classmethod
    def parse(cls, text: str) -> "VerifierKey":
        """Read `name+hash+key`. Raises `NoteError`."""
        parts = text.strip().split("+", 2)
        try:
            raw = base64.b64decode(parts[2], validate=True)
            key = cls(parts[0], raw[0], raw[1:])
            Ed25519PublicKey.from_public_bytes(key.public)
        except (IndexError, ValueError):
            raise NoteError("This is no verifier key of the form NAME+HASH+KEY.") from None
        if key.kind not in (LOG, WITNESS):
            raise NoteError(
                f"The key {key.name!r} is of kind {key.kind}; this reads ed25519 ones (1 and 4) only."
            )
        if parts[1] != key.key_id.hex():
            raise NoteError(f"The key {key.name!r} is not the one that its hash {parts[1]} stands for.")
        return key

    def verifies(self, text: str, signature: bytes) -> bool:
        """Whether it made this signature of the text; a witness's begins with its time."""
        message = text.encode()
        if self.kind == WITNESS:
            if len(signature) < 8:
                return False
            message = _witnessed(text, int.from_bytes(signature[:8]))
            signature = signature[8:]
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True)
class Signature:
    """One line of a note."""

    name: str
    key_id: bytes
    value: bytes

    @property
    def line(self) -> str:
        """As it is written, with its newline."""
        return f"{DASH}{self.name} {base64.b64encode(self.key_id + self.value).decode()}\n"


@dataclass(frozen=True)
class Checkpoint:
    """What a ledger commits to: its name, its size, and the root over its entries."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The note's text."""
        lines = [self.origin, str(self.size), base64.b64encode(self.root).decode(), *self.extensions]
        return "".join(line + "\n" for line in lines)

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """Read a note's text. Raises `NoteError`."""
        lines = text.split("\n")
        if len(lines) < 4 or lines[-1] or not all(lines[:-1]):
            raise NoteError("A checkpoint has a line each for name, size and root.")
        if not NUMBER.fullmatch(lines[1]) or len(lines[1]) > 19 or int(lines[1]) > LARGEST_SIZE:
            raise NoteError(f"The checkpoint's size is no number of entries: {lines[1][:40]!r}.")
        try:
            root = base64.b64decode(lines[2], validate=True)
        except ValueError:
            root = b""
        checkpoint = cls(lines[0], int(lines[1]), root, tuple(lines[3:-1]))
        if len(root) != 32 or checkpoint.text != text:
            raise NoteError("The checkpoint's root is no base64 of 32 bytes.")
        return checkpoint


@dataclass(frozen=True)
class SignedNote:
    """Text and signatures."""

    text: str
    signatures: tuple[Signature, ...] = field(default=())

    def __str__(self) -> str:
        return self.text + "\n" + "".join(each.line for each in self.signatures)

    @classmethod
    def parse(cls, note: str) -> "SignedNote":
        """Read a note. Raises `NoteError`."""
        text, blank, rest = note.rpartition("\n\n")
        text += "\n"
        if len(note) > LARGEST_NOTE or not blank or not rest.endswith("\n") or "\r" in note:
            raise NoteError("This is no signed note: text, an empty line, and lines with signatures.")
        return cls(text, tuple(read_signature(line) for line in rest.split("\n")[:-1]))

    @property
    def checkpoint(self) -> Checkpoint:
        """What is signed. Raises `NoteError`."""
        return Checkpoint.parse(self.text)

    def signers(self, keys: Iterable[VerifierKey]) -> set[VerifierKey]:
        """Whose signatures are there. Raises `NoteError` for one that names a known key and is not by it."""
        found: set[VerifierKey] = set()
        for key in keys:
            for each in self.signatures:
                if (each.name, each.key_id) == (key.name, key.key_id):
                    if not key.verifies(self.text, each.value):
                        raise NoteError(f"The signature of {key.name!r} is not by its key.")
                    found.add(key)
        return found

    def with_signature(self, signature: Signature) -> "SignedNote":
        """The same with one more; a signature by the same key is replaced."""
        others = [
            each for each in self.signatures if (each.name, each.key_id) != (signature.name, signature.key_id)
        ]
        return SignedNote(self.text, (*others, signature))


def read_signature(line: str) -> Signature:
    """Read a signature's line, without its newline. Raises `NoteError`."""
    name, space, encoded = line.removeprefix(DASH).partition(" ")
    try:
        raw = base64.b64decode(encoded, validate=True)
    except ValueError:
        raw = b""
    if not line.startswith(DASH) or not space or not is_name(name) or len(raw) < 5:
        raise NoteError("A line below the text is no signature of a note.")
    return Signature(name, raw[:4], raw[4:])


@dataclass(frozen=True)
class NoteSigner:
    """A key that signs notes. `sign`: ed25519's signature of the bytes, by a file's key or by a device that holds it."""

    key: VerifierKey
    sign: Callable[[bytes], bytes]

    def signature(self, text: str, time_s: int = 0) -> Signature:
        """Its signature. `time_s`: for a witness, when it saw this, in seconds since 1970."""
        if self.key.kind == WITNESS:
            value = time_s.to_bytes(8) + self.sign(_witnessed(text, time_s))
        else:
            value = self.sign(text.encode())
        return Signature(self.key.name, self.key.key_id, value)


def is_name(text: str) -> bool:
    """Whether a key, or a ledger, may be called so."""
    return bool(text) and "+" not in text and text.isprintable() and not any(c.isspace() for c in text)


def _witnessed(text: str, time_s: int) -> bytes:
    return f"cosignature/v1\ntime {time_s}\n{text}".encode()

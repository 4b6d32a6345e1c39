import base64
import hashlib

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from harness.promotion.ledger.note import WITNESS, Checkpoint, NoteError, SignedNote, VerifierKey
from tests.unit.promotion.ledger.signers import ORIGIN, signer

LOG_SIGNER = signer()
WITNESS_SIGNER = signer("witness.example", WITNESS)
CHECKPOINT = Checkpoint(ORIGIN, 3, hashlib.sha256(b"root").digest())
TIME_S = 1_800_000_000
SIGNED = SignedNote(
    CHECKPOINT.text,
    (LOG_SIGNER.signature(CHECKPOINT.text), WITNESS_SIGNER.signature(CHECKPOINT.text, TIME_S)),
)
KEYS = [LOG_SIGNER.key, WITNESS_SIGNER.key]


def test_a_note_is_read_as_it_was_written() -> None:
    assert SignedNote.parse(str(SIGNED)) == SIGNED
    assert SIGNED.checkpoint == CHECKPOINT
    assert SIGNED.signers(KEYS) == set(KEYS)


def test_the_published_key_has_the_published_hash() -> None:
    """The example key of Go's package golang.org/x/mod/sumdb/note."""
    text = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    assert VerifierKey.parse(text).key_id.hex() == "c74f20a3"
    assert str(VerifierKey.parse(text)) == text


def test_a_verifier_of_its_own_agrees() -> None:
    """Read with nothing but base64 and ed25519, as C2SP signed-note and tlog-cosignature have it."""
    text, _, lines = str(SIGNED).rpartition("\n\n")
    log_line, witness_line = lines.splitlines()
    raw = base64.b64decode(log_line.split(" ")[2])
    Ed25519PublicKey.from_public_bytes(LOG_SIGNER.key.public).verify(raw[4:], (text + "\n").encode())
    raw = base64.b64decode(witness_line.split(" ")[2])
    assert int.from_bytes(raw[4:12]) == TIME_S
    message = f"cosignature/v1\ntime {TIME_S}\n{text}\n".encode()
    Ed25519PublicKey.from_public_bytes(WITNESS_SIGNER.key.public).verify(raw[12:], message)
    with pytest.raises(InvalidSignature):
        Ed25519PublicKey.from_public_bytes(WITNESS_SIGNER.key.public).verify(raw[12:], (text + "\n").encode())


@given(st.integers(0, len(str(SIGNED)) - 1), st.characters(codec="utf-8"))
def test_no_changed_character_goes_unnoticed(place: int, other: str) -> None:
    text = str(SIGNED)
    changed = text[:place] + other + text[place + 1 :]
    try:
        note = SignedNote.parse(changed)
        signers = note.signers(KEYS)
    except NoteError:
        return
    # What else may come of it: the same note, or one that lacks the signature of who was changed in it.
    assert note == SIGNED or len(signers) < 2


@given(st.text(max_size=200))
def test_any_text_is_a_note_or_a_sentence(text: str) -> None:
    for read in (SignedNote.parse, Checkpoint.parse, VerifierKey.parse):
        try:
            read(text)
        except NoteError as error:
            assert str(error).endswith(".")  # noqa: PT017


@pytest.mark.parametrize(
    "text",
    [
        "origin\n3\n",
        "origin\n03\nAAAA\n",
        "origin\n-1\nAAAA\n",
        "origin\n3\nAAAA\n",
        "origin\n9223372036854775808\n" + base64.b64encode(bytes(32)).decode() + "\n",
        "origin\n3\n" + base64.b64encode(bytes(32)).decode() + "\n\n",
        "origin\n3\n" + base64.b64encode(bytes(32)).decode(),
        "origin\n3\n" + base64.b64encode(bytes(32)).decode()[:-2] + "B=\n",
        "origin\r\n3\r\n" + base64.b64encode(bytes(32)).decode() + "\r\n",
    ],
)
def test_a_checkpoint_has_one_form(text: str) -> None:
    with pytest.raises(NoteError):
        Checkpoint.parse(text)


def test_a_key_under_another_kind_or_name_is_another_key() -> None:
    """A log's signature must not pass as a witness's, nor the other way round."""
    as_witness = VerifierKey(LOG_SIGNER.key.name, WITNESS, LOG_SIGNER.key.public)
    as_other = VerifierKey("other", LOG_SIGNER.key.kind, LOG_SIGNER.key.public)
    assert SIGNED.signers([as_witness, as_other]) == set()


@pytest.mark.parametrize("name", ["", "two words", "a+b", "tab\tbed", "line\nfeed", "\N{NO-BREAK SPACE}"])
def test_a_name_that_a_note_cannot_hold_is_refused(name: str) -> None:
    with pytest.raises(NoteError):
        VerifierKey(name, 1, bytes(32))


@pytest.mark.parametrize("text", ["", "a", "a+b", "a+b+c", "a+00000000+AQ==", "a+00000000+" + "A" * 44])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        VerifierKey.parse(text)

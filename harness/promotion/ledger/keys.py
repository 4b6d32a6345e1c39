"""The project's keys (files, devices, key services) as keys of notes."""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from securesystemslib.signer import Signer, SSlibKey

from harness.model.errors import ConfigurationError
from harness.promotion.ledger.note import NoteError, NoteSigner, VerifierKey
from harness.signing.keys import TrustedKey, read_public_key

FORMS = "Write NAME=FILE.pub, or the verifier key itself: NAME+HASH+KEY."


def note_key(
    name: str, kind: int, key: TrustedKey, option: str = "--key", name_option: str = "--name"
) -> VerifierKey:
    """The key under a name. Raises `ConfigurationError` if it is not ed25519 or nothing can be called so.

    `option`, `name_option`: by which the command line named the key and its name.
    """
    public = key.key._crypto_key()
    if not isinstance(public, Ed25519PublicKey):
        raise ConfigurationError(
            "checkpoints are signed with ed25519 keys only.", key=option, hint="Make one with bvt keys new."
        )
    try:
        return VerifierKey(name, kind, public.public_bytes_raw())
    except NoteError as error:
        raise ConfigurationError(str(error), key=name_option) from None


def note_signer(name: str, kind: int, signer: Signer) -> NoteSigner:
    """What signs checkpoints under a name. Raises `ConfigurationError` as `note_key` does."""
    public = signer.public_key
    if not isinstance(public, SSlibKey):  # one of PGP's
        raise ConfigurationError(
            "this key cannot sign checkpoints.", key="--sign", hint="Make one with bvt keys new."
        )
    key = note_key(name, kind, TrustedKey.of(public), "--sign")
    return NoteSigner(key, lambda message: bytes.fromhex(signer.sign(message).signature))


def read_note_key(text: str, kind: int, option: str) -> VerifierKey:
    """A key as it is named on a command line: `NAME=FILE.pub`, or `NAME+HASH+KEY`. Raises `ConfigurationError`."""
    name, equals, file = text.partition("=")
    if equals and "+" not in name:
        return note_key(name, kind, read_public_key(Path(file), option), option, option)
    try:
        key = VerifierKey.parse(text)
    except NoteError as error:
        raise ConfigurationError(str(error), key=option, hint=FORMS) from None
    if key.kind != kind:
        raise ConfigurationError(
            f"{key.name!r} is a key of kind {key.kind}; kind {kind} is needed here.", key=option
        )
    return key

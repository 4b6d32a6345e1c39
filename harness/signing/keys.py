"""Keys: made, kept encrypted, and told apart by what they are, not by what they are called."""

import base64
import hashlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from securesystemslib.signer import (
    CryptoSigner,
    SSlibKey,
)

from harness.files import named_file, write_atomically
from harness.model.errors import ConfigurationError

LARGEST_KEY_FILE = 64 * 1024


class KeyKind(StrEnum):
    """What `bvt keys new` makes."""

    ED25519 = "ed25519"
    ECDSA = "ecdsa"


@dataclass(frozen=True)
class TrustedKey:
    """A public key that whoever verifies trusts.

    `fingerprint`: SHA-256 of its SubjectPublicKeyInfo. Two keys are the same if it is, whatever their key ids say.
    """

    key: SSlibKey
    fingerprint: str

    @property
    def keyid(self) -> str:
        """What an envelope calls it."""
        return self.key.keyid

    @property
    def spki(self) -> str:
        """Its SubjectPublicKeyInfo in base64: what stands between BEGIN and END of a PEM file, and in `tiers.yaml`."""
        return base64.b64encode(_spki(self.key)).decode()

    @classmethod
    def of(cls, key: SSlibKey) -> "TrustedKey":
        """A key of securesystemslib's. Raises `ValueError` for one that cannot be read."""
        return cls(key, hashlib.sha256(_spki(key)).hexdigest())

    @classmethod
    def of_pem(cls, pem: bytes) -> "TrustedKey":
        """A PEM public key (SubjectPublicKeyInfo). Raises `ValueError`."""
        try:
            public: Any = load_pem_public_key(pem)
        except UnsupportedAlgorithm as error:
            raise ValueError(str(error)) from None
        return cls.of(SSlibKey.from_crypto(public))


def _spki(key: SSlibKey) -> bytes:
    raw: bytes = key._crypto_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return raw


def read_public_key(path: Path, option: str = "--key") -> TrustedKey:
    """The public key in a PEM file. Raises `ConfigurationError`, with its own words for a private key."""
    pem = read_pem(path, option)
    if b"PRIVATE KEY-----" in pem:
        raise ConfigurationError(
            "this is a private key.", file=str(path), key=option, hint="Name the public one, NAME.pub."
        )
    try:
        return TrustedKey.of_pem(pem)
    except ValueError:
        raise ConfigurationError(
            "this is no public key.",
            file=str(path),
            key=option,
            hint="It must be PEM (BEGIN PUBLIC KEY) and ed25519, ECDSA, RSA or ML-DSA.",
        ) from None


def read_public_keys(paths: list[Path], option: str = "--key") -> list[TrustedKey]:
    """The public keys in these files. A key named twice is one key. Raises `ConfigurationError`."""
    keys = [read_public_key(path, option) for path in paths]
    return list({key.fingerprint: key for key in keys}.values())


def new_key_pair(kind: KeyKind, private: Path, passphrase: str) -> TrustedKey:
    """Make a pair: `private` (PKCS#8, encrypted, mode 600) and beside it the public key with the ending `.pub`.

    Raises `ConfigurationError` if either file is there or the passphrase is empty, and `OSError`.
    """
    public = private.with_suffix(".pub")
    for path in (private, public):
        if path.exists():
            raise ConfigurationError(
                "there is such a file already; a key is never overwritten.", file=str(path)
            )
    if not passphrase:
        raise ConfigurationError("the passphrase is empty, so the key would lie open on the disk.")
    signer = CryptoSigner.generate_ed25519() if kind is KeyKind.ED25519 else CryptoSigner.generate_ecdsa()
    key: Any = load_pem_private_key(signer.private_bytes, None)
    sealed = key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(passphrase.encode())
    )
    write_atomically(private, sealed, mode=0o600)
    write_atomically(public, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return TrustedKey.of(signer.public_key)


def read_pem(path: Path, option: str) -> bytes:
    """What a key's file holds, cut where no key is so long. Raises `ConfigurationError`."""
    try:
        with named_file(path, option).open("rb") as file:
            return file.read(LARGEST_KEY_FILE)
    except OSError as error:
        raise ConfigurationError(f"the file cannot be read: {error.strerror}.", file=str(path)) from None

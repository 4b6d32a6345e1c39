"""Keys: made, kept encrypted, named by URI, and told apart by what they are, not by what they are called."""

import base64
import functools
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from securesystemslib.signer import (
    SIGNER_FOR_URI_SCHEME,
    CryptoSigner,
    Key,
    Signature,
    Signer,
    SSlibKey,
)

from harness.files import named_file, write_atomically
from harness.model.errors import ConfigurationError

PASSPHRASE_VARIABLE = "BVT_KEY_PASSPHRASE"  # noqa: S105 - the name of a variable
PASSPHRASE_FILE_VARIABLE = "BVT_KEY_PASSPHRASE_FILE"  # noqa: S105
LARGEST_KEY_FILE = 64 * 1024
FILE_SCHEMES = ("file", "file2")
Passphrase = Callable[[str], str]
"""Asked for the passphrase of what it is given the name of."""


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
    pem = _read_pem(path, option)
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


def signer_of(uri: str, passphrase: Passphrase, public: Path | None = None) -> Signer:
    """Who signs with the private key at `uri`.

    A path, or `file:PATH`: a PEM file, encrypted or not. Else a URI that securesystemslib knows (`hsm:` for PKCS#11,
    `awskms:`, `azurekms:`, `gcpkms:`, `hv:` …): such a key does not leave its place, so its `public` half is needed as
    a PEM file. Raises `ConfigurationError`.
    """
    if not uri.strip():
        raise ConfigurationError(
            "no private key is named: the name is empty.", hint="Name a PEM file, or a URI such as hsm:."
        )
    if path := _path_of(uri):
        return _file_signer(path, passphrase)
    if public is None:
        raise ConfigurationError(
            f"the key {uri!r} needs its public half.", hint="Name its PEM file with --public-key."
        )
    trusted = read_public_key(public, "--public-key")
    try:
        # A token asks for its PIN at every signature; the user is asked once.
        return DistantSigner(uri, Signer.from_priv_key_uri(uri, trusted.key, functools.cache(passphrase)))
    except Exception as error:  # the libraries behind a URI raise what they like
        raise ConfigurationError(f"the key {uri!r} cannot be used: {_first_line(error)}.") from error


def is_file(uri: str) -> bool:
    """Whether a private key of this name is a PEM file, which holds its public half, too."""
    return _path_of(uri) is not None


def _path_of(uri: str) -> Path | None:
    scheme, colon, rest = uri.partition(":")
    if not colon or "/" in scheme or scheme not in {*FILE_SCHEMES, *SIGNER_FOR_URI_SCHEME}:
        return Path(uri)
    return Path(rest.removeprefix("//")) if scheme in FILE_SCHEMES else None


class DistantSigner(Signer):
    """A key that stays where it is: in a token, in a key service. What goes wrong there is one sentence."""

    def __init__(self, uri: str, signer: Signer) -> None:
        self._uri, self._signer = uri, signer

    @property
    def public_key(self) -> Key:
        return self._signer.public_key

    @classmethod
    def from_priv_key_uri(
        cls, priv_key_uri: str, public_key: Key, secrets_handler: Passphrase | None = None
    ) -> "DistantSigner":
        return cls(priv_key_uri, Signer.from_priv_key_uri(priv_key_uri, public_key, secrets_handler))

    def sign(self, payload: bytes) -> Signature:
        """Raises `ConfigurationError` if it does not sign."""
        try:
            return self._signer.sign(payload)
        except Exception as error:
            raise ConfigurationError(
                f"the key {self._uri!r} did not sign: {_first_line(error)}.",
                hint="Is the token or the service there, and the PIN right?",
            ) from error


def _file_signer(path: Path, passphrase: Passphrase) -> CryptoSigner:
    pem = _read_pem(path, "")
    if b"PRIVATE KEY-----" not in pem:
        raise ConfigurationError(
            "this is no private key.", file=str(path), hint="Name the PEM file NAME.key."
        )
    try:
        key = _private_key(pem, path, passphrase)
    except (ValueError, UnsupportedAlgorithm):
        raise ConfigurationError(
            "the key cannot be read; is the passphrase right?",
            file=str(path),
            hint=f"It is taken from {PASSPHRASE_VARIABLE} or from the file that {PASSPHRASE_FILE_VARIABLE} names.",
        ) from None
    if not isinstance(key, (Ed25519PrivateKey, EllipticCurvePrivateKey)):
        raise ConfigurationError(
            "only ed25519 and ECDSA keys sign here.", file=str(path), hint="Make one with bvt keys new."
        )
    try:
        return CryptoSigner(key)
    except ValueError as error:
        raise ConfigurationError(f"the key cannot be used: {error}.", file=str(path)) from None


def _private_key(pem: bytes, path: Path, passphrase: Passphrase) -> Any:
    if b"ENCRYPTED" not in pem:
        return load_pem_private_key(pem, None)
    return load_pem_private_key(pem, passphrase(path.name).encode())


def _read_pem(path: Path, option: str) -> bytes:
    try:
        with named_file(path, option).open("rb") as file:
            return file.read(LARGEST_KEY_FILE)
    except OSError as error:
        raise ConfigurationError(f"the file cannot be read: {error.strerror}.", file=str(path)) from None


def passphrase_from_environment(what: str) -> str:
    """The passphrase that the environment holds or names a file of. Raises `ConfigurationError` if there is none."""
    if (value := os.environ.get(PASSPHRASE_VARIABLE)) is not None:
        return value
    named = os.environ.get(PASSPHRASE_FILE_VARIABLE)
    if not named:
        raise ConfigurationError(
            f"the key {what} is encrypted and no passphrase is given.",
            hint=f"Set {PASSPHRASE_VARIABLE}, or {PASSPHRASE_FILE_VARIABLE} to a file that holds it.",
        )
    try:
        return named_file(Path(named), PASSPHRASE_FILE_VARIABLE).read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(
            "the passphrase cannot be read.", file=named, key=PASSPHRASE_FILE_VARIABLE
        ) from None


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")

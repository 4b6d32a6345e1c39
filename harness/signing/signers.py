"""Who signs: a private key, named by its file or its URI."""

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from securesystemslib.signer import SIGNER_FOR_URI_SCHEME, CryptoSigner, Key, Signature, Signer

from harness.files import named_file
from harness.model.errors import ConfigurationError
from harness.signing.keys import read_pem, read_public_key

PASSPHRASE_VARIABLE = "BVT_KEY_PASSPHRASE"  # noqa: S105 - the name of a variable
PASSPHRASE_FILE_VARIABLE = "BVT_KEY_PASSPHRASE_FILE"  # noqa: S105
FILE_SCHEMES = ("file", "file2")
Passphrase = Callable[[str], str]
"""Asked for the passphrase of what it is given the name of."""


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
    pem = read_pem(path, "")
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

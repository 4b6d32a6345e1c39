"""Keys: files, and keys that do not leave their place."""

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from securesystemslib.signer import SIGNER_FOR_URI_SCHEME, CryptoSigner, Key, Signature, Signer

from harness.model.errors import ConfigurationError
from harness.signing.keys import KeyKind, TrustedKey, new_key_pair, read_public_key, read_public_keys
from harness.signing.signers import passphrase_from_environment, signer_of

PIN = "1234"


class Token(Signer):
    """A stand-in for a smart card: what is tested is how its trouble reaches the user. SoftHSM was tried by hand."""

    asked: list[str]

    def __init__(self, key: CryptoSigner, pin: Any) -> None:
        self._key, self._pin = key, pin

    @property
    def public_key(self) -> Key:
        return self._key.public_key

    @classmethod
    def from_priv_key_uri(cls, priv_key_uri: str, public_key: Key, secrets_handler: Any = None) -> "Token":
        return cls(KEYS[public_key.keyid], secrets_handler)

    def sign(self, payload: bytes) -> Signature:
        if self._pin("pin") != PIN:
            raise RuntimeError("CKR_PIN_INCORRECT\nsecond line")
        return self._key.sign(payload)


KEYS: dict[str, CryptoSigner] = {}


@pytest.fixture
def token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The public half of a key in a token that answers to `token:`."""
    trusted = new_key_pair(KeyKind.ECDSA, tmp_path / "token.key", "x")
    signer = signer_of(str(tmp_path / "token.key"), lambda _: "x")
    assert isinstance(signer, CryptoSigner)
    monkeypatch.setitem(KEYS, trusted.keyid, signer)
    monkeypatch.setitem(SIGNER_FOR_URI_SCHEME, "token", Token)
    return tmp_path / "token.pub"


def test_a_key_in_a_token_signs_and_its_pin_is_asked_for_once(token: Path) -> None:
    asked = []

    def pin(what: str) -> str:
        asked.append(what)
        return PIN

    signer = signer_of("token:1", pin, token)
    for payload in (b"a", b"b"):
        signer.public_key.verify_signature(signer.sign(payload), payload)
    assert asked == ["pin"]


def test_a_token_that_does_not_sign_is_one_sentence(token: Path) -> None:
    with pytest.raises(ConfigurationError, match="did not sign: CKR_PIN_INCORRECT") as caught:
        signer_of("token:1", lambda _: "0000", token).sign(b"a")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", KeyKind)
def test_a_pair_signs_and_verifies_and_lies_encrypted(tmp_path: Path, kind: KeyKind) -> None:
    trusted = new_key_pair(kind, tmp_path / "ci.key", "open sesame")
    assert read_public_key(tmp_path / "ci.pub") == trusted
    for uri in (str(tmp_path / "ci.key"), f"file:{tmp_path / 'ci.key'}", f"file://{tmp_path / 'ci.key'}"):
        signer = signer_of(uri, lambda _: "open sesame")
        trusted.key.verify_signature(signer.sign(b"x"), b"x")
    with pytest.raises(ConfigurationError, match="passphrase right"):
        signer_of(str(tmp_path / "ci.key"), lambda _: "other")
    assert (tmp_path / "ci.key").read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")


def test_one_key_in_two_files_is_one_key(tmp_path: Path) -> None:
    new_key_pair(KeyKind.ED25519, tmp_path / "a.key", "x")
    (tmp_path / "b.pub").write_text("\n" + (tmp_path / "a.pub").read_text() + "\n")
    assert len(read_public_keys([tmp_path / "a.pub", tmp_path / "b.pub"])) == 1


def test_a_fingerprint_is_of_the_key_and_not_of_its_name() -> None:
    signer = CryptoSigner.generate_ed25519()
    other = CryptoSigner.generate_ed25519("another name")
    assert TrustedKey.of(signer.public_key).fingerprint != TrustedKey.of(other.public_key).fingerprint
    assert TrustedKey.of(other.public_key).keyid == "another name"


def test_a_key_of_another_kind_does_not_sign(tmp_path: Path) -> None:
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "rsa.key").write_bytes(pem)
    with pytest.raises(ConfigurationError, match="only ed25519 and ECDSA"):
        signer_of(str(tmp_path / "rsa.key"), lambda _: "")


def test_a_variable_that_is_set_to_nothing_names_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BVT_KEY_PASSPHRASE", raising=False)
    monkeypatch.setenv("BVT_KEY_PASSPHRASE_FILE", "")
    with pytest.raises(ConfigurationError, match="no passphrase is given"):
        passphrase_from_environment("ci.key")

"""Who signs the guest probe: the team's own code-signing certificate, or one that is made here and that images trust.

Windows Defender takes an unsigned static program that starts tasks as SYSTEM for malware. The made key lies in the state
directory, readable by its owner alone; images hold its certificate and never the key.
"""

import datetime
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pydantic import SecretStr

from harness.file_lock import held
from harness.files import named_file, write_atomically
from harness.model.deadline import Deadline
from harness.model.errors import ConfigurationError
from harness.state import StateDirectory

KEY, CERTIFICATE, MODULE = "BVT_PROBE_KEY", "BVT_PROBE_CERTIFICATE", "BVT_PROBE_PKCS11_MODULE"
"""The key: a PFX file, a PEM file, a `pkcs11:` URI. The certificates: PEM, the signer's first; a PFX has its own."""
PASSPHRASE, PASSPHRASE_FILE = "BVT_PROBE_PASSPHRASE", "BVT_PROBE_PASSPHRASE_FILE"
MADE_NAME = "agent-bvt guest probe"
MADE_DAYS = 3650
LEAST_LEFT = datetime.timedelta(days=30)
"""A made certificate that ends sooner is made anew."""
PFX_ENDINGS = (".pfx", ".p12")
LOCK_S = 60.0
"""A key is made in a second."""
NO_SECRET = SecretStr("")


@dataclass(frozen=True)
class ProbeSigner:
    """What `osslsigncode` is told of the key, and the certificates that an image has to trust."""

    options: tuple[str, ...]
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...] = ()
    """The certificates above the signer's, as far as they were given."""
    passphrase: SecretStr = field(default=NO_SECRET)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the signer's certificate: what an image's manifest calls it by."""
        return self.certificate.fingerprint(hashes.SHA256()).hex()

    @property
    def publisher(self) -> bytes:
        """The signer's certificate (DER), for the store TrustedPublisher."""
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def root(self) -> bytes | None:
        """The certificate that issued itself, for the store Root; None: the team's comes from a public authority."""
        for each in (self.certificate, *self.chain):
            if each.issuer == each.subject:
                return each.public_bytes(serialization.Encoding.DER)
        return None


def probe_signer(state: StateDirectory, environment: Mapping[str, str] = os.environ) -> ProbeSigner:
    """The team's signer if the environment names one, else the made one.

    Raises `ConfigurationError` naming the variable: a file that cannot be read, a wrong passphrase, a certificate that
    is not this key's, is not for code or has run out.
    """
    named = environment.get(KEY, "")
    if not named:
        if environment.get(CERTIFICATE):
            raise ConfigurationError(
                "there is a certificate, but no key.", key=CERTIFICATE, hint=f"Set {KEY}."
            )
        return _made(state.part("tools", "probe-signer"))
    passphrase = _passphrase(environment)
    if named.startswith("pkcs11:"):
        signer = _in_token(named, environment, passphrase)
    elif named.lower().endswith(PFX_ENDINGS):
        signer = _in_pfx(Path(named), passphrase)
    else:
        signer = _in_pem(Path(named), environment, passphrase)
    _require_fit(signer.certificate)
    return signer


def _passphrase(environment: Mapping[str, str]) -> SecretStr:
    if PASSPHRASE_FILE not in environment:
        return SecretStr(environment.get(PASSPHRASE, ""))
    path = Path(environment[PASSPHRASE_FILE])
    named_file(path, PASSPHRASE_FILE)
    return SecretStr(path.read_text(encoding="utf-8", errors="replace").rstrip("\r\n"))


def _in_token(uri: str, environment: Mapping[str, str], passphrase: SecretStr) -> ProbeSigner:
    module = environment.get(MODULE, "")
    if not module:
        raise ConfigurationError("a key in a token needs its PKCS#11 module.", key=MODULE)
    named_file(Path(module), MODULE)
    path, certificates = _certificates(environment)
    options = ("-pkcs11module", module, "-key", uri, "-certs", str(path))
    return ProbeSigner(options, certificates[0], tuple(certificates[1:]), passphrase)


def _in_pfx(path: Path, passphrase: SecretStr) -> ProbeSigner:
    named_file(path, KEY)
    secret = passphrase.get_secret_value().encode() or None
    try:
        key, certificate, chain = pkcs12.load_key_and_certificates(path.read_bytes(), secret)
    except (ValueError, UnsupportedAlgorithm):
        raise _unreadable(path) from None
    if key is None or certificate is None:
        raise ConfigurationError("holds no key with its certificate.", file=str(path), key=KEY)
    return ProbeSigner(("-pkcs12", str(path)), certificate, tuple(chain), passphrase)


def _in_pem(path: Path, environment: Mapping[str, str], passphrase: SecretStr) -> ProbeSigner:
    named_file(path, KEY)
    secret = passphrase.get_secret_value().encode() or None
    pem = path.read_bytes()
    try:
        key = serialization.load_pem_private_key(pem, secret if b"ENCRYPTED" in pem else None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise _unreadable(path) from None
    certificate_path, certificates = _certificates(environment)
    if certificates[0].public_key() != key.public_key():
        raise ConfigurationError(
            "its first certificate is not that of the key.", file=str(certificate_path), key=CERTIFICATE
        )
    options = ("-certs", str(certificate_path), "-key", str(path))
    return ProbeSigner(options, certificates[0], tuple(certificates[1:]), passphrase)


def _certificates(environment: Mapping[str, str]) -> tuple[Path, list[x509.Certificate]]:
    path = Path(environment.get(CERTIFICATE, ""))
    if not environment.get(CERTIFICATE):
        raise ConfigurationError("the key needs its certificate, a PEM file.", key=CERTIFICATE)
    named_file(path, CERTIFICATE)
    try:
        return path, x509.load_pem_x509_certificates(path.read_bytes())
    except ValueError:
        raise ConfigurationError("holds no PEM certificate.", file=str(path), key=CERTIFICATE) from None


def _unreadable(path: Path) -> ConfigurationError:
    return ConfigurationError(
        "the key cannot be read; is the passphrase right?",
        file=str(path),
        key=KEY,
        hint=f"It must be PFX or PEM; the passphrase comes from {PASSPHRASE} or {PASSPHRASE_FILE}.",
    )


def _require_fit(certificate: x509.Certificate) -> None:
    try:
        usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        usages = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING])  # for anything, then
    if ExtendedKeyUsageOID.CODE_SIGNING not in usages:
        raise ConfigurationError("the certificate is not for signing code.", key=CERTIFICATE)
    now = datetime.datetime.now(datetime.UTC)
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise ConfigurationError(
            f"the certificate is valid from {certificate.not_valid_before_utc:%Y-%m-%d} to "
            f"{certificate.not_valid_after_utc:%Y-%m-%d}, which is not today.",
            key=CERTIFICATE,
        )


def _made(home: Path) -> ProbeSigner:
    """The signer in that folder, made if there is none or if its certificate ends soon. Safe from several processes.

    Key and certificate are one file, so that they always belong together.
    """
    path = home / "signer.pem"
    with held(home / ".lock", "makes the key that signs the guest probe", Deadline.after(LOCK_S)):
        certificate = _still_good(path)
        if certificate is None:
            key = rsa.generate_private_key(65537, 3072)
            certificate = _self_signed(key)
            pem = certificate.public_bytes(serialization.Encoding.PEM)
            write_atomically(path, _pem(key) + pem, mode=0o600)
    return ProbeSigner(("-certs", str(path), "-key", str(path)), certificate)


def _still_good(path: Path) -> x509.Certificate | None:
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError):
        return None
    ends = certificate.not_valid_after_utc - LEAST_LEFT
    return certificate if datetime.datetime.now(datetime.UTC) < ends else None


def _self_signed(key: rsa.RSAPrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, MADE_NAME)])
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=MADE_DAYS))
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=True)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )


def _pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )

"""A certificate authority and one server certificate per run, and others of it that no agent may take for that.

EC P-256: a handshake costs a tenth of RSA's, and Wine's WinHTTP takes it over TLS 1.2 (docs/backend.md says
what was tried). Private keys are files of mode 0600 in a directory of mode 0700.
"""

import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from harness.backend.trouble import Presented
from harness.model.errors import BackendError

SERVER_ADDRESSES = ("10.0.2.100", "127.0.0.1")
SERVER_NAMES = ("localhost", "backend.bvt.test")

_CA, _CERT, _KEY = "ca.pem", "server.pem", "server.key"
_BACKDATE = timedelta(days=30)  # guests' clocks may be behind
_LIFE = timedelta(days=60)
_PAST = timedelta(days=400)  # it has ended for a clock that is behind, too

_OTHERS = (Presented.OTHER_NAME, Presented.EXPIRED, Presented.RENEWED)

OTHER_NAME = "elsewhere.bvt.test"
"""The host of the certificate that is not the backend's."""


class Pair(NamedTuple):
    """The files of a certificate and of its private key (PEM)."""

    certificate: Path
    key: Path


@dataclass(frozen=True)
class Authority:
    """The files of a run's authority. The CA's own key is thrown away: nothing further is ever signed."""

    directory: Path

    @property
    def ca_file(self) -> Path:
        """The CA certificate that agents trust (PEM)."""
        return self.directory / _CA

    @property
    def cert_file(self) -> Path:
        """The server's certificate (PEM)."""
        return self.directory / _CERT

    @property
    def key_file(self) -> Path:
        """The server's private key (PEM, mode 0600)."""
        return self.directory / _KEY

    @property
    def others(self) -> dict[Presented, Pair]:
        """Certificates of this authority with keys of their own: for another host, past their time, renewed.

        None of an authority that an earlier version made.
        """
        pairs = {kind: self.pair(kind) for kind in _OTHERS}
        return {kind: pair for kind, pair in pairs.items() if pair.certificate.is_file()}

    def pair(self, kind: Presented) -> Pair:
        """Where the files of such a certificate are."""
        return Pair(self.directory / f"{kind}.pem", self.directory / f"{kind}.key")

    @property
    def ca_pem(self) -> str:
        """The CA certificate's text."""
        return self.ca_file.read_text(encoding="ascii")

    @property
    def server_cert_sha256(self) -> str:
        """SHA-256 of the server certificate's DER form, lower-case hex: what an agent pins."""
        certificate = x509.load_pem_x509_certificate(self.cert_file.read_bytes())
        return hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).hexdigest()


def load_authority(directory: Path) -> Authority:
    """The authority kept in `directory`. Raises `BackendError` if it is not complete."""
    authority = Authority(directory)
    for file in (authority.ca_file, authority.cert_file, authority.key_file):
        if not file.is_file():
            raise BackendError(
                f"The backend's authority in {directory} lacks {file.name}.",
                hint="Remove the directory; it is made again.",
            )
    return authority


def make_authority(directory: Path) -> Authority:
    """Make the run's authority in `directory`, or load the one that is there.

    Safe to call from several processes at once: it is made elsewhere and renamed, and the first one wins.
    """
    if directory.is_dir() and any(directory.iterdir()):
        return load_authority(directory)
    directory.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))  # mode 0700
    try:
        _write(Authority(draft))
        draft.rename(directory)  # replaces an empty directory, fails on a full one
    except OSError as error:
        if not directory.is_dir():
            raise BackendError(f"The backend's authority cannot be made in {directory}: {error}.") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return load_authority(directory)


def _write(authority: Authority) -> None:
    ca_key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    ca = (
        _builder(_CA_NAME, ca_key.public_key(), now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(ca=True), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    authority.ca_file.write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    _write_server(Pair(authority.cert_file, authority.key_file), ca_key, now)
    for kind in _OTHERS:
        # A key of its own: an agent that knows the backend by its public key is right to refuse it.
        pair, past = authority.pair(kind), kind is Presented.EXPIRED
        names = (OTHER_NAME,) if kind is Presented.OTHER_NAME else ()
        _write_server(pair, ca_key, now - _PAST if past else now, names)


def _write_server(
    pair: Pair, ca_key: ec.EllipticCurvePrivateKey, now: datetime, hosts: tuple[str, ...] = ()
) -> None:
    """A key and its certificate: for these hosts, or for the backend's."""
    server_key = ec.generate_private_key(ec.SECP256R1())
    names: list[x509.GeneralName] = [x509.DNSName(host) for host in hosts]
    if not hosts:
        names += [x509.IPAddress(ip_address(address)) for address in SERVER_ADDRESSES]
        # Wine and old Windows look for an address among the DNS names only.
        names += [x509.DNSName(name) for name in (*SERVER_NAMES, *SERVER_ADDRESSES)]
    server = (
        _builder(_name(hosts[0] if hosts else SERVER_NAMES[-1]), server_key.public_key(), now)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(ca=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False
        )
        .sign(ca_key, hashes.SHA256())
    )
    pair.certificate.write_bytes(server.public_bytes(serialization.Encoding.PEM))
    key = server_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    descriptor = os.open(pair.key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _builder(
    subject: x509.Name, public_key: ec.EllipticCurvePublicKey, now: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(_CA_NAME)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATE)
        .not_valid_after(now + _LIFE)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


_CA_NAME = _name("agent-bvt run authority")


def _usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )

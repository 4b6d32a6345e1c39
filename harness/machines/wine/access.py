"""Makes the way into a machine: certificate, password, and the configuration of its WinRM server."""

import datetime
import ipaddress
import json
import os
import secrets
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import SecretStr

from harness.machines.wine.order import Places
from harness.model.machine import WinRMAccess
from harness.winrmd.wine_locale import UTF8_CODEPAGE, utf8_environment

USERNAME = "bvt"


def make_access(
    places: Places, *, port: int, hostname: str, environment: dict[str, str], probe: Path, loader: Path
) -> WinRMAccess:
    """Write certificate, key and server configuration into the machine's directory. Raises `OSError`."""
    password = secrets.token_urlsafe(18)
    _write_certificate(places, hostname)
    results = places.home / "results"
    results.mkdir(mode=0o700)
    configuration = {
        "users": {USERNAME: password},
        "launcher": [str(loader), windows_path(probe), "exec", "--result", "{result}", "--", "{command}"],
        "result_dir": str(results),
        "result_dir_guest": windows_path(results),
        "tls_cert": str(places.certificate),
        "tls_key": str(places.key),
        "environment": environment,
        "codepage_environment": {UTF8_CODEPAGE: utf8_environment(places.home / "locales")},
        "drives": {"C:": str(places.prefix / "drive_c"), "D:": str(places.media)},
        "working_directory": str(places.prefix / "drive_c"),
        "machine_name": hostname,
        "log_path": str(places.logs / "winrm.log"),
    }
    _write_private(places.winrm_config, json.dumps(configuration).encode())
    return WinRMAccess(
        host="127.0.0.1",
        port=port,
        username=USERNAME,
        password=SecretStr(password),
        ca_pem=places.certificate,
        server_name="localhost",
    )


def windows_path(path: Path) -> str:
    """A host path as Windows programs under Wine can open it without a drive letter for the host."""
    return "\\\\?\\unix" + str(path).replace("/", "\\")


def _write_certificate(places: Places, hostname: str) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hostname)])
    now = datetime.datetime.now(datetime.UTC)
    names = [
        x509.DNSName("localhost"),
        x509.DNSName(hostname),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    ]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    _write_private(places.certificate, certificate.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    _write_private(places.key, private)


def _write_private(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)

"""A WinRM server in this process, with a launcher that runs POSIX shell commands."""

import datetime
import ipaddress
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pypsrp.wsman import WSMan
from winrm.protocol import Protocol

from harness.winrmd.config import Limits, ServerConfig
from harness.winrmd.server import serve

USER = "bvt"
PASSWORD = "Pä55 word!"
LAUNCHER = ("/bin/sh", str(Path(__file__).with_name("posix_launcher.sh")), "{result}", "{command}")


@dataclass(frozen=True)
class Running:
    """A server that listens."""

    config: ServerConfig
    port: int

    @property
    def scheme(self) -> str:
        return "https" if self.config.tls_cert else "http"

    def protocol(
        self,
        transport: str = "ntlm",
        *,
        password: str = PASSWORD,
        encryption: str = "auto",
        operation_timeout_s: int = 20,
        read_timeout_s: int = 30,
    ) -> Protocol:
        """A pywinrm client."""
        return Protocol(
            endpoint=f"{self.scheme}://127.0.0.1:{self.port}/wsman",
            transport=transport,
            username=USER,
            password=password,
            server_cert_validation="validate",
            ca_trust_path=self.config.tls_cert or "legacy_requests",
            message_encryption=encryption,
            operation_timeout_sec=operation_timeout_s,
            read_timeout_sec=read_timeout_s,
            proxy=None,
        )

    def wsman(self, auth: str = "ntlm", *, encryption: str = "auto", password: str = PASSWORD) -> WSMan:
        """A pypsrp client."""
        return WSMan(
            "127.0.0.1",
            port=self.port,
            username=USER,
            password=password,
            ssl=self.scheme == "https",
            auth=auth,
            cert_validation=self.config.tls_cert or False,
            encryption=encryption,
            no_proxy=True,
            connection_timeout=10,
            read_timeout=30,
        )


Start = Callable[..., Running]


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A self-signed certificate for 127.0.0.1 and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "winrmd test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    directory = tmp_path_factory.mktemp("tls")
    certificate, private = directory / "cert.pem", directory / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return str(certificate), str(private)


@pytest.fixture
def start(tmp_path: Path, certificate: tuple[str, str]) -> Iterator[Start]:
    """Starts servers: `start(tls=True, limits=…, **fields of ServerConfig)`; all are stopped after the test."""
    stops: list[tuple[threading.Event, threading.Thread]] = []

    def start_one(*, tls: bool = False, limits: Limits | None = None, **given: object) -> Running:
        config = ServerConfig(
            users={USER: PASSWORD},
            launcher=LAUNCHER,
            result_dir=str(tmp_path),
            tls_cert=certificate[0] if tls else None,
            tls_key=certificate[1] if tls else None,
            limits=limits or Limits(),
        )
        config = replace(config, **given)  # type: ignore[arg-type]
        listener = socket.create_server(("127.0.0.1", 0))
        stop = threading.Event()
        thread = threading.Thread(target=serve, args=(config, listener, stop), daemon=True)
        thread.start()
        stops.append((stop, thread))
        return Running(config, listener.getsockname()[1])

    yield start_one
    for stop, thread in stops:
        stop.set()
        thread.join(10)
        assert not thread.is_alive(), "the server did not stop"


@pytest.fixture
def server(start: Start) -> Running:
    """NTLM with message encryption over plain HTTP."""
    return start()


@pytest.fixture
def secure(start: Start) -> Running:
    """HTTPS with Basic and NTLM."""
    return start(tls=True)

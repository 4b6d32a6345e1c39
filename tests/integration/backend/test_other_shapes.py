"""A staging backend of another shape: it asks for a certificate, and answers in lines of JSON, packed with gzip."""

import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response

from harness.backend.embedded.backend import EmbeddedBackend
from harness.backend.embedded.pki import make_authority
from harness.backend.factory import open_backend
from harness.backend.interface import Backend
from harness.model.deadline import Deadline
from harness.model.errors import BackendError, ConfigurationError
from tests.integration.backend.agent import Agent
from tests.integration.backend.staging import TOKEN, Staging, serving

CELL, TEAM = "win11-24h2/fresh", "team"
EXAMPLE = Path(__file__).parents[3] / "examples" / "backends" / "http.yaml"
PASSWORD = "of-the-key-7"


class InLines(Staging):
    """Its lists are one document a line; the empty one is an empty body."""

    def _results(self, request: Request) -> Response:
        rows = json.loads(bytes(super()._results(request).body))["results"]
        # A letter that some take for the end of a line.
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        return Response(text, media_type="application/x-ndjson; charset=utf-8")


@dataclass
class Pki:
    """An authority, and files signed by it."""

    place: Path
    key: ec.EllipticCurvePrivateKey
    name: x509.Name

    def signed(self, name: str, password: str = "") -> tuple[Path, Path]:
        """Certificate and key of `name`."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._build(_named(name), key.public_key(), is_ca=False)
        return self.write(name, certificate, key, password)

    def authority(self) -> Path:
        """The authority's own certificate."""
        return self.write("authority", self._build(self.name, self.key.public_key(), is_ca=True), self.key)[0]

    def _build(self, subject: x509.Name, key: Any, *, is_ca: bool) -> x509.Certificate:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
            )
            .sign(self.key, hashes.SHA256())
        )

    def write(
        self, name: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey, password: str = ""
    ) -> tuple[Path, Path]:
        files = self.place / f"{name}.pem", self.place / f"{name}.key"
        files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        encryption: serialization.KeySerializationEncryption = (
            serialization.BestAvailableEncryption(password.encode())
            if password
            else serialization.NoEncryption()
        )
        form = serialization.PrivateFormat.PKCS8
        files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, form, encryption))
        return files


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


@dataclass
class Lab:
    """The agents' side, and how the operators' is described."""

    inner: EmbeddedBackend
    agent: Agent
    document: dict[str, Any]
    place: Path
    open: Backend | None = None

    def backend(self, **changes: Any) -> Backend:
        file = self.place / "backend.yaml"
        document = {name: value for name, value in (self.document | changes).items() if value is not None}
        file.write_text(yaml.safe_dump(document))
        backend = self.open = open_backend(str(file), self.place, self.place)
        backend.admit(CELL, None)
        backend.identify(CELL, "HOST-1")
        return backend


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    inner = EmbeddedBackend(make_authority(tmp_path / "authority"), tmp_path / "staging.sqlite")
    enrolment = inner.admit(TEAM, None)
    monkeypatch.setenv("STAGING_TOKEN", TOKEN)
    monkeypatch.setenv("STAGING_ENROL_SECRET", enrolment.secret)
    monkeypatch.setenv("KEY_PASSWORD", PASSWORD)
    (tmp_path / "staging-ca.pem").write_text(enrolment.ca_pem)
    pki = Pki(tmp_path, ec.generate_private_key(ec.SECP256R1()), _named("authority"))
    authority = pki.authority()
    certificate, key = pki.signed("server")
    pki.signed("operator")
    pki.signed("guarded", PASSWORD)
    application = InLines(inner, TEAM).application
    application.add_middleware(GZipMiddleware, minimum_size=0)
    tls = {
        "ssl_certfile": str(certificate),
        "ssl_keyfile": str(key),
        "ssl_ca_certs": str(authority),
        "ssl_cert_reqs": ssl.CERT_REQUIRED,
    }
    with serving(application, **tls) as port:
        document = yaml.safe_load(EXAMPLE.read_text())
        document["events"]["items"] = "@"
        document |= {
            "url": f"https://127.0.0.1:{port}/api",
            "address": inner.address.model_dump(),
            "headers": {"X-Api-Key": {"env": "STAGING_TOKEN"}},
            "ca_file": "authority.pem",
            "client_cert": {"file": "operator.pem", "key": "operator.key"},
            "poll_s": 0.02,
        }
        with Agent(inner, enrolment).enrol() as agent:
            lab = Lab(inner, agent, document, tmp_path)
            yield lab
            if lab.open is not None:
                lab.open.close()
    inner.close()


def soon(seconds: float = 30) -> Deadline:
    return Deadline.after(seconds)


@pytest.mark.parametrize(
    "certificate",
    [
        {"file": "operator.pem", "key": "operator.key"},
        {"file": "both.pem"},
        {"file": "guarded.pem", "key": "guarded.key", "password": {"env": "KEY_PASSWORD"}},
    ],
)
def test_it_is_asked_with_a_certificate_and_its_lines_are_a_list(
    lab: Lab, certificate: dict[str, Any]
) -> None:
    both = (lab.place / "operator.pem").read_bytes() + (lab.place / "operator.key").read_bytes()
    (lab.place / "both.pem").write_bytes(both)
    backend = lab.backend(client_cert=certificate)
    assert backend.wait_enrolled(CELL, soon()) is not None
    assert backend.events(CELL) == ()
    lab.agent.result("processes", cmdline="x NONCE-1 \u2028 監視", pid="4")
    event = backend.wait_event(CELL, "processes", {"cmdline": "~nonce-1"}, soon())
    assert event is not None
    assert event.columns["cmdline"] == "x NONCE-1 \u2028 監視"
    lab.agent.result("processes", cmdline="NONCE-2", pid="5")
    assert backend.wait_event(CELL, "processes", {"cmdline": "NONCE-2"}, soon()) is not None
    assert len(backend.events(CELL)) == 2


def test_without_a_certificate_it_is_the_labs_fault(lab: Lab) -> None:
    with pytest.raises(BackendError, match=r"GET .* failed"):
        lab.backend(client_cert=None).wait_enrolled(CELL, soon(0.1))


@pytest.mark.parametrize(
    "certificate",
    [
        {"file": "nowhere.pem"},
        {"file": "operator.pem"},  # its key is in another file
        {"file": "guarded.pem", "key": "guarded.key"},  # nobody is asked for its password
        {"file": "operator.pem", "key": "server.key"},
    ],
)
def test_one_that_cannot_be_shown_is_a_mistake_in_the_file(lab: Lab, certificate: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="client_cert"):
        lab.backend(client_cert=certificate)

"""What the backend saw of an agent that it does not hear, in words."""

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.backend.embedded.backend import EmbeddedBackend
from harness.backend.embedded.pki import make_authority
from harness.backend.interface import Refusal
from harness.backend.seen import what_was_seen
from harness.model.deadline import Deadline
from harness.model.errors import BackendError

CELL = "win11-24h2/fresh"


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[EmbeddedBackend]:
    opened = EmbeddedBackend(make_authority(tmp_path / "authority"), tmp_path / "backend.sqlite")
    opened.admit(CELL, None)
    yield opened
    opened.close()


def talk(backend: EmbeddedBackend, body: str, *, trusts: bool = True, tls: bool = True) -> None:
    context = ssl.create_default_context()
    context.check_hostname = False
    if trusts:
        context.verify_mode = ssl.CERT_NONE
    with socket.create_connection((backend.address.host, backend.address.port), 10) as plain:
        line = context.wrap_socket(plain) if tls else plain
        request = f"POST /enroll HTTP/1.1\r\nHost: b\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        line.sendall(request.encode())
        line.recv(4096)


def soon(backend: EmbeddedBackend, words: str) -> str:
    """A refusal by the client reaches the server a moment later."""
    deadline = Deadline.after(10)
    while words not in (said := what_was_seen(backend, CELL)) and not deadline.passed:
        deadline.pause(0.02)
    return said


def test_nothing_at_all(backend: EmbeddedBackend) -> None:
    assert what_was_seen(backend, CELL).startswith("the backend saw nothing at all of it")


def test_a_head_whose_body_does_not_come_is_not_nothing(backend: EmbeddedBackend) -> None:
    seen = backend.sightings(CELL)
    held: Any = SimpleNamespace(
        refusals=lambda _: (),
        protocol_errors=lambda _: (),
        sightings=lambda _: seen.model_copy(update={"body_awaited_s": 9.7}),
    )
    assert what_was_seen(held, CELL) == "the backend saw a request's head, for whose body it waited 10 s"


def test_requests_with_a_wrong_secret_are_counted(backend: EmbeddedBackend) -> None:
    for _ in range(3):
        talk(backend, '{"enroll_secret": "guess", "host_identifier": "h"}')
    assert what_was_seen(backend, CELL) == (
        "the backend saw 3 requests to /enroll refused: wrong enrolment secret"
    )


def test_an_agent_that_does_not_trust_the_certificate(backend: EmbeddedBackend) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        talk(backend, "", trusts=False)
    assert "1 TLS handshake failed: the agent does not trust the certificate's authority" in soon(
        backend, "TLS"
    )


def test_an_agent_that_speaks_plain_http(backend: EmbeddedBackend) -> None:
    talk(backend, "{}", tls=False)
    assert "1 TLS handshake failed: the agent speaks plain HTTP, without TLS" in soon(backend, "TLS")
    assert backend.sightings(CELL).plain == 1


def test_an_agent_that_takes_the_backend_for_a_proxy_has_said_nothing_in_plain_text(
    backend: EmbeddedBackend,
) -> None:
    with socket.create_connection((backend.address.host, backend.address.port), 10) as line:
        line.sendall(b"CONNECT backend:443 HTTP/1.1\r\nHost: backend:443\r\n\r\n")
        line.recv(4096)
    assert "1 TLS handshake failed: the agent takes the backend for a proxy (CONNECT)" in soon(
        backend, "proxy"
    )
    assert backend.sightings(CELL).plain == 0


def test_a_malformed_request_is_quoted(backend: EmbeddedBackend) -> None:
    talk(backend, "no json")
    assert "1 malformed request, the first POST /enroll: " in what_was_seen(backend, CELL)


class Mute:
    """An external backend keeps to itself what reached it."""

    name = "staging"

    def refusals(self, _: str) -> tuple[Refusal, ...]:
        return ()

    def protocol_errors(self, _: str) -> tuple[Any, ...]:
        return ()


def test_a_backend_that_does_not_tell_is_not_said_to_have_seen_nothing() -> None:
    mute: Any = Mute()
    assert what_was_seen(mute, CELL) == "backend staging does not tell what it saw of it"


def test_a_backend_that_fails_costs_no_check_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise BackendError("The store is gone.")

    monkeypatch.setattr(Mute, "refusals", fail)
    mute: Any = Mute()
    assert what_was_seen(mute, CELL) == "what the backend saw is not known (The store is gone)"

"""HTTP as agents and probes speak it, over TLS: whatever comes is answered, and the next request works."""

import http.client
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.backend.embedded.backend import EmbeddedBackend
from harness.backend.embedded.pki import make_authority
from harness.backend.interface import Enrolment
from harness.model.deadline import Deadline
from tests.integration.backend.agent import CELL, Agent

HELD_S = 0.3


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedBackend]:
    place: Path = tmp_path_factory.mktemp("http")
    backend = EmbeddedBackend(make_authority(place / "authority"), place / "backend.sqlite")
    yield backend
    backend.close()


@pytest.fixture
def wire(backend: EmbeddedBackend, enrolment: Enrolment) -> Iterator[ssl.SSLSocket]:
    """One connection, spoken to byte by byte."""
    trusted = ssl.create_default_context(cadata=enrolment.ca_pem)
    with (
        socket.create_connection((backend.address.host, backend.address.port), 30) as raw,
        trusted.wrap_socket(raw, server_hostname="localhost") as connection,
    ):
        yield connection


def answer(connection: ssl.SSLSocket, method: str = "POST") -> tuple[int, bytes]:
    response = http.client.HTTPResponse(connection, method=method)
    response.begin()
    return response.status, response.read()


def event(key: str, number: str) -> bytes:
    row = {"name": "q", "action": "added", "columns": {"n": number}}
    return json.dumps({"node_key": key, "log_type": "result", "data": [row]}).encode()


def head(path: str, *lines: str, method: str = "POST") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: backend", *lines, "", ""]).encode()


def seen(backend: EmbeddedBackend) -> list[str]:
    return [each.columns["n"] for each in backend.events(CELL, "q")]


def test_chunked_bodies_come_over_a_connection_that_stays(
    backend: EmbeddedBackend, agent: Agent, wire: ssl.SSLSocket
) -> None:
    for number in ("1", "2"):
        body = event(agent.key, number)
        wire.sendall(head("/log", "Transfer-Encoding: chunked"))
        for part in (body[:10], body[10:]):
            wire.sendall(b"%x\r\n%s\r\n" % (len(part), part))
        wire.sendall(b"0\r\n\r\n")
        assert answer(wire)[0] == 200
    assert seen(backend) == ["1", "2"]


@pytest.mark.parametrize(("denied", "noticed"), [(["Content-Length: 0"], True), ([], False)])
def test_a_body_that_comes_long_after_a_head_that_denies_it_is_noticed(
    backend: EmbeddedBackend, agent: Agent, wire: ssl.SSLSocket, denied: list[str], noticed: bool
) -> None:
    """Such heads Wine's WinHTTP sends."""
    assert backend.sightings(CELL).body_held_s == 0
    body = event(agent.key, "1")
    wire.sendall(head("/log", *denied, "Transfer-Encoding: chunked"))
    threading.Event().wait(HELD_S)
    wire.sendall(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))
    assert answer(wire)[0] == 200
    assert seen(backend) == ["1"]
    assert (backend.sightings(CELL).body_held_s >= 0.9 * HELD_S) == noticed


def test_a_body_that_does_not_come_is_noticed_while_it_is_awaited_and_once_its_sender_is_gone(
    backend: EmbeddedBackend, agent: Agent, wire: ssl.SSLSocket
) -> None:
    backend.admit(CELL, {})
    assert backend.sightings(CELL).body_awaited_s == 0
    wire.sendall(head("/enroll", "Content-Length: 0", "Transfer-Encoding: chunked"))
    threading.Event().wait(HELD_S)
    awaited_s = backend.sightings(CELL).body_awaited_s
    assert awaited_s >= 0.9 * HELD_S
    wire.close()
    assert settled(lambda: backend.sightings(CELL).body_awaited_s) >= awaited_s
    assert backend.sightings(CELL).body_held_s == 0
    backend.admit(CELL, {})
    assert backend.sightings(CELL).body_awaited_s == 0


def settled(ask: Callable[[], float]) -> float:
    """What is answered twice in turn."""
    deadline, last = Deadline.after(30), -1.0
    while (now := ask()) != last:
        assert not deadline.passed
        last = now
        threading.Event().wait(HELD_S)
    return now


def test_who_asks_whether_to_go_on_is_told_to(
    backend: EmbeddedBackend, agent: Agent, wire: ssl.SSLSocket
) -> None:
    body = event(agent.key, "1")
    wire.sendall(head("/log", f"Content-Length: {len(body)}", "Expect: 100-continue"))
    assert wire.recv(200).startswith(b"HTTP/1.1 100")
    wire.sendall(body)
    assert answer(wire)[0] == 200
    assert seen(backend) == ["1"]


def test_a_request_under_way_is_answered_before_its_connection_is_cut(
    backend: EmbeddedBackend, agent: Agent, wire: ssl.SSLSocket
) -> None:
    """Without the answer an agent would tell again what was heard."""
    body = event(agent.key, "1")
    wire.sendall(head("/log", f"Content-Length: {len(body)}", "Expect: 100-continue"))
    assert wire.recv(200).startswith(b"HTTP/1.1 100")
    with backend.impostor():
        wire.sendall(body)
        assert answer(wire)[0] == 200
        assert wire.recv(1) == b""
    assert seen(backend) == ["1"]


@pytest.mark.parametrize(
    ("request_", "method", "status"),
    [
        (head("/", method="HEAD"), "HEAD", 404),
        (head("/enroll", method="HEAD"), "HEAD", 405),
        (head("/", method="GET"), "GET", 404),
        (head("/log/", "Content-Length: 0"), "POST", 404),
        (head("/carve_init", "Content-Length: 2") + b"{}", "POST", 404),
        (head("/log", "Content-Length: 0"), "POST", 400),
        (head("/log", "Content-Length: 4", "Content-Encoding: br") + b"abcd", "POST", 415),
    ],
)
def test_a_probe_is_answered_on_record_and_spoils_nothing(
    backend: EmbeddedBackend, agent: Agent, wire: ssl.SSLSocket, request_: bytes, method: str, status: int
) -> None:
    wire.sendall(request_)
    assert answer(wire, method)[0] == status
    assert len(backend.protocol_errors(CELL)) == 1
    body = event(agent.key, "after")
    wire.sendall(head("/log", f"Content-Length: {len(body)}") + body)
    assert answer(wire)[0] == 200
    assert seen(backend) == ["after"]


def test_a_large_log_over_tls_is_stored_whole(backend: EmbeddedBackend, agent: Agent) -> None:
    rows = [{"n": str(number), "filling": "x" * 90} for number in range(5000)]
    agent.post("/log", log_type="result", data=[{"name": "q", "action": "snapshot", "snapshot": rows}])
    assert seen(backend) == [row["n"] for row in rows]

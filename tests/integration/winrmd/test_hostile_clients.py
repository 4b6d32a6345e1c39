"""What no client should do: every request is answered, and the server is afterwards as it was before."""

import base64
import http.client
import random
import socket
import threading
from contextlib import closing

import psutil
import pytest

from harness.winrmd import namespaces as ns
from harness.winrmd.config import Limits
from tests.integration.winrmd.servers import PASSWORD, USER, Running, Start
from tests.unit.winrmd.envelopes import request

BASIC = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
REQUESTS = 5_000


def mutated(number: int) -> bytes:
    """A whole HTTP request with something wrong somewhere; the same for the same number."""
    chance = random.Random(number)
    body = request(
        chance.choice(
            [ns.CREATE, ns.COMMAND, ns.RECEIVE, ns.SEND, ns.SIGNAL, ns.DELETE, ns.GET, ns.ENUMERATE, ns.PULL]
        ),
        chance.choice(["", "<rsp:Shell/>", "<rsp:Receive><rsp:DesiredStream/></rsp:Receive>", "<rsp:Send/>"]),
        shell_id=chance.choice([None, "x", "A" * 50]),
    )
    for _ in range(chance.randint(0, 4)):
        at = chance.randrange(len(body))
        body = (
            body[:at]
            + bytes(chance.randrange(256) for _ in range(chance.randint(0, 6)))
            + body[at + chance.randint(0, 6) :]
        )
    headers = {
        "Host": "h",
        "Authorization": chance.choice(
            [BASIC, BASIC, BASIC, "Negotiate TlRMTVNTUAABAAAA", "Basic \u00e4", "Negotiate YEgG", "x"]
        ),
        "Content-Type": chance.choice(
            ["application/soap+xml;charset=UTF-8", "multipart/encrypted", "", "text/\u00ff"]
        ),
        "Content-Length": chance.choice([str(len(body))] * 6 + ["-1", "x", "9" * 30]),
        "Connection": "close",
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return (
        f"{chance.choice(['POST'] * 9 + ['GET', 'PÖST'])} /wsman HTTP/1.1\r\n{head}\r\n".encode("latin-1")
        + body
    )


def answer(port: int, data: bytes) -> bytes:
    with closing(socket.create_connection(("127.0.0.1", port), timeout=60)) as peer:
        peer.sendall(data)
        peer.shutdown(socket.SHUT_WR)
        return peer.makefile("rb").readline()


def test_every_mutated_request_is_answered_and_nothing_is_left_of_it(start: Start) -> None:
    server = start(allow_unencrypted=True, limits=Limits(refusals_apart_s=0.0, max_shells_per_user=5))
    me = psutil.Process()
    for number in range(200):  # first uses load modules and fill caches
        answer(server.port, mutated(number))
    files, memory = me.num_fds(), me.memory_info().rss
    unanswered = [n for n in range(REQUESTS) if not answer(server.port, mutated(n)).startswith(b"HTTP/1.1 ")]
    assert unanswered == []
    assert me.num_fds() <= files + 3
    assert me.memory_info().rss <= memory + 32 * 1024 * 1024


def test_silent_connections_give_their_places_back(start: Start) -> None:
    server = start(allow_unencrypted=True, limits=Limits(max_connections=100, login_timeout_s=1.0))
    silent = [socket.create_connection(("127.0.0.1", server.port), timeout=60) for _ in range(100)]
    for number, peer in enumerate(silent):
        if number % 2:
            peer.sendall(b"POST /wsman HTTP/1.1\r\n")  # begun and never ended
    for number, peer in enumerate(silent):
        told = peer.recv(100)
        assert told.startswith(b"HTTP/1.1 408 ") if number % 2 else told == b""
        peer.close()
    assert b" 401 " in answer(
        server.port, b"POST /wsman HTTP/1.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )


def test_somebody_who_is_logged_in_may_be_silent(start: Start) -> None:
    server = start(allow_unencrypted=True, limits=Limits(login_timeout_s=0.5))
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    with closing(connection):
        for wait_s in (0.0, 1.0):
            threading.Event().wait(wait_s)
            connection.request("POST", "/wsman", request(ns.CREATE, "<rsp:Shell/>"), {"Authorization": BASIC})
            response = connection.getresponse()
            response.read()
            assert response.status == 200


def guess(server: Running, scheme: str) -> int:
    token = base64.b64encode(b"bvt:wrong").decode() if scheme == "Basic" else "AAAA"
    head = f"POST /wsman HTTP/1.1\r\nAuthorization: {scheme} {token}\r\n"
    told = answer(server.port, f"{head}Content-Length: 0\r\nConnection: close\r\n\r\n".encode())
    return int(told.split()[1])


@pytest.mark.parametrize("scheme", ["Basic", "Negotiate", "NTLM", "Digest"])
def test_wrong_credentials_are_logged(start: Start, scheme: str, caplog: pytest.LogCaptureFixture) -> None:
    server = start(allow_unencrypted=True)
    assert guess(server, scheme) == 401
    assert "wrong credentials from 127.0.0.1" in caplog.text

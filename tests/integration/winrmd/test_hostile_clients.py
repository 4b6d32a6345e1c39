"""What no client should do: every request is answered, and the server is afterwards as it was before."""

import base64
import http.client
import itertools
import random
import socket
import threading
from collections import Counter
from contextlib import closing, suppress

import psutil
import pytest

from harness.winrmd import namespaces as ns
from harness.winrmd import server as server_module
from harness.winrmd.config import Limits
from harness.winrmd.pace import Pace
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


def test_slow_connections_give_their_places_back_too(start: Start) -> None:
    """A hundred send a byte now and then and never come to an end; each byte is no new beginning of their time."""
    server = start(allow_unencrypted=True, limits=Limits(max_connections=101, login_timeout_s=2.0))
    slow = [socket.create_connection(("127.0.0.1", server.port), timeout=60) for _ in range(100)]
    over, byte = threading.Event(), itertools.cycle(b"POST /wsman HTTP/1.1\r\nX-Header: ")

    def drip() -> None:
        while not over.wait(0.05):
            for peer in slow:
                with suppress(OSError):  # given up by the server
                    peer.send(bytes([next(byte)]))

    dripping = threading.Thread(target=drip)
    dripping.start()
    try:
        # Meanwhile others are served, and in the end every place is free.
        login = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        with closing(login):
            login.request("POST", "/wsman", request(ns.CREATE, "<rsp:Shell/>"), {"Authorization": BASIC})
            assert login.getresponse().status == 200
        for peer in slow:
            with suppress(ConnectionResetError):  # it had still sent something
                assert peer.recv(100)[:13] in (b"HTTP/1.1 408 ", b"HTTP/1.1 400 ", b"")
    finally:
        over.set()
        dripping.join(60)
        for peer in slow:
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


GUESSES = 10_000


class Ahead(Pace):
    """A pace whose waits pass at once on a clock of its own."""

    now = 0.0

    def __init__(self, apart_s: float) -> None:
        super().__init__(apart_s, clock=lambda: Ahead.now)

    def wait(self, longest_s: float) -> None:
        Ahead.now += min(self.turn_in(), longest_s)


def test_ten_thousand_wrong_passwords_take_minutes(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them are asked of a real server, whose waits are added up on a clock of the test's."""
    monkeypatch.setattr(Ahead, "now", 0.0)
    monkeypatch.setattr(server_module, "Pace", Ahead)
    server = start(allow_unencrypted=True)
    schemes = ("Basic", "Negotiate", "NTLM", "Digest")
    refused = Counter(guess(server, schemes[number % 4]) for number in range(GUESSES))
    assert refused == {401: GUESSES}
    assert Ahead.now >= GUESSES * Limits().refusals_apart_s - 1 >= 300
    before = Ahead.now
    body = request(ns.CREATE, "<rsp:Shell/>")
    head = f"POST /wsman HTTP/1.1\r\nAuthorization: {BASIC}\r\nContent-Length: {len(body)}\r\n"
    assert b" 200 " in answer(server.port, f"{head}Connection: close\r\n\r\n".encode() + body)
    assert Ahead.now == before, "who knows the password does not wait"


@pytest.mark.parametrize("scheme", ["Basic", "Negotiate", "NTLM", "Digest"])
def test_wrong_credentials_are_logged(start: Start, scheme: str, caplog: pytest.LogCaptureFixture) -> None:
    server = start(allow_unencrypted=True)
    assert guess(server, scheme) == 401
    assert "wrong credentials from 127.0.0.1" in caplog.text

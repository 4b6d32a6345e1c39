"""A server that stands before it is known whose it is, and answers before its machine is ready."""

import http.client
import socket
import threading
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from harness.winrmd.config import ServerConfig
from harness.winrmd.door import Door
from harness.winrmd.server import SPARE, Server
from tests.integration.winrmd.servers import LAUNCHER, USER

NOT_YET_S = 0.2
"""So long nothing is answered; a server that answered would do so in milliseconds."""
ANSWER_S = 30.0


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.fixture
def at_first(tmp_path: Path) -> ServerConfig:
    return ServerConfig(
        users={USER: "nobody knows it"},
        launcher=LAUNCHER,
        result_dir=str(tmp_path),
        allow_unencrypted=True,
    )


@pytest.fixture
def server(door: Door, at_first: ServerConfig) -> Iterator[tuple[Server, int]]:
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    server = Server(at_first, listener, door)
    server.start()
    yield server, port
    server.close()


class Asked(threading.Thread):
    """One request, on its way until it is answered."""

    def __init__(self, port: int, password: str | None = None) -> None:
        super().__init__(daemon=True)
        self._port = port
        token = b64encode(f"{USER}:{password}".encode()).decode()
        self._headers = {"Content-Length": "0"} | ({"Authorization": f"Basic {token}"} if password else {})
        self.status: int | None = None
        self.start()

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=ANSWER_S)
        connection.request("POST", "/wsman", headers=self._headers)
        self.status = connection.getresponse().status
        connection.close()

    def answer(self) -> int | None:
        self.join(ANSWER_S)
        return self.status

    @property
    def waits(self) -> bool:
        self.join(NOT_YET_S)
        return self.is_alive()


def test_who_connects_waits_until_it_is_known_whose_server_this_is(
    server: tuple[Server, int], at_first: ServerConfig, door: Door
) -> None:
    asked = Asked(server[1])
    assert asked.waits
    server[0].become(replace(at_first, users={USER: "mine"}))
    assert asked.answer() == 401
    assert door.answered.wait(ANSWER_S)


def test_who_logs_in_waits_until_the_machine_is_ready(
    server: tuple[Server, int], at_first: ServerConfig, door: Door
) -> None:
    server[0].become(replace(at_first, users={USER: "mine"}))
    right, before = Asked(server[1], "mine"), Asked(server[1], "nobody knows it")
    assert right.waits
    assert Asked(server[1]).answer() == 401  # whoever brings no credentials does not wait
    door.open.set()
    assert (right.answer(), before.answer()) == (200, 401)


def test_there_is_a_thread_for_whoever_comes_while_others_are_silent(
    server: tuple[Server, int], at_first: ServerConfig
) -> None:
    server[0].become(at_first)
    silent = [socket.create_connection(("127.0.0.1", server[1])) for _ in range(4 * SPARE)]
    for _ in range(2):
        assert Asked(server[1]).answer() == 401
    for each in silent:
        each.close()
    assert Asked(server[1]).answer() == 401

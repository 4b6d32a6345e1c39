"""Waiting for a machine's WinRM: slow guests are waited for, not asked again and again."""

import socket
import threading
import time

import pytest
from pydantic import SecretStr

from harness.machines.libvirt.clone import readiness
from harness.machines.libvirt.clone.readiness import await_winrm
from harness.model.deadline import Deadline
from harness.model.errors import DeadlineExceeded
from harness.model.machine import WinRMAccess

SLOWNESS_S = 0.25


class SlowServer:
    """Takes every connection at once and answers each of them late."""

    def __init__(self, answer: bytes) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.connections = 0
        self._answer = answer
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def access(self) -> WinRMAccess:
        port = self.listener.getsockname()[1]
        return WinRMAccess(host="127.0.0.1", port=port, username="bvt", password=SecretStr("secret"))

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._reply, args=(peer,), daemon=True).start()

    def _reply(self, peer: socket.socket) -> None:
        with peer:
            peer.recv(4096)
            time.sleep(SLOWNESS_S)
            try:
                peer.sendall(self._answer)
            except OSError:
                return


@pytest.fixture(autouse=True)
def short_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "ATTEMPT_S", 0.1)
    monkeypatch.setattr(readiness, "BETWEEN_S", 0.0)


def test_each_attempt_waits_twice_as_long_as_the_one_before() -> None:
    server = SlowServer(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
    await_winrm(server.access, Deadline.after(60))
    server.listener.close()
    assert (
        server.connections > 1
    )  # the first attempts were too short; at that length none would ever have succeeded


def test_an_endpoint_that_is_no_winrm_is_named() -> None:
    server = SlowServer(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
    with pytest.raises(DeadlineExceeded) as raised:
        await_winrm(server.access, Deadline.after(1.2))
    server.listener.close()
    assert "HTTP status 503" in raised.value.hint or "no answer" in raised.value.hint

"""A WinRM server whose commands are POSIX shell lines, for what the shell layer does when things go wrong."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from pydantic import SecretStr

from harness.model.machine import WinRMAccess
from harness.winrmd.config import config_from
from harness.winrmd.server import serve
from tests.integration.guest.windows_like import like_windows

PASSWORD = "Secret-1"
LAUNCHER = Path(__file__).with_name("cmd_launcher.sh")


class Cutter:
    """A TCP relay that can be told to cut every connection, or to refuse new ones for a while."""

    def __init__(self, target_port: int, listener: socket.socket | None = None) -> None:
        self._target_port = target_port
        self._listener = listener or socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        self.refuse = 0
        self._asked_at: float | None = None
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Reset every connection, and none that is made meanwhile."""
        cut, self._open = self._open, []
        for connection in cut:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def asks_for(self, seconds: float) -> bool:
        """Whether what came last was a request, and it has waited this long for its answer."""
        return self._asked_at is not None and time.monotonic() - self._asked_at >= seconds

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread in accept
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if self.refuse > 0:
                self.refuse -= 1
                near.close()
                continue
            far = socket.create_connection(("127.0.0.1", self._target_port))
            self._open += [near, far]
            for source, sink, asks in ((near, far, True), (far, near, False)):
                threading.Thread(target=self._pump, args=(source, sink, asks), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, asks: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._asked_at = time.monotonic() if asks else None
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)


def ended(pid: int) -> bool:
    """Gone, or a zombie that the machine's PID 1 has not taken notice of yet."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@dataclass(frozen=True)
class Served:
    """A server behind a relay."""

    access: WinRMAccess
    relay: Cutter


Serve = Callable[..., Served]


@pytest.fixture
def server(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Serve]:
    """Start a server with limits of the test's own; NTLM with message encryption over HTTP."""
    windows = request.config.getoption("--winrm") == "windows"
    ends: list[Callable[[], None]] = []

    def start(**limits: float) -> Served:
        given = {
            "users": {"bvt": PASSWORD},
            "launcher": ["/bin/sh", str(LAUNCHER), "{command}"],
            "result_dir": str(tmp_path),
            "limits": limits,
        }
        config = config_from(like_windows(given) if windows else given)
        listener = socket.create_server(("127.0.0.1", 0))
        stop = threading.Event()
        relay = Cutter(listener.getsockname()[1])
        thread = threading.Thread(target=serve, args=(config, listener, stop), daemon=True)
        thread.start()
        ends.extend([relay.close, stop.set, lambda: thread.join(10)])
        access = WinRMAccess(
            host="127.0.0.1", port=relay.port, username="bvt", password=SecretStr(PASSWORD), ca_pem=None
        )
        return Served(access, relay)

    yield start
    for end in ends:
        end()

"""A WinRM server in this process, with a launcher that runs POSIX shell commands."""

import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from harness.machines.certificate import self_signed
from harness.winrmd.config import Limits, ServerConfig
from harness.winrmd.server import serve
from tests.integration.winrmd.servers import LAUNCHER, PASSWORD, USER, Running, Start


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A self-signed certificate for 127.0.0.1 and its key."""
    made, key = self_signed("winrmd-test")
    directory = tmp_path_factory.mktemp("tls")
    certificate, private = directory / "cert.pem", directory / "key.pem"
    certificate.write_bytes(made)
    private.write_bytes(key)
    return str(certificate), str(private)


@pytest.fixture
def start(tmp_path: Path, certificate: tuple[str, str]) -> Iterator[Start]:
    """Starts servers: `start(tls=True, limits=…, **fields of ServerConfig)`; all stopped after the test."""
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

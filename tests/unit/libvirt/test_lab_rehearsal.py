"""The rehearsal that a wine-guest plays before it is frozen, against the server that it rehearses."""

import importlib.util
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from harness.machines.certificate import self_signed
from harness.machines.libvirt.image.recipe import recipe_directory
from harness.winrmd.config import ServerConfig
from harness.winrmd.server import serve

USER, PASSWORD = "rehearsal", "secret"


@pytest.fixture(scope="module")
def rehearsal() -> ModuleType:
    path = recipe_directory("wine-guest") / "rootfs" / "usr" / "lib" / "bvt" / "rehearsal.py"
    spec = importlib.util.spec_from_file_location("rehearsal", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    certificate, key = self_signed("rehearsal")
    (tmp_path / "cert.pem").write_bytes(certificate)
    (tmp_path / "key.pem").write_bytes(key)
    configuration = ServerConfig(
        users={USER: PASSWORD},
        launcher=("/bin/echo", "{command}"),
        result_dir=str(tmp_path),
        tls_cert=str(tmp_path / "cert.pem"),
        tls_key=str(tmp_path / "key.pem"),
    )
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    stop = threading.Event()
    thread = threading.Thread(target=serve, args=(configuration, listener, stop))
    thread.start()
    yield port, tmp_path / "cert.pem"
    stop.set()
    thread.join(60)


def test_a_login_and_a_command_are_rehearsed(rehearsal: ModuleType, server: tuple[int, Path]) -> None:
    port, trusted = server
    rehearsal.log_in(port, USER, PASSWORD, trusted)
    rehearsal.run_command(port, USER, PASSWORD, trusted)


def test_a_rehearsal_that_fails_says_so(rehearsal: ModuleType, server: tuple[int, Path]) -> None:
    port, trusted = server
    with pytest.raises(RuntimeError, match="got 401"):
        rehearsal.run_command(port, USER, "wrong", trusted)
    with pytest.raises(RuntimeError, match="login got"):
        rehearsal.log_in(port, USER, "wrong", trusted)
    with pytest.raises(RuntimeError, match="no ShellId"):
        rehearsal.found("ShellId", "<empty/>")

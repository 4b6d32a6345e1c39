"""The server as a program: copied elsewhere, started, stopped."""

import contextlib
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

import harness.winrmd
from harness.winrmd.config import ServerConfig
from tests.integration.winrmd.servers import LAUNCHER, PASSWORD, USER, Running
from tests.programs import bounded


@contextlib.contextmanager
def program(
    folder: Path, module: str, config: Path, *where: str
) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Start the server; where it says that it listens."""
    reading, writing = os.pipe()
    argv = [sys.executable, "-m", module, "--config", str(config), *where, "--ready-fd", str(writing)]
    keep = [writing, *(int(w) for w in where if w.isdigit())]
    with bounded(subprocess.Popen(argv, cwd=folder, pass_fds=keep)) as process:
        os.close(writing)
        with os.fdopen(reading) as told:
            address = told.readline().strip()
        yield process, address


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.json"
    given = {"users": {USER: PASSWORD}, "launcher": LAUNCHER, "result_dir": str(tmp_path)}
    path.write_text(json.dumps(given | {"log_path": str(tmp_path / "log")}))
    return path


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A folder that holds the server's package and nothing else of the harness."""
    folder = tmp_path / "elsewhere"
    shutil.copytree(Path(harness.winrmd.__file__).parent, folder / "winrmd")
    return folder


def test_a_copy_of_the_folder_alone_serves_and_stops_with_its_commands(
    copied: Path, config: Path, tmp_path: Path
) -> None:
    with program(copied, "winrmd", config, "--listen", "127.0.0.1:0") as (process, address):
        settings = ServerConfig(users={USER: PASSWORD}, launcher=LAUNCHER, result_dir=str(tmp_path))
        client = Running(settings, int(address.rpartition(":")[2])).protocol()
        shell = client.open_shell()
        assert client.get_command_output(shell, client.run_command(shell, "echo hi"))[0] == b"hi\n"
        command = client.run_command(shell, f"echo $$ > {tmp_path}/pid; echo up; sleep 60")
        assert client.get_command_output_raw(shell, command)[0] == b"up\n"
        pid = int((tmp_path / "pid").read_text())
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert _ended(pid)
    log = (tmp_path / "log").read_text()
    assert "started in shell" in log
    assert PASSWORD not in log
    assert "echo hi" not in log


def test_a_listening_socket_can_be_inherited(copied: Path, config: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        where = ("--listen-fd", str(listener.fileno()))
        with program(copied, "winrmd", config, *where) as (process, address):
            assert address == f"127.0.0.1:{listener.getsockname()[1]}"
            process.terminate()
            assert process.wait(30) == 0


def test_a_wrong_configuration_ends_with_2_and_one_sentence(tmp_path: Path) -> None:
    argv = [
        sys.executable,
        "-m",
        "harness.winrmd",
        "--config",
        str(tmp_path / "none"),
        "--listen",
        "127.0.0.1:0",
    ]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert done.stderr.startswith("winrmd: cannot read")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("port", ["65536", "x", "\u00b2"])
def test_a_port_that_is_none_ends_with_2_and_one_sentence(config: Path, port: str) -> None:
    argv = [sys.executable, "-m", "harness.winrmd", "--config", str(config), "--listen", f"127.0.0.1:{port}"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (2, f"winrmd: --listen 127.0.0.1:{port}: expected HOST:PORT.\n")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_old_tls_is_refused(secure: Running) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    with socket.create_connection(("127.0.0.1", secure.port)) as plain, context.wrap_socket(plain) as secured:
        assert secured.version() in ("TLSv1.2", "TLSv1.3")
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with (
        socket.create_connection(("127.0.0.1", secure.port)) as plain,
        pytest.raises((ssl.SSLError, OSError)),
    ):
        context.wrap_socket(plain)


def test_an_envelope_that_is_too_large_is_413_over_tls(secure: Running) -> None:
    context = ssl.create_default_context(cafile=secure.config.tls_cert)
    with (
        socket.create_connection(("127.0.0.1", secure.port)) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as secured,
    ):
        secured.sendall(b"POST /wsman HTTP/1.1\r\nContent-Length: 600000\r\n\r\n")
        assert secured.recv(100).startswith(b"HTTP/1.1 413 ")


def test_a_peer_that_speaks_no_tls_does_not_disturb_others(secure: Running) -> None:
    with socket.create_connection(("127.0.0.1", secure.port), timeout=30) as plain:
        plain.sendall(b"POST /wsman HTTP/1.1\r\n\r\n")
        with contextlib.suppress(ConnectionResetError):
            plain.recv(100)
    client = secure.protocol("basic")
    assert client.open_shell()


def _ended(pid: int) -> bool:
    """Gone, or a zombie that the machine's PID 1 has not taken notice of yet."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True

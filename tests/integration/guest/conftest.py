"""A WinRM server with POSIX shell lines as its commands, for when things go wrong; and a guest on a Wine machine."""

import contextlib
import json
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from pydantic import SecretStr

from examples.reference_agent.build import build
from harness.guest.guest import Guest
from harness.guest.transcript import Transcript
from harness.guest.winrm.shell import RemoteShell
from harness.machines.provider import Machine
from harness.machines.registry import load_provider
from harness.machines.wine import berth
from harness.machines.wine.access import make_access
from harness.machines.wine.order import Places
from harness.model.deadline import Deadline
from harness.model.machine import MachineSpec, WinRMAccess
from harness.model.matrix import Pool
from harness.model.substrate import Substrate
from harness.model.windows import WindowsVersion
from harness.probe.build import probe_exe
from harness.state import StateDirectory
from harness.winrmd.config import config_from
from harness.winrmd.server import serve
from tests.integration.guest.windows_like import like_windows

PASSWORD = "Secret-1"
LAUNCHER = Path(__file__).with_name("cmd_launcher.sh")


Notes = list[str]
"""What a shell says of its troubles, one after the other."""


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


@pytest.fixture
def notes() -> Notes:
    return []


@pytest.fixture
def served(server: Serve) -> Served:
    return server()


@pytest.fixture
def shell(served: Served, notes: Notes) -> Iterator[RemoteShell]:
    shell = RemoteShell(served.access, notes.append)
    yield shell
    shell.close()


def soon(seconds: float = 60.0) -> Deadline:
    return Deadline.after(seconds)


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("media")
    for name in ("tools", "candidate"):
        (root / name).mkdir()
    shutil.copy(probe_exe(StateDirectory.default()), root / "tools" / "bvt-probe.exe")
    shutil.copy(build("1.0.0"), root / "candidate" / "agent.msi")
    (root / "candidate" / "corrupt.msi").write_bytes(b"this is no MSI")
    return root


@pytest.fixture(scope="module")
def windows_like(request: pytest.FixtureRequest) -> Iterator[None]:
    """Machines whose WinRM server is as strict as Windows' own, unless `--winrm plain` wants it as it is."""
    if request.config.getoption("--winrm") == "plain":
        yield
        return

    def make(places: Places, **given: Any) -> WinRMAccess:
        made = make_access(places, **given)
        configuration = json.loads(places.winrm_config.read_text())
        places.winrm_config.write_text(json.dumps(like_windows(configuration)))
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(berth, "make_access", make)
        yield


@pytest.fixture(scope="module")
def machine(media: Path, windows_like: None) -> Iterator[Machine]:
    provider = load_provider(Pool(provider="wine", substrates=(Substrate.WINE,)), StateDirectory.default())
    provider.prepare("wine", print)
    windows = WindowsVersion(product_name="Windows 10 Pro", major=10, minor=0, build=19045)
    spec = MachineSpec(run_id="test", cell_id="test/guest", image="wine", windows=windows, media=media)
    machine = provider.create(spec, soon())
    yield machine
    machine.destroy()


@pytest.fixture(scope="module")
def transcript_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("transcript") / "transcript.jsonl"


@pytest.fixture(scope="module")
def guest(machine: Machine, transcript_file: Path) -> Iterator[Guest]:
    secrets = [machine.winrm.password.get_secret_value()]
    transcript = Transcript(transcript_file, cell="test/guest", machine=machine.machine_id, secrets=secrets)
    with (
        transcript,
        contextlib.closing(Guest(machine.winrm, transcript, media_root=machine.media_root)) as guest,
    ):
        yield guest

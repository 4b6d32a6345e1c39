"""One provider at a time, its machines, and a backend on the host.

Of the module, not of the session: an emulated guest that rests takes a part of a processor from all tests after these.
"""

import secrets
import shutil
import socketserver
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from harness.guest.guest import Guest
from harness.guest.transcript import Transcript
from harness.machines.provider import Machine, MachineProvider
from harness.machines.registry import load_provider
from harness.model.deadline import Deadline
from harness.model.machine import HostPort, MachineSpec
from harness.model.substrate import slowness
from harness.model.windows import ProductType, WindowsVersion
from harness.probe.build import probe_exe
from harness.state import StateDirectory
from tests.integration.conformance.kinds import KINDS, PARAMETERS, Kind, Traces

CLIENT = WindowsVersion(product_name="Windows 11 Pro", major=10, minor=0, build=26100, display_version="24H2")
SERVER = WindowsVersion(
    product_name="Windows Server 2022 Standard",
    major=10,
    minor=0,
    build=20348,
    product_type=ProductType.SERVER,
)
MakeSpec = Callable[..., MachineSpec]
Create = Callable[..., Machine]
Open = Callable[[Machine], Guest]


@pytest.fixture(scope="module", params=PARAMETERS)
def kind(request: pytest.FixtureRequest) -> Kind:
    return KINDS[request.param]


@pytest.fixture(scope="module")
def state() -> StateDirectory:
    return StateDirectory.default()


@pytest.fixture(scope="module")
def traces(kind: Kind, state: StateDirectory) -> Traces:
    return Traces(kind, state)


@pytest.fixture(scope="module")
def provider(kind: Kind, state: StateDirectory) -> MachineProvider:
    provider = load_provider(kind.pool, state)
    provider.prepare(kind.image, print)
    return provider


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory, state: StateDirectory) -> Path:
    directory = tmp_path_factory.mktemp("media")
    for name in ("tools", "candidate"):
        (directory / name).mkdir()
    shutil.copy(probe_exe(state), directory / "tools")
    for name in ("talk", "who"):
        source = Path(__file__).parent / f"{name}.c"
        compiler = ["x86_64-w64-mingw32-gcc", "-Os", "-Wall", "-Werror", str(source), "-lws2_32"]
        subprocess.run([*compiler, "-o", str(directory / "tools" / f"{name}.exe")], check=True, timeout=300)
    (directory / "candidate" / "A long name with spaces.txt").write_text("from the host")
    return directory


class Echo(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.wfile.write(self.connection.recv(256).upper())


@pytest.fixture(scope="module")
def listening() -> Iterator[Callable[[], HostPort]]:
    """Starts servers on the host's loopback that answer in capitals."""
    with ExitStack() as servers:

        def listen() -> HostPort:
            server = servers.enter_context(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo))
            server.daemon_threads = True
            servers.callback(server.shutdown)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            return HostPort(host="127.0.0.1", port=server.server_address[1])

        yield listen


@pytest.fixture(scope="module")
def make_spec(kind: Kind, media: Path) -> MakeSpec:
    def make(windows: WindowsVersion = CLIENT, *, backend: HostPort | None = None) -> MachineSpec:
        return MachineSpec(
            run_id=f"conformance-{secrets.token_hex(4)}",
            cell_id="conformance/test",
            image=kind.image,
            windows=windows,
            media=media,
            backend=backend,
        )

    return make


@pytest.fixture(scope="module")
def create(kind: Kind, provider: MachineProvider, make_spec: MakeSpec) -> Iterator[Create]:
    """Makes machines and destroys them in the end, whatever the tests did to them."""
    with ExitStack() as made:

        def make(spec: MachineSpec | None = None) -> Machine:
            machine = provider.create(spec or make_spec(), Deadline.after(kind.create_s))
            made.callback(machine.destroy)
            return machine

        yield make


@pytest.fixture(scope="module")
def open_guest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    with ExitStack() as opened:

        def open_(machine: Machine) -> Guest:
            place = tmp_path_factory.mktemp("transcript") / "transcript.jsonl"
            transcript = Transcript(place, cell="conformance/test", machine=machine.machine_id)
            guest = Guest(
                machine.winrm,
                transcript,
                media_root=machine.media_root,
                slowness=slowness(machine.substrate),
            )
            return opened.enter_context(closing(guest))

        yield open_

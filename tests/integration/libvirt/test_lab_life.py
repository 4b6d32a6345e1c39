"""A virtual machine's life: made from a template, used, rebooted, kept, removed."""

import http.server
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness.machines import kept
from harness.machines.intent import read_intents
from harness.machines.libvirt.host import Host
from harness.machines.libvirt.machine import LibvirtMachine
from harness.machines.libvirt.provider import LibvirtProvider
from harness.machines.libvirt.readiness import await_winrm
from harness.machines.provider import Machine
from harness.model.deadline import Deadline
from harness.model.machine import Fault, HostPort, MachineSpec, MachineState
from harness.model.substrate import Substrate
from harness.model.windows import ProductType, WindowsVersion
from harness.state import StateDirectory

pytestmark = [pytest.mark.libvirt, pytest.mark.slow]

MakeSpec = Callable[..., MachineSpec]
Create = Callable[..., LibvirtMachine]
Run = Callable[[LibvirtMachine, str], str]
MEDIA_FILE = 'type "D:\\config\\A long name with spaces.txt"'
SERVER = WindowsVersion(
    product_name="Windows Server 2022 Standard",
    major=10,
    minor=0,
    build=20348,
    product_type=ProductType.SERVER,
)


@pytest.fixture
def backend() -> Iterator[HostPort]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"backend here")

        def log_message(self, *_: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield HostPort(host="127.0.0.1", port=server.server_address[1])
    server.shutdown()


def test_two_machines_at_once_are_two_computers_of_two_windows_versions(
    lab: LibvirtProvider,
    create: Create,
    make_spec: MakeSpec,
    run: Run,
    in_guest: Run,
    backend: HostPort,
    tmp_path: Path,
) -> None:
    specs = [make_spec(backend=backend), make_spec(SERVER, cell="server-2022/fresh")]
    with ThreadPoolExecutor(2) as threads:
        client, server = threads.map(lambda spec: create(lab, spec), specs)
        first, second = threads.map(lambda machine: run(machine, "ver & hostname"), (client, server))
    assert isinstance(client, Machine)
    assert client.substrate in (Substrate.KVM, Substrate.TCG)
    assert "10.0.26100" in first
    assert "10.0.20348" in second
    assert first.split()[-1] != second.split()[-1]
    assert client.winrm.password != server.winrm.password

    # The media drive.
    assert client.media_root == "D:\\"
    assert "from the host" in run(client, MEDIA_FILE)

    # The one way out leads to the backend, and there is no other.
    assert client.backend_address == HostPort(host="10.0.2.100", port=443)
    assert server.backend_address is None
    fetch = "import urllib.request as u; print(u.urlopen('http://10.0.2.100:443/', timeout=20).read())"
    assert "backend here" in in_guest(client, f'python3 -c "{fetch}"')
    reach = f"import socket; socket.create_connection(('10.0.2.2', {backend.port}), 3)"
    assert "Error" in in_guest(client, f'python3 -c "{reach}" 2>&1')

    # What is seen from outside.
    for machine in (client, server):
        condition = machine.condition()
        assert (condition.state, condition.fault, condition.boots) == (MachineState.RUNNING, Fault.NONE, 1)
        assert condition.guest_alive is True
    evidence = {item.path for item in client.collect(tmp_path)}
    assert {"screenshot.png", "serial.log", "domain.xml", "qemu.log"} <= evidence
    assert (tmp_path / "screenshot.png").read_bytes().startswith(b"\x89PNG")
    everything = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert client.winrm.password.get_secret_value().encode() not in everything

    # Cut off from the network it still talks by the second channel.
    client.set_network(False)
    assert client.condition().guest_alive is True
    assert in_guest(client, "echo alive").strip() == "alive"

    client.destroy()
    client.destroy()
    assert client.condition().state is MachineState.GONE
    assert not client.directory.exists()


def test_a_kept_machine_is_left_alone_until_it_is_reclaimed(
    lab: LibvirtProvider, create: Create, state: StateDirectory
) -> None:
    machine = create(lab)
    note = machine.keep()
    assert kept.load(state, machine.machine_id).access.password == note.access.password
    assert any("VNC 127.0.0.1:" in line for line in note.notes), note.notes
    intent = next(i for i in read_intents(state.intents) if i.machine_id == machine.machine_id)
    assert intent.kept
    assert not intent.orphaned
    removed = lab.reclaim(state.intents / f"{machine.machine_id}.json")
    assert any(machine.machine_id in line for line in removed)
    assert not machine.directory.exists()
    assert machine.condition().state is MachineState.GONE


KILLED_RUN = """
import sys, time
from harness.machines.libvirt.provider import LibvirtProvider
from harness.model.deadline import Deadline
from harness.model.machine import MachineSpec
from harness.model.matrix import Pool
from harness.state import StateDirectory
provider = LibvirtProvider(Pool.model_validate_json(sys.argv[1]), StateDirectory.default())
spec = MachineSpec.model_validate_json(sys.argv[2])
print(provider.create(spec, Deadline.after(200)).machine_id, flush=True)
time.sleep(600)
"""


def test_a_killed_run_leaves_an_intent_that_removes_everything(
    lab: LibvirtProvider, make_spec: MakeSpec, state: StateDirectory
) -> None:
    arguments = [lab.pool.model_dump_json(), make_spec().model_dump_json()]
    command = [sys.executable, "-c", KILLED_RUN, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as killed:
        assert killed.stdout is not None
        name = killed.stdout.readline().strip()
        killed.send_signal(signal.SIGKILL)
    intent = next(intent for intent in read_intents(state.intents) if intent.machine_id == name)
    assert intent.orphaned
    directory = Path(intent.resources["directory"])
    assert directory.exists()
    removed = lab.reclaim(state.intents / f"{name}.json")
    assert len(removed) == 2
    assert not directory.exists()
    host = Host("private:lab", state)
    assert host.domain(name) is None
    host.close()
    assert lab.reclaim(state.intents / f"{name}.json") == ()
    assert json.loads(arguments[1])["cell_id"] == intent.cell_id


def test_a_reboot_is_seen_and_the_machine_stays_who_it_is(
    lab: LibvirtProvider, create: Create, run: Run, in_guest: Run
) -> None:
    machine = create(lab)
    name = run(machine, "hostname").strip()
    in_guest(machine, "setsid sh -c 'sleep 1; systemctl reboot' >/dev/null 2>&1 </dev/null &")
    Deadline.after(90).poll(lambda: machine.condition().boots == 2, "the reboot", interval_s=0.5)
    await_winrm(machine.winrm, Deadline.after(200))
    assert machine.condition().guest_alive is True
    assert run(machine, "hostname").strip() == name
    assert "10.0.26100" in run(machine, "ver")
    assert "from the host" in run(machine, MEDIA_FILE)
    assert machine.condition().boots == 2

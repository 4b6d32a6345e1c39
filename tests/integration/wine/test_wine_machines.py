"""What a Wine machine is, seen through WinRM and from outside."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from harness.machines import kept
from harness.machines.cleaning import Outcome, clean
from harness.machines.intent import read_intents
from harness.machines.wine.machine import WineMachine
from harness.machines.wine.memory_pressure import oom_kills
from harness.machines.wine.processes import holders
from harness.machines.wine.provider import WineProvider
from harness.model.deadline import Deadline
from harness.model.errors import ConfigurationError, MachineLost
from harness.model.machine import Fault, HostPort, MachineState
from harness.state import StateDirectory
from tests.integration.wine.client import Client
from tests.integration.wine.conftest import VERSIONS, MakeMachine, wine_provider
from tests.programs import bounded
from tests.stopping import stopped

pytestmark = pytest.mark.wine
RUN_SERVICES = "HKLM\\Software\\Microsoft\\Windows\\CurrentVersion\\RunServices"


def pids(machine: WineMachine, name: str) -> list[int]:
    return [pid for pid, line in holders(machine.directory / "prefix").items() if name in line]


def sockets(client: Client) -> set[tuple[str, int]]:
    code, said = client.run("D:\\bvt-probe.exe sockets")
    assert code == 0
    return {(row["local_address"], row["local_port"]) for row in json.loads(said)}


@pytest.mark.parametrize("version", VERSIONS)
def test_every_windows_version_answers_with_its_own_build(make_machine: MakeMachine, version: str) -> None:
    code, said = Client(make_machine(version).winrm).run("ver")
    assert code == 0
    assert f"Windows {VERSIONS[version].dotted}" in said


def test_media_is_there_and_cannot_be_written(client: Client, media: Path) -> None:
    assert client.run("type D:\\hello.txt") == (0, "hello from the host")
    client.run("echo x > D:\\new.txt & echo y > D:\\hello.txt & del D:\\hello.txt")
    assert sorted(path.name for path in media.iterdir()) == ["bvt-probe.exe", "hello.txt"]
    assert (media / "hello.txt").read_text() == "hello from the host"


def test_the_hosts_file_system_is_no_drive_and_not_writable(client: Client, shared: WineMachine) -> None:
    assert client.run("dir Z:\\")[0] != 0
    target = shared.directory.parent / "escaped.txt"
    client.run("echo x > " + "\\\\?\\unix" + str(target).replace("/", "\\"))
    assert not target.exists()


def test_the_computer_has_a_name_of_its_own(client: Client, shared: WineMachine) -> None:
    assert client.run("hostname")[1].strip() == shared.machine_id.upper()[:15]


def test_boot_starts_nothing_for_the_hosts_desktop_and_devices(client: Client) -> None:
    assert "winemenubuilder" not in client.run(f"reg query {RUN_SERVICES}")[1]
    code, said = client.run("reg query HKLM\\System\\CurrentControlSet\\Services\\PlugPlay /v Start")
    assert code == 0
    assert re.search(r"Start\s+REG_DWORD\s+0x3\s", said)


def test_two_machines_share_no_processes_no_sockets_no_registry(
    make_machine: MakeMachine, client: Client, shared: WineMachine
) -> None:
    other = make_machine(backend=HostPort(host="127.0.0.1", port=9))
    second = Client(other.winrm)
    second.run("reg add HKLM\\Software\\Mine /v x /d y /f")
    second.start("ping -n 60 127.0.0.1")
    Deadline.after(60).poll(lambda: bool(pids(other, "ping")), "the start of ping")
    assert client.run("reg query HKLM\\Software\\Mine")[0] != 0
    assert client.run("taskkill /f /im ping.exe")[0] != 0
    assert sockets(client) == set()
    assert sockets(second) == set()  # the way to the backend is held outside, and so is WinRM
    assert second.run("taskkill /f /im ping.exe")[0] == 0


@pytest.mark.parametrize("method", ["hard-links", "copy"])
def test_without_an_overlay_the_template_stays_whole(
    make_machine: MakeMachine, state: StateDirectory, provider: WineProvider, method: str
) -> None:
    machine = make_machine(by=wine_provider(state, clone=method))
    client = Client(machine.winrm)
    assert "10.0.26100" in client.run("ver")[1]
    client.run("echo spoiled > C:\\windows\\win.ini & reg add HKLM\\Software\\Mine /v x /d y /f")
    machine.destroy()
    said: list[str] = []
    assert provider.prepare("wine", said.append) == machine.image
    assert not any("was changed" in line for line in said)


def test_without_namespaces_a_machine_still_works_and_says_what_it_lacks(
    make_machine: MakeMachine, state: StateDirectory
) -> None:
    plain = wine_provider(state, wine="host", namespaces="never")
    finding = next(f for f in plain.findings() if f.subject == "Wine machine namespaces")
    assert not finding.ok
    assert "not write-protected" in finding.detail
    backend = HostPort(host="127.0.0.1", port=9)
    machine = make_machine(by=plain, backend=backend)
    client = Client(machine.winrm)
    assert "10.0.26100" in client.run("ver")[1]
    assert machine.backend_address == backend
    client.run("shutdown /r /t 3")  # time for the answer, also on a busy machine
    Deadline.after(60).poll(lambda: machine.condition().boots == 2, "the second boot")
    prefix = machine.directory / "prefix"
    Deadline.after(60).poll(lambda: "services.exe" in str(holders(prefix)), "services after the reboot")
    machine.destroy()
    assert holders(prefix) == {}


def test_the_backend_answers_inside_the_machine_and_many_short_connections_are_quick(
    make_machine: MakeMachine,
) -> None:
    server = socket.create_server(("127.0.0.1", 0), backlog=128)

    def answer() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                connection.sendall(connection.recv(100).upper())

    threading.Thread(target=answer, daemon=True).start()
    machine = make_machine(backend=HostPort(host="127.0.0.1", port=server.getsockname()[1]))
    assert str(machine.backend_address) == "10.0.2.100:443"
    script = (
        "import socket\n"
        "for _ in range(100):\n"
        "    with socket.create_connection(('10.0.2.100', 443), timeout=30) as c:\n"
        "        c.sendall(b'hello'); c.shutdown(socket.SHUT_WR); assert c.recv(100) == b'HELLO'\n"
    )
    inside = ["nsenter", "-n", "-t", str(pids(machine, "wineserver")[0]), sys.executable, "-I", "-c", script]
    took: list[float] = []
    while not took or (min(took) >= 5 and len(took) < 5):  # whatever else keeps the host busy
        began = time.monotonic()
        done = subprocess.run(inside, capture_output=True, text=True, timeout=120, check=False)
        took.append(time.monotonic() - began)
        assert done.stderr == ""
    server.close()
    assert min(took) < 5
    outside = ["nsenter", "-n", "-t", str(pids(machine, "wineserver")[0]), sys.executable, "-I", "-c"]
    port = machine.winrm.port
    denied = subprocess.run(
        [*outside, f"import socket; socket.create_connection(('127.0.0.1', {port}), 2)"],
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert denied.returncode != 0, "the host's loopback must not be reachable"


def test_shutdown_r_reboots_and_ends_everything_that_ran(make_machine: MakeMachine) -> None:
    machine = make_machine()
    before = Client(machine.winrm)
    before.run("reg add HKLM\\Software\\Kept /v x /d survives /f")
    before.start("ping -n 60 127.0.0.1")
    first_boot = before.run("D:\\bvt-probe.exe boot")
    assert first_boot[0] == 0
    old_server = pids(machine, "wineserver")
    assert before.run("shutdown /r /t 3")[0] == 0  # time for the answer, also on a busy machine
    with stopped(old_server):  # the reboot waits for its end
        Deadline.after(60).poll(
            lambda: refused(machine), "a refused connection during the reboot", interval_s=0.005
        )
    Deadline.after(60).poll(lambda: not refused(machine), "the return of WinRM")
    after = Client(machine.winrm)
    assert "survives" in after.run("reg query HKLM\\Software\\Kept")[1]
    assert machine.condition().boots == 2
    assert machine.condition().state is MachineState.RUNNING
    assert after.run("D:\\bvt-probe.exe boot") != first_boot
    assert pids(machine, "wineserver") != old_server
    assert pids(machine, "ping") == []
    after.shell = before.shell
    with pytest.raises(Exception, match=r"(?i)shell|selector|fault"):
        after.run("ver")


def refused(machine: WineMachine) -> bool:
    try:
        socket.create_connection((machine.winrm.host, machine.winrm.port), 1).close()
    except ConnectionRefusedError:
        return True
    except TimeoutError:
        return False
    return False


def test_a_supervisor_that_is_stopped_is_the_labs_fault_while_it_is(make_machine: MakeMachine) -> None:
    machine = make_machine()
    with stopped([machine._intent.intent.resources["supervisor"]["pid"]]):
        condition = machine.condition()
    assert (condition.state, condition.fault) == (MachineState.RUNNING, Fault.HOST)
    assert condition.reason == "the machine's supervisor process is stopped"
    Deadline.after(60).poll(lambda: machine.condition().fault is Fault.NONE, "the supervisor going on")


def test_what_the_hosts_kernel_kills_for_want_of_memory_is_the_labs_fault(
    make_machine: MakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = make_machine()
    assert machine.condition().fault is Fault.NONE
    before = oom_kills()
    monkeypatch.setattr("harness.machines.wine.machine.oom_kills", lambda: before + 2)
    condition = machine.condition()
    assert condition.fault is Fault.HOST
    assert condition.reason == "the host's memory ran out: its kernel killed 2 processes meanwhile"


def test_a_shutdown_can_be_aborted_and_a_power_off_is_the_guests_doing(make_machine: MakeMachine) -> None:
    machine = make_machine()
    client = Client(machine.winrm)
    assert client.run("shutdown /s /t 315360000 & shutdown /a")[0] == 0
    assert client.run("shutdown /unknown")[0] == 87
    assert client.run("shutdown /s /t 3")[0] == 0
    Deadline.after(60).poll(lambda: machine.condition().state is MachineState.STOPPED, "the power-off")
    assert machine.condition().fault is Fault.GUEST


def test_a_destroyed_machine_leaves_no_process_and_no_file(
    make_machine: MakeMachine, state: StateDirectory
) -> None:
    machine = make_machine()
    Client(machine.winrm).start("ping -n 60 127.0.0.1")
    assert holders(machine.directory / "prefix")
    machine.destroy()
    machine.destroy()
    assert holders(machine.directory / "prefix") == {}
    assert not machine.directory.exists()
    assert not (state.intents / f"{machine.machine_id}.json").exists()
    assert machine.condition().state is MachineState.GONE


def supervisor_of(machine: WineMachine, state: StateDirectory) -> psutil.Process:
    (intent,) = [i for i in read_intents(state.intents) if i.machine_id == machine.machine_id]
    return psutil.Process(intent.resources["supervisor"]["pid"])


def winrm_server(init: psutil.Process) -> int:
    return next(child.pid for child in init.children() if "wine.supervisor" in " ".join(child.cmdline()))


@pytest.mark.parametrize("victim", ["wineserver", "winrm", "supervisor", "init"])
def test_losing_a_part_of_the_lab_is_the_hosts_fault(
    make_machine: MakeMachine, state: StateDirectory, tmp_path: Path, victim: str
) -> None:
    machine = make_machine()
    supervisor = supervisor_of(machine, state)
    init = supervisor.children()[0].children()[0]
    pid = {
        "wineserver": lambda: pids(machine, "wineserver")[0],
        "winrm": lambda: winrm_server(init),
        "supervisor": lambda: supervisor.pid,
        "init": lambda: init.pid,
    }[victim]()
    os.kill(pid, signal.SIGKILL)
    Deadline.after(60).poll(lambda: machine.condition().state is MachineState.GONE, "the loss being noticed")
    condition = machine.condition()
    assert condition.fault is Fault.HOST
    assert "killed" in condition.reason
    if victim in ("supervisor", "init"):
        with pytest.raises(MachineLost):
            machine.keep()
    names = {evidence.path for evidence in machine.collect(tmp_path)}
    assert {"init.log", "status.json", "system.reg"} <= names
    machine.destroy()
    assert holders(machine.directory / "prefix") == {}


OWNER = """
import sys, time
from pathlib import Path
from tests_support import make
machine = make(sys.argv[1], keep=sys.argv[2] == "keep")
print(machine.machine_id, flush=True)
time.sleep(60 if sys.argv[2] != "keep" else 0)
"""

SUPPORT = """
from pathlib import Path
from harness.machines.registry import load_provider
from harness.model.deadline import Deadline
from harness.model.machine import MachineSpec
from harness.model.matrix import Pool
from harness.model.windows import WindowsVersion
from harness.state import StateDirectory

def make(media, keep):
    provider = load_provider(Pool(provider="wine", substrates=("wine",)), StateDirectory.default())
    windows = WindowsVersion(product_name="Windows 10 Pro", major=10, minor=0, build=19045)
    spec = MachineSpec(run_id="t", cell_id="owned/test", image="wine", windows=windows, media=Path(media))
    machine = provider.create(spec, Deadline.after(60))
    if keep:
        machine.keep()
    return machine
"""


@contextmanager
def owner_of_a_machine(
    directory: Path, media: Path, mode: str
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    (directory / "tests_support.py").write_text(SUPPORT)
    (directory / "owner.py").write_text(OWNER)
    argv = [sys.executable, str(directory / "owner.py"), str(media), mode]
    with bounded(subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)) as owner:
        assert owner.stdout is not None
        yield owner, owner.stdout.readline().strip()


def test_a_killed_owner_leaves_nothing_that_clean_does_not_remove(
    state: StateDirectory, tmp_path: Path, media: Path
) -> None:
    with owner_of_a_machine(tmp_path, media, "hold") as (owner, machine_id):
        directory = state.machines / machine_id
        assert directory.is_dir()
        owner.kill()
    Deadline.after(60).poll(lambda: not holders(directory / "prefix"), "the end of the machine's processes")
    assert machine_id in [item.name for item in clean(state) if item.outcome is Outcome.REMOVED]
    assert not directory.exists()
    assert not (state.intents / f"{machine_id}.json").exists()


def test_a_kept_machine_outlives_its_run_and_can_be_reopened(
    state: StateDirectory, provider: WineProvider, tmp_path: Path, media: Path
) -> None:
    with owner_of_a_machine(tmp_path, media, "keep") as (_, machine_id):
        pass
    assert machine_id not in [item.name for item in clean(state)]
    found = kept.load(state, machine_id)
    assert kept.load(state, "owned/test").machine_id == machine_id
    assert (state.kept / f"{machine_id}.json").stat().st_mode & 0o777 == 0o600
    assert "10.0.19045" in Client(found.access).run("ver")[1]
    machine = provider.reopen(machine_id)
    assert machine.condition().state is MachineState.RUNNING
    machine.destroy()
    assert holders(machine.directory / "prefix") == {}
    with pytest.raises(ConfigurationError, match="No kept machine"):
        kept.load(state, machine_id)


def test_an_unknown_image_and_unknown_options_are_said_in_one_sentence(
    provider: WineProvider, state: StateDirectory
) -> None:
    with pytest.raises(ConfigurationError, match="one image"):
        provider.prepare("win95", print)
    with pytest.raises(ConfigurationError, match="none of auto"):
        wine_provider(state, clone="magic")
    with pytest.raises(ConfigurationError, match="has no option colour"):
        wine_provider(state, colour="red")

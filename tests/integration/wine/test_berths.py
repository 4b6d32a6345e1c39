"""The berth that a provider keeps ready for its next machine, and the one processor that a machine boots on."""

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from harness.machines.intent import Intent, read_intents
from harness.machines.wine import start
from harness.machines.wine.machine import WineMachine
from harness.machines.wine.order import Places
from harness.machines.wine.processes import holders
from harness.machines.wine.provider import SPARE, WineProvider
from harness.model.deadline import Deadline
from harness.model.errors import InfrastructureError
from harness.model.machine import MachineState
from harness.state import StateDirectory
from tests.integration.wine.client import Client
from tests.integration.wine.conftest import MakeMachine, wine_provider
from tests.programs import bounded
from tests.stopping import stop

pytestmark = pytest.mark.wine

OWNER = """
import sys
from pathlib import Path
from harness.machines.registry import load_provider
from harness.model.deadline import Deadline
from harness.model.machine import MachineSpec
from harness.model.matrix import Pool
from harness.model.windows import WindowsVersion
from harness.state import StateDirectory
provider = load_provider(Pool(provider="wine", substrates=("wine",)), StateDirectory.default())
windows = WindowsVersion(product_name="Windows 10 Pro", major=10, minor=0, build=19045)
spec = MachineSpec(run_id="t", cell_id="owned/test", image="wine", windows=windows, media=Path(sys.argv[1]))
provider.create(spec, Deadline.after(60)).destroy()
print("made", flush=True)
sys.stdin.read()
"""


def spares(state: StateDirectory, owner: int) -> list[Intent]:
    return [i for i in read_intents(state.intents) if i.run_id == SPARE and i.owner.pid == owner]


def first_machine(
    provider: WineProvider, make_machine: MakeMachine, state: StateDirectory
) -> tuple[WineMachine, Intent]:
    """A provider's first machine, and the berth that it keeps ready from then on."""
    before = {intent.machine_id for intent in spares(state, os.getpid())}
    machine = make_machine(by=provider)
    (ready,) = [spare for spare in spares(state, os.getpid()) if spare.machine_id not in before]
    return machine, ready


def test_the_next_machine_lies_in_the_berth_that_was_kept_ready(
    make_machine: MakeMachine, state: StateDirectory
) -> None:
    provider = wine_provider(state)
    _, ready = first_machine(provider, make_machine, state)
    second = make_machine(by=provider)
    assert second.machine_id == ready.machine_id
    (intent,) = [i for i in read_intents(state.intents) if i.machine_id == ready.machine_id]
    assert (intent.run_id, intent.cell_id) == ("test", "win11-24h2/test")
    assert intent.resources["supervisor"] == ready.resources["supervisor"]


def test_a_berth_whose_supervisor_was_killed_is_replaced(
    make_machine: MakeMachine, state: StateDirectory
) -> None:
    provider = wine_provider(state)
    _, ready = first_machine(provider, make_machine, state)
    supervisor = psutil.Process(ready.resources["supervisor"]["pid"])
    supervisor.kill()
    supervisor.wait(30)
    second = make_machine(by=provider)
    assert second.machine_id != ready.machine_id
    assert not (state.machines / ready.machine_id).exists()
    assert not (state.intents / f"{ready.machine_id}.json").exists()


def test_an_init_that_dies_with_its_order_unread_is_named_and_nothing_else(
    make_machine: MakeMachine, state: StateDirectory
) -> None:
    provider = wine_provider(state)
    _, ready = first_machine(provider, make_machine, state)
    supervisor = psutil.Process(ready.resources["supervisor"]["pid"])
    Deadline.after(30).poll(lambda: len(supervisor.children(recursive=True)) == 2, "guard and init")
    guard, init = supervisor.children(recursive=True)
    assert init.ppid() == guard.pid
    stop(init.pid)
    order = Places(state.machines / ready.machine_id).order

    def kill() -> None:
        Deadline.after(60).poll(order.exists, "the order")
        time.sleep(0.3)
        init.kill()

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(InfrastructureError, match="its init was killed") as raised:
        make_machine(by=provider)
    killer.join(60)
    assert "Traceback" not in str(raised.value)


@pytest.mark.timeout(600)  # and the machine has an hour
def test_a_supervisor_that_dies_before_winrm_answers_is_noticed_at_once(
    make_machine: MakeMachine, state: StateDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def boot_and_lose(leash: socket.socket, places: Places, deadline: Deadline) -> None:
        await_boot(leash, places, deadline)
        (intent,) = [
            i for i in read_intents(state.intents) if i.resources.get("directory") == str(places.root)
        ]
        supervisor = psutil.Process(intent.resources["supervisor"]["pid"])
        supervisor.kill()
        supervisor.wait(30)

    await_boot = start._await_boot
    monkeypatch.setattr(start, "_await_boot", boot_and_lose)
    with pytest.raises(InfrastructureError, match="its supervisor ended"):
        make_machine(within_s=3600)


def test_a_closed_provider_holds_no_berth_and_its_machines_stay(
    make_machine: MakeMachine, state: StateDirectory
) -> None:
    provider = wine_provider(state)
    machine, ready = first_machine(provider, make_machine, state)
    provider.close()
    provider.close()
    assert not (state.machines / ready.machine_id).exists()
    assert not (state.intents / f"{ready.machine_id}.json").exists()
    assert not holders(state.machines / ready.machine_id / "prefix")
    assert machine.condition().state is MachineState.RUNNING


def test_a_closed_provider_raises_nothing_and_its_berth_goes_all_the_same(
    make_machine: MakeMachine, state: StateDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def remove_nothing(intent: Intent) -> None:
        raise PermissionError(intent.machine_id)

    provider = wine_provider(state)
    _, ready = first_machine(provider, make_machine, state)
    with monkeypatch.context() as patched:
        patched.setattr("harness.machines.wine.provider.remove_all", remove_nothing)
        provider.close()
    intent = state.intents / f"{ready.machine_id}.json"
    Deadline.after(30).poll(lambda: not intent.exists(), "the end of the berth's supervisor")
    assert not (state.machines / ready.machine_id).exists()


@pytest.mark.parametrize("how", ["end", "kill"])
def test_a_berth_that_nobody_took_goes_with_its_owner(state: StateDirectory, media: Path, how: str) -> None:
    with bounded(
        subprocess.Popen(
            [sys.executable, "-c", OWNER, str(media)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
    ) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"made\n"
        (ready,) = spares(state, owner.pid)
        assert (state.machines / ready.machine_id).is_dir()
        if how == "kill":
            owner.kill()
    Deadline.after(30).poll(lambda: not spares(state, owner.pid), "the end of the berth's supervisor")
    assert not (state.machines / ready.machine_id).exists()
    prefix = state.machines / ready.machine_id / "prefix"
    Deadline.after(30).poll(lambda: not holders(prefix), "the end of the supervisor itself")


def processors(machine: WineMachine) -> dict[str, set[int]]:
    """Program to the processors that all of its threads may use."""
    found: dict[str, set[int]] = {}
    for pid, line in holders(machine.directory / "prefix").items():
        with contextlib.suppress(psutil.Error):  # it has ended
            found[f"{pid} {line}"] = os.sched_getaffinity(0)
            for thread in psutil.Process(pid).threads():
                with contextlib.suppress(ProcessLookupError):  # the thread has
                    found[f"{pid} {line}"] &= os.sched_getaffinity(thread.id)
    return found


def test_a_machine_that_has_booted_may_use_every_processor(make_machine: MakeMachine) -> None:
    """It boots on one. Were that not lifted, an agent's threads would never run at the same time."""
    machine = make_machine()
    running = processors(machine)
    assert any("services.exe" in line for line in running)
    assert set(map(frozenset, running.values())) == {frozenset(os.sched_getaffinity(0))}


def test_a_service_that_starts_after_the_boot_may_use_every_processor(make_machine: MakeMachine) -> None:
    """Wine remembers what its processes were held to when they began, and hands it to their children."""
    machine = make_machine()
    code, said = Client(machine.winrm).run("net start PlugPlay")
    assert code == 0, said
    running = processors(machine)
    assert any("plugplay.exe" in line for line in running)
    assert set(map(frozenset, running.values())) == {frozenset(os.sched_getaffinity(0))}


def test_a_reboot_is_not_held_to_one_processor(make_machine: MakeMachine) -> None:
    """An agent's services start in it, and count the processors when they do."""
    machine = make_machine()
    Client(machine.winrm).run("shutdown /r /t 3")
    Deadline.after(30).poll(lambda: machine.condition().boots == 2, "the second boot")
    log, seen, deadline = machine.directory / "log" / "init.log", set(), Deadline.after(30)
    while "boot 2: booted" not in log.read_text() and not deadline.passed:
        seen |= set(map(frozenset, processors(machine).values()))
    assert seen == {frozenset(os.sched_getaffinity(0))}
    assert any("services.exe" in line for line in processors(machine))


def test_wines_programs_do_not_hold_the_winrm_socket(make_machine: MakeMachine) -> None:
    machine = make_machine()
    listening = {
        int(line.split()[9])
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
        if int(line.split()[1].rpartition(":")[2], 16) == machine.winrm.port and line.split()[3] == "0A"
    }
    assert len(listening) == 1
    wanted = f"socket:[{listening.pop()}]"
    for pid, line in holders(machine.directory / "prefix").items():
        if "wine.supervisor" not in line:
            assert wanted not in open_files(pid), line


def open_files(pid: int) -> set[str]:
    """What the process has open; what it closes meanwhile, or all of it if it ends, is left out."""
    found = set()
    with contextlib.suppress(OSError):
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                found.add(str(entry.readlink()))
    return found

"""A virtual machine's life: made from a template, used, rebooted, kept, removed."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.machines import kept
from harness.machines.intent import read_intents
from harness.machines.libvirt.host.host import Host
from harness.machines.libvirt.machine import LibvirtMachine
from harness.machines.libvirt.provider import LibvirtProvider
from harness.model.machine import MachineSpec, MachineState
from harness.model.substrate import Substrate
from harness.state import StateDirectory
from tests.programs import bounded

pytestmark = [pytest.mark.libvirt, pytest.mark.slow]

MakeSpec = Callable[..., MachineSpec]
Create = Callable[..., LibvirtMachine]
Run = Callable[[LibvirtMachine, str], str]


@pytest.mark.in_turn("what happens to an emulated machine", days=2)
def test_a_machine_is_seen_from_outside_and_heard_by_the_second_channel(
    lab: LibvirtProvider, create: Create, in_guest: Run, tmp_path: Path
) -> None:
    machine = create(lab)
    assert machine.substrate in (Substrate.KVM, Substrate.TCG)
    evidence = {item.path for item in machine.collect(tmp_path)}
    assert {"screenshot.png", "serial.log", "domain.xml", "qemu.log"} <= evidence
    assert (tmp_path / "screenshot.png").read_bytes().startswith(b"\x89PNG")
    everything = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert machine.winrm.password.get_secret_value().encode() not in everything

    # Cut off from the network it still talks.
    machine.set_network(False)
    assert machine.condition().guest_alive is True
    assert in_guest(machine, "echo alive").strip() == "alive"


@pytest.mark.in_turn("what happens to an emulated machine", days=2)
def test_a_guest_whose_wine_failed_tells_whoever_waits_for_it(
    lab: LibvirtProvider, create: Create, in_guest: Run
) -> None:
    machine = create(lab)
    in_guest(machine, "systemctl kill --signal=KILL bvt-wine.service")
    told = in_guest(
        machine, "until [ -s /run/bvt/failed ]; do sleep 0.2; done; . /usr/lib/bvt/ready-wait 2>&1"
    )
    assert "bvt-wine.service: Failed with result 'signal'." in told


@pytest.mark.in_turn("what happens to an emulated machine", days=2)
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


@pytest.mark.in_turn("what happens to an emulated machine", days=2)
def test_a_killed_run_leaves_an_intent_that_removes_everything(
    lab: LibvirtProvider, make_spec: MakeSpec, state: StateDirectory
) -> None:
    arguments = [lab.pool.model_dump_json(), make_spec().model_dump_json()]
    command = [sys.executable, "-c", KILLED_RUN, *arguments]
    with bounded(subprocess.Popen(command, stdout=subprocess.PIPE, text=True)) as killed:
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

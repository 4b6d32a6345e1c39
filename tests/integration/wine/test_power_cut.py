"""A power cut: files are as they were written, the registry as it was last saved, and no process outlives it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.guest.guest import Guest
from harness.guest.transcript import Transcript
from harness.machines.capabilities import CutsPower
from harness.machines.wine.machine import WineMachine
from harness.machines.wine.processes import holders
from harness.machines.wine.provider import WineProvider
from harness.model.deadline import Deadline
from harness.model.machine import Fault, MachineSpec, MachineState
from harness.probe.build import probe_exe
from harness.state import StateDirectory
from tests.integration.wine.conftest import VERSIONS

pytestmark = pytest.mark.wine

KEY = "HKLM\\Software\\BvtPowerCut"
BOOT_S = 60.0


@pytest.fixture
def machine(provider: WineProvider, state: StateDirectory, tmp_path: Path) -> Iterator[WineMachine]:
    media = tmp_path / "media"
    (media / "tools").mkdir(parents=True)
    shutil.copy(probe_exe(state), media / "tools" / "bvt-probe.exe")
    version = "win11-24h2"
    spec = MachineSpec(
        run_id="test",
        cell_id=f"{version}/cut",
        image="wine",
        windows=VERSIONS[version],
        media=media,
        backend=None,
    )
    machine = provider.create(spec, Deadline.after(BOOT_S))
    assert isinstance(machine, WineMachine)
    yield machine
    machine.destroy()


@pytest.fixture
def guest(machine: WineMachine, tmp_path: Path) -> Iterator[Guest]:
    transcript = Transcript(
        tmp_path / "transcript.jsonl", cell="one", machine=machine.machine_id, secrets=set()
    )
    guest = Guest(machine.winrm, transcript, media_root=machine.media_root)
    yield guest
    guest.close()


def test_what_is_not_on_the_disk_is_lost_and_the_machine_boots(machine: WineMachine, guest: Guest) -> None:
    assert isinstance(machine, CutsPower)
    guest.run(["reg", "add", KEY, "/v", "Saved", "/d", "1", "/f"])
    guest.reboot(Deadline.after(BOOT_S))
    guest.run(["reg", "add", KEY, "/v", "Unsaved", "/d", "1", "/f"])
    guest.write_file("C:\\bvt\\written.txt", b"kept")
    guest.run("cmd /c start /b ping -n 600 127.0.0.1")
    before = guest.boot()
    machine.cut_power(Deadline.after(BOOT_S))
    assert guest.await_boot(before, Deadline.after(BOOT_S)) != before
    assert guest.read_file("C:\\bvt\\written.txt", limit_bytes=10) == b"kept"
    assert guest.registry.value(KEY, "Saved") is not None
    assert guest.registry.value(KEY, "Unsaved") is None
    condition = machine.condition()
    assert (condition.state, condition.fault, condition.boots) == (MachineState.RUNNING, Fault.NONE, 3)
    lines = holders(machine.directory / "prefix").values()
    assert not [line for line in lines if "ping" in line]

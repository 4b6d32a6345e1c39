"""What goes wrong in a lab, and who is blamed for it."""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from harness.machines.libvirt.clone.stored_template import RECORD, TemplateRecord
from harness.machines.libvirt.host import host, limit
from harness.machines.libvirt.host.daemon import PrivateDaemon
from harness.machines.libvirt.host.host import HostUnreachable
from harness.machines.libvirt.image.seal import FileSeal
from harness.machines.libvirt.machine import LibvirtMachine
from harness.machines.libvirt.observe import watched
from harness.machines.libvirt.options import CloneMethod
from harness.machines.libvirt.provider import LibvirtProvider
from harness.model.deadline import Deadline
from harness.model.errors import ConfigurationError, DeadlineExceeded, InfrastructureError
from harness.model.machine import Fault, MachineSpec, MachineState
from harness.model.matrix import Pool
from harness.offline.disk import open_disk
from harness.state import StateDirectory
from tests.integration.lab.rig import SPIN
from tests.stopping import stop

pytestmark = [pytest.mark.libvirt, pytest.mark.slow]

COMPILER = "x86_64-w64-mingw32-gcc"
CRASHER = Path(__file__).parents[1] / "wine" / "crasher.c"
MakePool = Callable[..., Pool]
MakeSpec = Callable[..., MachineSpec]
Create = Callable[..., LibvirtMachine]
Run = Callable[[LibvirtMachine, str], str]


def await_state(machine: LibvirtMachine, state: MachineState, within_s: float = 120) -> None:
    Deadline.after(within_s).poll(
        lambda: machine.condition().state is state, f"state {state}", interval_s=0.05
    )


def qemu_process(machine: LibvirtMachine, state: StateDirectory) -> psutil.Process:
    """The QEMU of a machine of the private daemon `lab`."""
    daemon = PrivateDaemon.named("private:lab", state)
    process = psutil.Process(int((daemon.runtime / "qemu" / f"{machine.machine_id}.pid").read_text()))
    assert "qemu" in process.name()
    return process


def doom(machine: LibvirtMachine, script: str, within_s: float) -> None:
    """Run what takes the guest agent down with it, so that nobody answers."""
    with pytest.raises((InfrastructureError, DeadlineExceeded)):
        machine.run("/bin/sh", "-c", script, deadline=Deadline.after(within_s))


@pytest.mark.in_turn("what happens to an emulated machine", days=2)
def test_a_killed_libvirtd_comes_back_and_the_machine_never_noticed(
    create: Create, make_pool: MakePool, run: Run, state: StateDirectory, tmp_path: Path
) -> None:
    provider = LibvirtProvider(make_pool("private:faults"), state)
    machine = create(provider)
    daemon = PrivateDaemon.named("private:faults", state)
    os.kill(int(daemon.pid_file.read_text()), signal.SIGKILL)
    assert "10.0.26100" in run(machine, "ver")
    condition = machine.condition()
    assert (condition.state, condition.guest_alive) == (MachineState.RUNNING, True)

    # Events are heard again: a panic after the restart is the guest's fault, with evidence.
    doom(machine, "echo c >/proc/sysrq-trigger", 3)
    await_state(machine, MachineState.CRASHED)
    condition = machine.condition()
    assert condition.fault is Fault.GUEST
    assert "panicked" in condition.reason
    evidence = {item.path for item in machine.collect(tmp_path)}
    assert {"screenshot.png", "serial.log"} <= evidence
    assert b"sysrq triggered crash" in (tmp_path / "serial.log").read_bytes()
    machine.destroy()
    provider.close()
    daemon.stop()


@pytest.mark.in_turn("what happens to an emulated machine", days=2)
def test_a_crash_of_wines_own_program_is_the_labs_fault_and_of_any_other_is_not(
    lab: LibvirtProvider, create: Create, run: Run, media: Path
) -> None:
    target = media / "crasher.exe"
    subprocess.run([COMPILER, "-municode", "-O2", "-s", "-o", target, CRASHER], check=True, timeout=60)
    machine = create(lab)
    crasher = f"{machine.media_root}\\crasher.exe"
    run(machine, f"{crasher} & exit 0")
    assert machine.condition().fault is Fault.NONE
    run(machine, f"{crasher} rpcss.exe")
    Deadline.after(120).poll(lambda: machine.condition().fault is Fault.HOST, "the guest's word of it")
    condition = machine.condition()
    assert condition.state is MachineState.RUNNING
    assert "rpcss.exe crashed in the guest" in condition.reason
    named = machine.run("/bin/cat", watched.CRASHED, deadline=Deadline.after(60)).output
    assert named.count("\n") == 1


@pytest.mark.in_turn("what happens to an emulated machine", days=2)
def test_a_killed_qemu_is_the_labs_fault(lab: LibvirtProvider, create: Create, state: StateDirectory) -> None:
    machine = create(lab)
    qemu_process(machine, state).kill()
    await_state(machine, MachineState.GONE)
    condition = machine.condition()
    assert condition.fault is Fault.HOST
    assert condition.reason == "its QEMU process died"


@pytest.mark.in_turn("what happens to an emulated machine", days=2)
def test_a_guest_that_powers_itself_off_did_it_itself_and_its_disk_is_read_as_it_lies(
    lab: LibvirtProvider, create: Create, in_guest: Run
) -> None:
    machine = create(lab)
    in_guest(machine, "echo written in the guest >/var/lib/note; sync")
    in_guest(machine, "setsid sh -c 'sleep 1; systemctl poweroff' >/dev/null 2>&1 </dev/null &")
    await_state(machine, MachineState.STOPPED, 60)
    assert machine.condition().fault is Fault.GUEST
    with open_disk(machine.disk().path, shared=True) as disk:
        assert disk.read("/var/lib/note", 100) == b"written in the guest\n"
        assert b"[Software" in disk.read("/var/lib/bvt/prefix/system.reg", 1 << 24)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "small"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "bvt-test", place], check=True, timeout=300)
    yield place
    subprocess.run(["umount", "--lazy", place], check=True, timeout=300)


@pytest.mark.in_turn("what happens to an emulated machine", days=2)
@pytest.mark.usefixtures("lab")
def test_a_full_host_disk_pauses_the_machine_and_is_the_labs_fault(
    create: Create, make_pool: MakePool, state: StateDirectory, small_disk: Path
) -> None:
    (small_disk / "templates").symlink_to(state.root / "templates")
    daemon = PrivateDaemon.named("private:full", state)
    daemon.stop()  # one that was started before the mount does not see it
    provider = LibvirtProvider(make_pool("private:full", storage=small_disk, disk_reserve_mb=0), state)
    machine = create(provider)
    doom(machine, "yes | dd of=/big bs=1M count=80 iflag=fullblock conv=fsync", 30)
    await_state(machine, MachineState.PAUSED)
    condition = machine.condition()
    assert condition.fault is Fault.HOST
    assert "disk is full" in condition.reason
    machine.destroy()
    provider.close()
    daemon.stop()


def test_a_damaged_image_is_refused(lab: LibvirtProvider, make_pool: MakePool, tmp_path: Path) -> None:
    image = lab.stored_image("wine-guest").directory
    other = StateDirectory(tmp_path)
    copy = other.images / "wine-guest" / image.name
    copy.mkdir(parents=True)
    for path in image.iterdir():
        if path.name == "disk.qcow2":
            (copy / path.name).write_bytes(b"not the disk")
        else:
            shutil.copy(path, copy)
    provider = LibvirtProvider(make_pool("private:lab"), other)
    with pytest.raises(ConfigurationError, match=r"does not match its manifest: disk\.qcow2"):
        provider.prepare("wine-guest", lambda _: None)


def test_an_unknown_image_is_refused_with_what_to_do(lab: LibvirtProvider) -> None:
    with pytest.raises(ConfigurationError, match="bvt image build win95"):
        lab.prepare("win95", lambda _: None)


@pytest.mark.in_turn("boots of an emulated machine", days=3, emulated=True)
@pytest.mark.usefixtures("lab")
def test_a_damaged_template_is_built_again_and_state_clones_work_too(
    create: Create, make_pool: MakePool, run: Run, state: StateDirectory, tmp_path: Path
) -> None:
    provider = LibvirtProvider(make_pool("private:lab", storage=tmp_path, clone="state"), state)
    maker = provider.template_maker("wine-guest", CloneMethod.STATE)
    maker.directory.mkdir(parents=True)
    (maker.directory / "state").write_bytes(b"scratched")
    record = TemplateRecord(
        key=maker.key,
        image_digest=maker.image.manifest.digest,
        method=CloneMethod.STATE,
        built=datetime.now(UTC),
        build_s=1,
        files={"state": FileSeal(sha256="0" * 64, size=9)},
    )
    (maker.directory / RECORD).write_text(record.model_dump_json())
    said: list[str] = []
    info = provider.prepare("wine-guest", said.append)
    assert any("stale or damaged" in line for line in said)
    assert info.detail == "clones by state"
    assert "10.0.26100" in run(create(provider), "ver")


@pytest.mark.in_turn("what happens to an emulated machine", days=2)
@pytest.mark.usefixtures("lab")
def test_a_host_that_goes_away_is_replaced_by_another(
    create: Create,
    make_pool: MakePool,
    make_spec: MakeSpec,
    in_guest: Run,
    state: StateDirectory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(host, "RECONNECT_WITHIN_S", 3.0)
    daemons = [PrivateDaemon.named(f"private:{name}", state) for name in ("one", "two")]
    # By the daemons' own URIs, so that nobody starts a stopped one again.
    uris = [daemon.ensure() for daemon in daemons]
    limits = {"cpus": 1, "memory_mb": 2048}
    provider = LibvirtProvider(make_pool(*uris, limits=limits, room_deadline_s=0.5), state)
    assert provider.capacity(1024, 1) == 2
    first, second = create(provider), create(provider)
    assert {first.host_uri, second.host_uri} == set(uris)
    with pytest.raises(DeadlineExceeded, match="room for"):
        provider.create(make_spec(), Deadline.after(60))
    second.destroy()
    gone = next(daemon for daemon in daemons if daemon.uri == first.host_uri)
    gone.stop()
    assert first.condition().fault is Fault.HOST
    third = create(provider)
    assert third.host_uri == second.host_uri
    assert in_guest(third, "echo here").strip() == "here"
    gone.ensure()
    assert first.condition().state is MachineState.RUNNING
    for machine in (first, third):
        machine.destroy()
    provider.close()
    for daemon in daemons:
        daemon.stop()


def test_a_pool_whose_hosts_are_all_away_says_so(
    make_pool: MakePool, state: StateDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host, "RECONNECT_WITHIN_S", 1.0)
    uri = f"qemu+unix:///system?socket={tmp_path}/none"
    provider = LibvirtProvider(make_pool(uri), state)
    with pytest.raises(HostUnreachable, match="does not answer"):
        provider.prepare("wine-guest", lambda _: None)
    assert provider.capacity(1024, 1) == 0
    assert any(not finding.ok and uri in finding.subject for finding in provider.findings())


@pytest.mark.in_turn("what happens to an emulated machine", days=2)
def test_a_guest_that_spins_is_told_from_one_that_is_busy_and_shows_where_it_is(
    lab: LibvirtProvider, create: Create, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watched, "NEEDED_S", 2.0)
    machine = create(lab)
    machine.run("/bin/sh", "-c", "(while :; do :; done) >/dev/null 2>&1 &", deadline=Deadline.after(30))
    assert machine.hang() == ""
    doom(machine, SPIN, 3)
    # A host that gives the guest too little of a processor proves nothing, so it is watched again.
    Deadline.after(300).poll(lambda: "nothing in it answered" in machine.hang(), "the hang being seen")
    condition = machine.condition()
    assert (condition.state, condition.fault, condition.guest_alive) == (
        MachineState.RUNNING,
        Fault.NONE,
        False,
    )
    machine.collect(tmp_path)
    assert b"RIP=" in (tmp_path / "processors.txt").read_bytes()


@pytest.mark.in_turn("what happens to an emulated machine", days=2)
def test_a_qemu_that_is_stopped_is_the_hosts_fault_and_keeps_nobody_waiting(
    lab: LibvirtProvider,
    create: Create,
    state: StateDirectory,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    machine = create(lab)
    monkeypatch.setattr(limit, "ANSWER_S", 1.0)
    qemu = qemu_process(machine, state)
    stop(qemu.pid)
    condition = machine.condition()
    assert (condition.fault, condition.reason) == (Fault.HOST, "its QEMU process does not answer")
    evidence = {item.path for item in machine.collect(tmp_path)}
    assert "serial.log" in evidence
    assert "processors.txt: QEMU's answer" in (tmp_path / "missing.txt").read_text()
    machine.destroy()
    assert not qemu.is_running()

"""A virtual machine until it answers: made ahead, cold, or from a capsule; against what libvirt itself offers.

Same image, same host, by turns. Two moments are told for each: the first WinRM reply (`vm_ready`, from the pool;
`vm_ready_cold`; name, clock, password and certificate are the machine's own by then) and the answer to the first
command (`vm_first_command`, from the pool; registry and media drive are its own by then, for whoever logs in waits for
them). The peers: an overlay boot until Wine and WinRM are up; restoring a ready domain that `virsh save` put away;
reverting a ready domain to an internal snapshot. The last two bring back one and the same machine, so they do less.
`vm_capsule` does that too, under a new name on an overlay of its own.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import libvirt

from bench.lab_rig import Lab, lab_rig
from bench.measure import Result, result
from harness.machines.libvirt.clone.clone import forwarded_port
from harness.machines.libvirt.clone.overlay import make_overlay
from harness.machines.libvirt.clone.readiness import await_winrm
from harness.machines.libvirt.host.qmp import human_monitor
from harness.machines.libvirt.machine import LibvirtMachine
from harness.machines.libvirt.options import CloneMethod
from harness.machines.provider import KeptMachine
from harness.model.deadline import Deadline
from harness.model.machine import WinRMAccess

ROUNDS = 2
TURNS = 3
BUDGET_S = 80.0
"""After this no further round is begun, and turns are cut to one: the whole stays below four minutes."""
CLONE_DEADLINE_S = 60.0
BOOT_DEADLINE_S = 180.0
POOL, COLD, CAPSULE = "a clone that waited", "clone of a RAM template", "capsule reopened"
BOOT, RESTORE, REVERT = "overlay boot + readiness", "libvirt save/restore", "internal snapshot revert"
SNAPSHOT = "<domainsnapshot><name>ready</name></domainsnapshot>"
DOING = {
    BOOT: "cold boot of the same image through the same provider",
    RESTORE: "restore of one saved machine on a new overlay; no new identity",
    REVERT: "the same machine set back; no new identity",
}


LIMITS = {"vm_ready": 0.35, "vm_ready_cold": 0.7, "vm_capsule": 2.0}
"""What the project asks of itself."""


class Times:
    """Seconds to the first reply and to the first command's answer, by side."""

    def __init__(self) -> None:
        self.reply: dict[str, list[float]] = {}
        self.command: dict[str, list[float]] = {}

    def take(self, side: str, ready: Callable[[], None], command: Callable[[], None]) -> None:
        """Measure both moments from one beginning."""
        began = time.perf_counter()
        ready()
        self.reply.setdefault(side, []).append(time.perf_counter() - began)
        command()
        self.command.setdefault(side, []).append(time.perf_counter() - began)


def measure() -> Iterator[Result]:
    times, began = Times(), time.monotonic()
    with lab_rig() as lab:
        for method in (CloneMethod.RAM, CloneMethod.BOOT):
            lab.provider(method)  # making image and template is not what is measured
        for _ in range(ROUNDS):
            _round(lab, times, Deadline.after(BUDGET_S))
            if time.monotonic() - began > BUDGET_S:
                break
    for name, side, taken in (
        ("vm_ready", POOL, times.reply),
        ("vm_ready_cold", COLD, times.reply),
        ("vm_capsule", CAPSULE, times.reply),
        ("vm_first_command", POOL, times.command),
        ("vm_first_command_cold", COLD, times.command),
    ):
        for peer in (BOOT, RESTORE, REVERT):
            runs = f"{side} {len(taken[side])} times, worst {max(taken[side]):.2f} s; the peer {len(taken[peer])} times"
            limit = f"limit {LIMITS[name]:g} s; " if name in LIMITS else ""
            yield result(name, taken[side], peer, taken[peer], f"{limit}{DOING[peer]}; {runs}")


def _round(lab: Lab, times: Times, budget: Deadline) -> None:
    _clones(lab, times)
    _capsule(lab, times)
    booted: list[LibvirtMachine] = []
    try:
        times.take(
            BOOT,
            lambda: booted.append(lab.create(CloneMethod.BOOT, BOOT_DEADLINE_S)),
            lambda: lab.first_command(booted[0]),
        )
        machine = booted[0]
        domain = lab.host.domain(machine.machine_id)
        assert domain is not None
        turns = 1 if budget.passed else TURNS
        snapshot = domain.snapshotCreateXML(SNAPSHOT, 0)
        for _ in range(turns):
            times.take(
                REVERT,
                lambda: _reply(_reverted(lab, machine, snapshot), machine),
                lambda: lab.first_command(machine, _access(lab, machine)),
            )
            _clones(lab, times)
        saved = _save(lab, machine)
        for _ in range(turns):
            times.take(
                RESTORE,
                lambda: _reply(_restored(lab, machine, saved), machine),
                lambda: lab.first_command(machine, _access(lab, machine)),
            )
            lab.host.destroy(machine.machine_id)
            _clones(lab, times)
            _capsule(lab, times)
    finally:
        for each in booted:
            each.destroy()


def _clones(lab: Lab, times: Times) -> None:
    """One made cold, while another is not yet in the making; then that other one, which waits."""
    _clone(lab, times, COLD, "cold")
    lab.waiting(["next"], CLONE_DEADLINE_S)[0].destroy()
    _clone(lab, times, POOL, "next")


def _clone(lab: Lab, times: Times, side: str, cell: str) -> None:
    made: list[LibvirtMachine] = []
    try:
        times.take(
            side,
            lambda: made.append(lab.create(CloneMethod.RAM, CLONE_DEADLINE_S, cell)),
            lambda: lab.first_command(made[0]),
        )
    finally:
        for machine in made:
            machine.destroy()


def _capsule(lab: Lab, times: Times) -> None:
    """A machine in use, put away (not measured) and reopened; its copy is never checked here, for it never moved."""
    with lab.put_away(CLONE_DEADLINE_S) as directory:
        opened: list[KeptMachine] = []
        try:
            times.take(
                CAPSULE,
                lambda: opened.append(lab.provider(CloneMethod.RAM).reopen_capsule(directory)),
                lambda: lab.first_command_at(opened[0].access),
            )
        finally:
            for machine in opened:
                lab.reclaim(machine.machine_id)


def _reverted(lab: Lab, machine: LibvirtMachine, snapshot: libvirt.virDomainSnapshot) -> libvirt.virDomain:
    snapshot.getDomain().revertToSnapshot(snapshot, libvirt.VIR_DOMAIN_SNAPSHOT_REVERT_RUNNING)
    domain = lab.host.domain(machine.machine_id)
    assert domain is not None
    return domain


def _save(lab: Lab, machine: LibvirtMachine) -> Path:
    """End the machine, keeping RAM and disk beside each other."""
    domain = lab.host.domain(machine.machine_id)
    assert domain is not None
    directory = _disk(domain).parent
    domain.save(str(directory / "saved"))
    (directory / "disk.qcow2").rename(directory / "saved.qcow2")
    return directory


def _restored(lab: Lab, machine: LibvirtMachine, saved: Path) -> libvirt.virDomain:
    """The saved machine over its disk as it was then."""
    (saved / "disk.qcow2").unlink(missing_ok=True)
    make_overlay(saved / "saved.qcow2", saved / "disk.qcow2")
    lab.host.call(lambda connection: connection.restore(str(saved / "saved")))
    domain = lab.host.domain(machine.machine_id)
    assert domain is not None
    return domain


def _reply(domain: libvirt.virDomain, machine: LibvirtMachine) -> None:
    """Wait for the first WinRM reply; a new QEMU has forwarded another port."""
    await_winrm(_moved(domain, machine.winrm), Deadline.after(CLONE_DEADLINE_S))


def _access(lab: Lab, machine: LibvirtMachine) -> WinRMAccess:
    domain = lab.host.domain(machine.machine_id)
    assert domain is not None
    return _moved(domain, machine.winrm)


def _moved(domain: libvirt.virDomain, access: WinRMAccess) -> WinRMAccess:
    return access.model_copy(update={"port": forwarded_port(human_monitor(domain, "info usernet"))})


def _disk(domain: libvirt.virDomain) -> Path:
    name = "disk.qcow2"
    found = next(line for line in domain.XMLDesc().splitlines() if name in line)
    return Path(found.split("'")[1])

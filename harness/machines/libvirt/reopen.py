"""Lets a machine go on that was put away as a capsule."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import libvirt

from harness.machines import kept
from harness.machines.directories import note
from harness.machines.intent import Intent, IntentFile, read_intents
from harness.machines.libvirt.clone.capsule import DISK, STATE, Capsule
from harness.machines.libvirt.clone.clone import forwarded_port
from harness.machines.libvirt.clone.domain import DomainSpec, Memory
from harness.machines.libvirt.clone.domain_xml import domain_xml
from harness.machines.libvirt.clone.migration import load_state
from harness.machines.libvirt.clone.overlay import make_overlay
from harness.machines.libvirt.clone.personal import set_clock
from harness.machines.libvirt.clone.readiness import await_winrm
from harness.machines.libvirt.host.acceleration import prove_kvm
from harness.machines.libvirt.host.events import await_agent
from harness.machines.libvirt.host.host import Host
from harness.machines.libvirt.host.placement import Placement
from harness.machines.libvirt.host.qmp import human_monitor
from harness.machines.libvirt.host.removal import remove_machine
from harness.machines.provider import KeptMachine
from harness.model.deadline import Deadline
from harness.model.errors import ConfigurationError, InfrastructureError
from harness.model.machine import MachineSpec, WinRMAccess
from harness.model.windows import WindowsVersion
from harness.state import StateDirectory

ROOM_S, READY_S = 30.0, 60.0
NO_WINDOWS = WindowsVersion(product_name="as it was", major=10, minor=0, build=10240)
"""Nobody reads it: the guest has its version already."""


def reopen(capsule: Capsule, placement: Placement, storage: Path, state: StateDirectory) -> KeptMachine:
    """The machine goes on, on an overlay of its own. One that does so already is returned.

    Raises `ConfigurationError` where the capsule is damaged or cannot load here, `InfrastructureError`.
    """
    if (running := _running(capsule, state)) is not None:
        return running
    capsule.require_whole()
    record = capsule.record
    host = placement.any_host()
    if not host.local_socket:
        raise ConfigurationError(
            f"{host.uri} is remote, and a capsule's state passes only over a Unix socket."
        )
    capsule.require_home(host.versions(), kvm=not record.spec.kvm or prove_kvm().ran)
    asked = MachineSpec(
        run_id=record.run_id,
        cell_id=record.cell_id,
        image=record.image,
        windows=NO_WINDOWS,
        media=capsule.directory,
        memory_mb=record.spec.memory_mb,
        cpus=record.spec.cpus,
    )
    intent, host = placement.reserve(asked, frozenset(), Deadline.after(ROOM_S))
    name = intent.intent.machine_id
    directory = storage / "machines" / name
    intent.add(directory=str(directory), image=record.image_digest, capsule=str(capsule.directory))
    with _undone(host, intent):
        directory.mkdir(parents=True, mode=0o700)
        note(directory, "libvirt", intent.path)
        spec = capsule.domain(name, directory / DISK, directory / "serial.log")
        access = _go_on(host, capsule, spec, Deadline.after(READY_S))
        trusted = access.ca_pem and directory / "winrm.pem"
        if trusted is not None and access.ca_pem is not None:
            shutil.copyfile(access.ca_pem, trusted)
        intent.add(ready=True)
        intent.mark_kept()
        machine = KeptMachine(
            machine_id=name,
            cell_id=record.cell_id,
            run_id=record.run_id,
            provider="libvirt",
            access=access.model_copy(update={"ca_pem": trusted}),
            notes=(f"reopened from the capsule {capsule.directory}",),
        )
        kept.store(state, machine)
        return machine


def _go_on(host: Host, capsule: Capsule, spec: DomainSpec, deadline: Deadline) -> WinRMAccess:
    make_overlay(capsule.directory / DISK, spec.disk)
    history = host.events.history(spec.name)
    xml = domain_xml(spec)
    domain = host.call(lambda connection: connection.createXML(xml, libvirt.VIR_DOMAIN_START_PAUSED))
    with (capsule.directory / STATE).open("rb") as state:
        load_state(domain, state.fileno(), deadline, ignore_shared=spec.memory is Memory.CLONE)
    access = capsule.access(forwarded_port(human_monitor(domain, "info usernet")))
    domain.resume()
    await_agent(history, spec.name, deadline)
    set_clock(domain, capsule.record.guest_system)
    await_winrm(access, deadline)
    return access


@contextmanager
def _undone(host: Host, intent: IntentFile) -> Iterator[None]:
    """Remove what was made if it cannot be finished, also on Ctrl-C; errors of libvirt in the harness's words."""
    done = False
    try:
        yield
        done = True
    except (libvirt.libvirtError, OSError) as error:
        raise InfrastructureError(f"The capsule could not be reopened on {host.uri}: {error}.") from error
    finally:
        if not done:
            remove_machine(host, intent.intent)
            host.events.forget(intent.intent.machine_id)
            intent.done()


def _running(capsule: Capsule, state: StateDirectory) -> KeptMachine | None:
    """The machine that was reopened from this capsule and still is there: two of them would be one computer twice."""

    def is_it(intent: Intent) -> bool:
        return intent.kept and intent.resources.get("capsule") == str(capsule.directory)

    ids = {intent.machine_id for intent in read_intents(state.intents) if is_it(intent)}
    return next((machine for machine in kept.list_kept(state) if machine.machine_id in ids), None)

"""From a reservation to a machine whose WinRM answers."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import libvirt

from harness.machines.libvirt.clone.clone import Started, make_disk, run_clone, start_domain
from harness.machines.libvirt.clone.domain import CONTACTS, DomainSpec
from harness.machines.libvirt.clone.media import build_iso
from harness.machines.libvirt.clone.personal import Person, failure, letter_to, personalise
from harness.machines.libvirt.clone.readiness import await_winrm
from harness.machines.libvirt.clone.stored_template import Template
from harness.machines.libvirt.host.host import Host
from harness.machines.libvirt.host.qmp import run_in_guest
from harness.machines.libvirt.image.manifest import ImageManifest
from harness.machines.libvirt.image.store import StoredImage
from harness.model.deadline import Deadline
from harness.model.errors import DeadlineExceeded, InfrastructureError
from harness.model.machine import MachineSpec, WinRMAccess
from harness.model.substrate import GuestSystem

TRIAL_DEADLINE_S = 60.0


@dataclass(frozen=True)
class Parts:
    """What a machine is made of."""

    host: Host
    image: StoredImage
    template: Template | None
    directory: Path


@dataclass(frozen=True)
class Waiting:
    """A machine whose QEMU is there, and what is left to do until it answers.

    Its guest has not run yet, unless it has to boot: so it takes next to no memory and no processor.
    """

    started: Started
    access: WinRMAccess
    go_on: Callable[[Deadline], None]
    """Let it be somebody, and wait until its WinRM answers.

    Raises `InfrastructureError`, `DeadlineExceeded`, `libvirtError`."""


def prepare_machine(parts: Parts, shape: DomainSpec, spec: MachineSpec, machine_id: str) -> Waiting:
    """Make media drive and disk, start QEMU. What it made stays for the caller to remove when it raises.

    Raises `InfrastructureError`, `libvirtError`, `OSError`.
    """
    person, manifest = Person.new(machine_id), parts.image.manifest
    domain = shape.model_copy(
        update={
            "name": machine_id,
            "run_id": spec.run_id,
            "cell_id": spec.cell_id,
            "disk": parts.directory / "disk.qcow2",
            "media": parts.directory / "media.iso",
            "serial_log": parts.directory / "serial.log",
            "relay": spec.backend,
            "contacts": parts.directory / CONTACTS if spec.backend else None,
        }
    )
    with ThreadPoolExecutor(1) as beside:
        media = beside.submit(build_iso, spec.media, parts.directory / "media.iso")
        make_disk(parts.image, parts.template, domain)
        media.result()
    started = start_domain(parts.host, parts.template, domain)
    access = _access(parts, manifest, person, shape.listen, started.port)

    def go_on(deadline: Deadline) -> None:
        if started.takes_letter:
            run_clone(started, deadline, letter_to(manifest, spec.windows, person))
        else:
            run_clone(started, deadline)
            if parts.template is None:
                await_boot(started.domain, manifest, deadline)
            personalise(started.domain, manifest, spec.windows, person)
        _await_reply(started, access, deadline)

    return Waiting(started, access, go_on)


def _await_reply(started: Started, access: WinRMAccess, deadline: Deadline) -> None:
    try:
        await_winrm(access, deadline)
    except DeadlineExceeded as error:
        reason = failure(started.domain)
        if not reason:
            raise
        raise InfrastructureError(
            f"The guest of {started.spec.name} could not take its identity: {reason}"
        ) from error


def await_boot(guest: libvirt.virDomain, manifest: ImageManifest, deadline: Deadline) -> None:
    """The guest agent comes up before the rest of the guest does."""
    if manifest.guest_system is GuestSystem.WINE:
        waited = run_in_guest(guest, "/bin/sh", "-c", ". /usr/lib/bvt/ready-wait", deadline=deadline)
        if waited.exit_code != 0:
            raise InfrastructureError(f"The guest did not come up: {waited.errors.strip()[-300:]}")


def prove_template(host: Host, image: StoredImage, template: Template, shape: DomainSpec) -> None:
    """Start a clone and hear its guest agent; a template that cannot do this is not used. Raises like it."""
    deadline = Deadline.after(TRIAL_DEADLINE_S)
    spec = shape.model_copy(
        update={
            "disk": template.directory / "trial.qcow2",
            "serial_log": template.directory / "trial.log",
        }
    )
    try:
        make_disk(image, template, spec)
        run_clone(start_domain(host, template, spec), deadline)
    finally:
        host.destroy(spec.name)
        host.events.forget(spec.name)
        for file in (spec.disk, spec.serial_log):
            file.unlink(missing_ok=True)


def _access(parts: Parts, manifest: ImageManifest, person: Person, address: str, port: int) -> WinRMAccess:
    endpoint = manifest.winrm
    trusted: Path | None = None
    if endpoint.tls:
        trusted = parts.image.file("ca.pem")
        if trusted is None:
            trusted = parts.directory / "winrm.pem"
            trusted.write_bytes(person.certificate)
    return WinRMAccess(
        host=address,
        port=port,
        username=endpoint.username,
        password=person.password,
        ca_pem=trusted,
        server_name=endpoint.server_name,
        auth=endpoint.auth,
    )

"""From a reservation to a machine whose WinRM answers."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import libvirt

from harness.machines.libvirt.clone.clone import Started, make_disk, start_clone
from harness.machines.libvirt.clone.domain import DomainSpec
from harness.machines.libvirt.clone.media import build_iso
from harness.machines.libvirt.clone.personal import Person, failure, personalise
from harness.machines.libvirt.clone.readiness import await_winrm
from harness.machines.libvirt.clone.template import Template
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


def start_machine(
    parts: Parts, shape: DomainSpec, spec: MachineSpec, machine_id: str, deadline: Deadline
) -> tuple[Started, WinRMAccess]:
    """Make media drive and disk, clone, give it its identity, wait for WinRM.

    What it made stays for the caller to remove when it raises.

    Raises `InfrastructureError`, `DeadlineExceeded`, `libvirtError`, `OSError`.
    """
    person = Person.new(machine_id)
    domain = shape.model_copy(
        update={
            "name": machine_id,
            "run_id": spec.run_id,
            "cell_id": spec.cell_id,
            "disk": parts.directory / "disk.qcow2",
            "media": parts.directory / "media.iso",
            "serial_log": parts.directory / "serial.log",
            "relay": spec.backend,
        }
    )
    manifest = parts.image.manifest

    def greet(guest: libvirt.virDomain) -> None:
        if parts.template is None:
            await_boot(guest, manifest, deadline)
        personalise(guest, manifest, spec.windows, person)

    with ThreadPoolExecutor(1) as beside:
        media = beside.submit(build_iso, spec.media, parts.directory / "media.iso")
        make_disk(parts.image, parts.template, domain)
        media.result()
    started = start_clone(parts.host, parts.template, domain, deadline, greet)
    access = _access(parts, manifest, person, shape.listen, started.port)
    try:
        await_winrm(access, deadline)
    except DeadlineExceeded as error:
        reason = failure(started.domain)
        if not reason:
            raise
        raise InfrastructureError(
            f"The guest of {machine_id} could not take its identity: {reason}"
        ) from error
    return started, access


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
        start_clone(host, template, spec, deadline, greet=lambda _: None)
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

"""Starts one domain as a clone of a template, or from the image where there is none."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import libvirt

from harness.machines.libvirt.clone.domain import DomainSpec, Memory
from harness.machines.libvirt.clone.domain_xml import domain_xml
from harness.machines.libvirt.clone.migration import load_state
from harness.machines.libvirt.clone.overlay import make_overlay
from harness.machines.libvirt.clone.own_state import own_state
from harness.machines.libvirt.clone.template import Template
from harness.machines.libvirt.host.events import await_agent
from harness.machines.libvirt.host.host import Host
from harness.machines.libvirt.host.qmp import human_monitor, monitor
from harness.machines.libvirt.image.store import StoredImage
from harness.machines.libvirt.options import CloneMethod
from harness.model.deadline import Deadline
from harness.model.errors import InfrastructureError

FORWARDED = re.compile(r"TCP\[HOST_FORWARD\]\s+\d+\s+(?P<address>[\d.*]+)\s+(?P<port>\d+)\s")


@dataclass(frozen=True)
class Started:
    """A running domain whose guest agent answers."""

    domain: libvirt.virDomain
    spec: DomainSpec
    xml: str
    port: int
    kvm: bool


def make_disk(image: StoredImage, template: Template | None, spec: DomainSpec) -> None:
    """The overlay that the domain will write to. Raises `InfrastructureError`."""
    make_overlay(template.disk if template else image.disk, spec.disk)


def start_clone(
    host: Host,
    template: Template | None,
    spec: DomainSpec,
    deadline: Deadline,
    greet: Callable[[libvirt.virDomain], None],
) -> Started:
    """Start the domain on its disk, ask QEMU about it, wait for the guest agent, `greet` the guest.

    QEMU is asked while a clone is still paused: then it answers in milliseconds, and in a tenth of a second once the
    guest runs. Raises `InfrastructureError`, `DeadlineExceeded`, `libvirtError`, and what `greet` raises. What was made
    stays for the caller to remove.
    """
    history = host.events.history(spec.name)
    shared = template is not None and template.record.method is CloneMethod.RAM
    if template is not None:
        ram = {"memory": Memory.CLONE, "memory_file": template.ram} if shared else {"memory": Memory.INCOMING}
        spec = spec.model_copy(update=ram)
    xml = domain_xml(spec)
    flags = libvirt.VIR_DOMAIN_START_PAUSED if template else 0
    domain = host.call(lambda connection: connection.createXML(xml, flags))
    if template is not None:
        with own_state(template, spec.hardware_uuid) as state:
            load_state(domain, state, deadline, ignore_shared=shared)
    started = Started(
        domain=domain,
        spec=spec,
        xml=xml,
        port=forwarded_port(human_monitor(domain, "info usernet")),
        kvm=bool(monitor(domain, "query-kvm").get("enabled")),
    )
    if template is not None:
        domain.resume()
    await_agent(history, spec.name, deadline)
    greet(domain)
    return started


def forwarded_port(listing: str) -> int:
    """The host port in `info usernet`'s listing. Raises `InfrastructureError` if there is none."""
    found = FORWARDED.search(listing)
    if found is None:
        raise InfrastructureError(f"QEMU forwards no port to the guest: {listing.strip()[:200]!r}.")
    return int(found["port"])

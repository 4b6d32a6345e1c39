"""Starts one domain as a clone of a template, or from the image where there is none."""

import re
from dataclasses import dataclass

import libvirt

from harness.machines.libvirt.clone.domain import DomainSpec, Memory
from harness.machines.libvirt.clone.domain_xml import domain_xml
from harness.machines.libvirt.clone.migration import load_state
from harness.machines.libvirt.clone.overlay import make_overlay
from harness.machines.libvirt.clone.own_state import own_state
from harness.machines.libvirt.clone.stored_template import Template
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
    """A domain that has its QEMU. A clone of a template has nothing in it yet, and waits."""

    host: Host
    template: Template | None
    domain: libvirt.virDomain
    spec: DomainSpec
    xml: str
    port: int
    kvm: bool

    @property
    def takes_letter(self) -> bool:
        """Whether its guest finds in its memory what it is told; others are told by the guest agent."""
        return self.template is not None and bool(self.template.record.letter_places)


def make_disk(image: StoredImage, template: Template | None, spec: DomainSpec) -> None:
    """The overlay that the domain will write to. Raises `InfrastructureError`."""
    make_overlay(template.disk if template else image.disk, spec.disk)


def start_domain(host: Host, template: Template | None, spec: DomainSpec) -> Started:
    """Start the domain's QEMU on its disk and ask it what there is to know. A clone stays empty, another one boots.

    QEMU is asked while a clone waits: then it answers in milliseconds, and in a tenth of a second once the guest runs.
    Raises `InfrastructureError`, `libvirtError`. What was made stays for the caller to remove.
    """
    host.events.history(spec.name)
    if template is not None:
        shared = template.record.method is CloneMethod.RAM
        ram = {"memory": Memory.CLONE, "memory_file": template.ram} if shared else {"memory": Memory.INCOMING}
        spec = spec.model_copy(update=ram)
    xml = domain_xml(spec)
    flags = libvirt.VIR_DOMAIN_START_PAUSED if template else 0
    domain = host.call(lambda connection: connection.createXML(xml, flags))
    return Started(
        host=host,
        template=template,
        domain=domain,
        spec=spec,
        xml=xml,
        port=forwarded_port(human_monitor(domain, "info usernet")),
        kvm=bool(monitor(domain, "query-kvm").get("enabled")),
    )


def run_clone(started: Started, deadline: Deadline, letter: bytes = b"") -> None:
    """Load the template's state into a clone, with the letter to it, let it run, and hear its guest agent.

    Of a machine that boots the agent is waited for. Raises `InfrastructureError`, `DeadlineExceeded`, `libvirtError`.
    """
    domain, template, spec = started.domain, started.template, started.spec
    if template is not None:
        shared = template.record.method is CloneMethod.RAM
        with own_state(template, spec.hardware_uuid, letter) as state:
            load_state(domain, state, deadline, ignore_shared=shared)
        domain.resume()
    await_agent(started.host.events.history(spec.name), spec.name, deadline)


def forwarded_port(listing: str) -> int:
    """The host port in `info usernet`'s listing. Raises `InfrastructureError` if there is none."""
    found = FORWARDED.search(listing)
    if found is None:
        raise InfrastructureError(f"QEMU forwards no port to the guest: {listing.strip()[:200]!r}.")
    return int(found["port"])

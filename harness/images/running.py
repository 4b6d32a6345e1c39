"""The machine of an image build: while Windows is installed, and while the installed system is let rest."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import libvirt

from harness.images.recipe import WindowsRecipe
from harness.images.record import DISK
from harness.machines.intent import IntentFile, new_machine_id
from harness.machines.libvirt.clone.domain import DomainSpec
from harness.machines.libvirt.clone.domain_xml import domain_xml, validate
from harness.machines.libvirt.host.acceleration import prove_kvm
from harness.machines.libvirt.host.events import DomainHistory
from harness.machines.libvirt.host.host import Host
from harness.machines.libvirt.host.programs import program
from harness.machines.libvirt.observe.evidence import screenshot
from harness.model.errors import InfrastructureError

LOOK_EVERY_S = 10.0
SERIAL, SERIAL_LATER = "serial.log", "serial-later.log"
"""What the machine said while it was installed, and since."""


@dataclass(frozen=True)
class Order:
    """What to install, from what, how long it may take."""

    recipe: WindowsRecipe
    edition: str | None
    iso: Path
    virtio_iso: Path
    screenshots: Path
    deadline_s: float
    memory_mb: int | None = None
    cpus: int | None = None
    acceleration: bool = True
    look_every_s: float = LOOK_EVERY_S
    build_id: str = field(default_factory=new_machine_id)

    @property
    def edition_name(self) -> str:
        return self.edition or self.recipe.default_edition


@dataclass(frozen=True)
class Running:
    """The machine, as long as it runs."""

    host: Host
    name: str
    domain: libvirt.virDomain
    history: DomainHistory
    serial: Path
    kvm: bool


@contextmanager
def running(
    order: Order, host: Host, intent: IntentFile, working: Path, *, installed: bool = False
) -> Iterator[Running]:
    """Start the machine; end it and everything that libvirt keeps for it, whatever happens.

    `installed`: with what is on its disk, and empty drives, as clones start.
    """
    recipe = order.recipe
    kvm = order.acceleration and prove_kvm().ran
    name = intent.intent.machine_id
    spec = DomainSpec(
        name=name,
        run_id="image-build",
        cell_id=recipe.name,
        kvm=kvm,
        windows=True,
        hardware=recipe.hardware,
        memory_mb=order.memory_mb or recipe.memory_mb,
        cpus=order.cpus or recipe.cpus,
        disk=working / DISK,
        media=None if installed else working / "answer.iso",
        installation_media=() if installed else (order.iso.resolve(), order.virtio_iso.resolve()),
        serial_log=working / (SERIAL_LATER if installed else SERIAL),
        socat=program("socat"),
    )
    xml = domain_xml(spec)
    validate(xml, working)
    intent.add(uri=host.uri, domain=name, memory_mb=spec.memory_mb, cpus=spec.cpus)
    history = host.events.history(name)
    try:
        flags = libvirt.VIR_DOMAIN_START_VALIDATE
        domain = host.call(lambda connection: connection.createXML(xml, flags))
        yield Running(host, name, domain, history, spec.serial_log, kvm)
    except libvirt.libvirtError as error:
        raise InfrastructureError(
            f"The installation of {recipe.name} broke on {host.uri}: {error}."
        ) from error
    finally:
        host.destroy(name)
        host.events.forget(name)
        host.remove_traces(name)


@dataclass
class Screenshots:
    """The screen as it changed."""

    directory: Path
    count: int = 0
    _last: str = ""

    def take(self, running: Running, elapsed_s: float) -> str:
        """Save the screen if it is another one than before; the file's name, empty if not."""
        try:
            data = screenshot(running.host, running.name)
        except (libvirt.libvirtError, ValueError, InfrastructureError):
            return ""  # the machine is going down; its end is judged elsewhere
        digest = hashlib.sha256(data).hexdigest()
        if digest == self._last:
            return ""
        self._last, self.count = digest, self.count + 1
        name = f"{self.count:04d}-{clock(elapsed_s).replace(':', 'm')}s.png"
        (self.directory / name).write_bytes(data)
        return name


def clock(seconds: float) -> str:
    """Minutes and seconds."""
    return f"{int(seconds) // 60:02d}:{int(seconds) % 60:02d}"

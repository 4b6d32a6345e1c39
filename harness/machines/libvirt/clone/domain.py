"""What one domain is, as data. `domain_xml` writes it in libvirt's words."""

from enum import StrEnum
from pathlib import Path
from uuid import UUID, uuid5

from pydantic import Field

from harness.machines.libvirt.image.manifest import Hardware
from harness.model.base import Frozen
from harness.model.machine import HostPort

GUEST_ADDRESS = "10.0.2.15"
BACKEND_IN_GUEST = HostPort(host="10.0.2.100", port=443)
NEIGHBOUR = HostPort(host="10.0.2.101", port=80)
CONTACTS = "contact"
"""In a machine's directory: the first file by which its neighbour noted that it was reached."""
MACHINES = UUID("6c7b2c1e-0d0f-5c1b-9a3e-6d0f4b1f7a52")
"""Namespace of the machines' hardware UUIDs."""
MAC = "52:54:00:62:76:74"  # every machine has a network of its own, so all may have one address


class Memory(StrEnum):
    """Where a domain's RAM lives."""

    PLAIN = "plain"
    TEMPLATE = "template"  # a file, written through: the template under construction
    INCOMING = "incoming"  # its own, filled from a saved state
    CLONE = "clone"  # the template's file, copy-on-write
    LAID_OUT = "laid-out"  # a file, written through, filled from a saved state: a capsule in the making
    CAPSULE = "capsule"  # its own, filled from a capsule; named like a clone's


class DomainSpec(Frozen):
    """One domain."""

    name: str = Field(pattern="^[a-z0-9-]+$")
    uuid_of: str = Field(
        default="",
        description="name of the machine whose hardware UUID it keeps; empty: it has one of its own",
    )
    run_id: str = ""
    cell_id: str = ""
    kvm: bool
    windows: bool = Field(default=False, description="the guest is Windows itself, not Wine")
    hardware: Hardware
    memory_mb: int = Field(ge=64)
    cpus: int = Field(ge=1)
    disk: Path
    kernel: Path | None = None
    initrd: Path | None = None
    media: Path | None = Field(default=None, description="ISO in the CD-ROM drive; None: an empty drive")
    installation_media: tuple[Path, ...] = Field(default=(), description="more CD-ROM drives, booted first")
    serial_log: Path
    memory: Memory = Memory.PLAIN
    memory_file: Path | None = None
    listen: str = Field(default="127.0.0.1", description="host address of the forwarded WinRM port")
    winrm_port: int = 5986
    tsc_khz: int = Field(
        default=0,
        ge=0,
        description="how fast the processor's counter runs, for a kernel that the hypervisor loads; 0: it measures",
    )
    relay: HostPort | None = Field(default=None, description="host-side address of the backend")
    socat: str = "/usr/bin/socat"
    contacts: Path | None = Field(
        default=None, description="a file is made there for each connection to the machine's neighbour"
    )

    @property
    def hardware_uuid(self) -> UUID:
        """What the firmware tells the guest (SMBIOS, type 1), and by what libvirt knows the domain: its own."""
        return uuid5(MACHINES, self.uuid_of or self.name)

    @property
    def shape(self) -> "DomainSpec":
        """The same domain with everything that differs from clone to clone set to constants."""
        return self.model_copy(
            update={
                "name": "shape",
                "uuid_of": "",
                "run_id": "",
                "cell_id": "",
                "disk": Path("/disk"),
                "kernel": self.kernel and Path("/kernel"),
                "initrd": self.initrd and Path("/initrd"),
                "media": None,
                "serial_log": Path("/serial"),
                "memory": Memory.PLAIN,
                "memory_file": None,
                "listen": "127.0.0.1",
                "tsc_khz": 0,
                "relay": None,
                "contacts": None,
            }
        )

"""What an image is: its files, how it boots, and what its recipe changed about the tested surface."""

import hashlib
import json
from enum import StrEnum

from pydantic import AwareDatetime, Field

from harness.machines.libvirt.image.seal import FileSeal
from harness.model.base import Frozen
from harness.model.substrate import GuestSystem


class Firmware(StrEnum):
    """How the machine starts."""

    KERNEL = "kernel"  # the hypervisor loads the guest's kernel itself
    BIOS = "bios"
    UEFI = "uefi"
    UEFI_SECURE = "uefi-secure"  # with Secure Boot on


class DiskBus(StrEnum):
    """What the system disk hangs on."""

    VIRTIO = "virtio"
    SATA = "sata"


class WinRMEndpoint(Frozen):
    """The WinRM service inside the image."""

    port: int = Field(ge=1, le=65535)
    username: str
    tls: bool = Field(description="HTTPS with the certificate in the image's `ca.pem`")
    server_name: str = "localhost"
    auth: str = Field(default="ntlm", pattern="^(ntlm|basic)$")


class Hardware(Frozen):
    """What the guest system needs to find."""

    machine: str = "pc"
    firmware: Firmware = Firmware.BIOS
    tpm: bool = False
    disk_bus: DiskBus = DiskBus.VIRTIO
    kernel_arguments: str = ""
    panic_model: str = Field(default="isa", pattern="^(isa|hyperv)$")
    minimum_memory_mb: int = 512


class ImageManifest(Frozen):
    """`manifest.json` of an image. A changed image is a new digest, never an edit."""

    schema_version: int = 1
    name: str
    guest_system: GuestSystem
    recipe_digest: str = Field(pattern="^[0-9a-f]{64}$")
    built: AwareDatetime
    disk: str = "disk.qcow2"
    files: dict[str, FileSeal]
    hardware: Hardware
    winrm: WinRMEndpoint
    media_root: str = "D:\\"
    facts: dict[str, str] = Field(default_factory=dict, description="versions, as read from the built image")
    changes: tuple[str, ...] = Field(
        default=(), description="changes to the tested surface, one sentence each"
    )

    @property
    def digest(self) -> str:
        """SHA-256 of the manifest without the build date: what plans and reports pin."""
        document = self.model_dump(mode="json", exclude={"built"})
        text = json.dumps(document, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

"""What is fixed about a virtual machine once it runs."""

from dataclasses import dataclass
from pathlib import Path

from harness.machines.libvirt.clone.domain import DomainSpec
from harness.machines.libvirt.image.store import StoredImage
from harness.machines.provider import ImageInfo
from harness.model.machine import WinRMAccess
from harness.model.substrate import Substrate


@dataclass(frozen=True)
class Facts:
    """What is fixed about a machine once it runs."""

    image: ImageInfo
    substrate: Substrate
    winrm: WinRMAccess
    media_root: str
    relayed: bool
    directory: Path
    definition: str
    stored: StoredImage
    spec: DomainSpec
    memory_dump: bool = False

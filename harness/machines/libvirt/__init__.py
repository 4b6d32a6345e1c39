"""Pool `lab`: QEMU virtual machines through libvirt."""

from harness.machines.provider import MachineProvider
from harness.model.matrix import Pool
from harness.state import StateDirectory


def make_provider(pool: Pool, state: StateDirectory) -> MachineProvider:
    """The provider for `pool`."""
    from harness.machines.libvirt.provider import LibvirtProvider

    return LibvirtProvider(pool, state)

"""Pool `lab`: QEMU virtual machines through libvirt."""

from harness.machines.provider import MachineProvider
from harness.model.errors import ToolMissing
from harness.model.matrix import Pool
from harness.state import StateDirectory


def lacking() -> ToolMissing:
    """What to raise where libvirt's Python package is needed and not there."""
    missing = ToolMissing("The Python package libvirt-python", needed_for="pool lab")
    missing.hint = "Run ./dev setup, or install the harness with its extra: agent-bvt[lab]."
    return missing


def make_provider(pool: Pool, state: StateDirectory) -> MachineProvider:
    """The provider for `pool`. Raises `ToolMissing` where libvirt's Python package is not installed: it is an extra."""
    try:
        from harness.machines.libvirt.provider import LibvirtProvider
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("libvirt"):
            raise lacking() from error
        raise
    return LibvirtProvider(pool, state)

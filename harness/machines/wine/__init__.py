"""Wine machines: a Wine prefix in namespaces of its own, reached over WinRM like any Windows."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.machines.provider import MachineProvider
    from harness.model.matrix import Pool
    from harness.state import StateDirectory


def make_provider(pool: "Pool", state: "StateDirectory") -> "MachineProvider":
    """The provider for a pool. Raises `ConfigurationError` for options it does not know."""
    # Imported late: a machine's supervisor lives in this package and must start in milliseconds.
    from harness.machines.wine.provider import WineProvider

    return WineProvider(pool, state)

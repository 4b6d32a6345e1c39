"""What can be wrong with a machine when a step begins: names, where they may stand, what they need. Data.

How each is made: the file of its name in `harness/lifecycle/dirt/`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.model.report import Phase
from harness.model.substrate import Capability


@dataclass(frozen=True)
class Dirt:
    """One kind of it."""

    at: tuple[Phase, ...]
    """The steps that it may stand at. At `machine` it is there before anything else is looked at, and stays."""
    needs: frozenset[Capability] = frozenset()
    needs_at: Mapping[Phase, frozenset[Capability]] = field(default_factory=dict)
    """What it needs besides for one of the installer's works."""


DIRT: dict[str, Dirt] = {
    "ghost-product": Dirt((Phase.MACHINE,)),
    "leftovers": Dirt((Phase.MACHINE,)),
    "pending-reboot": Dirt((Phase.MACHINE,)),
    "clock-ahead": Dirt((Phase.MACHINE,), frozenset({Capability.OWN_CLOCK})),
    "code-page": Dirt((Phase.MACHINE,)),
    "backend-down": Dirt((Phase.INSTALL, Phase.UPGRADE)),
    "backend-gone": Dirt((Phase.UNINSTALL,)),
    "another-installation": Dirt(
        (Phase.INSTALL, Phase.UPGRADE), frozenset({Capability.ONE_INSTALLATION_AT_A_TIME})
    ),
    "missing-package": Dirt((Phase.UNINSTALL, Phase.REPAIR)),
    "hanging-service": Dirt((Phase.UNINSTALL,), frozenset({Capability.HANGING_SERVICE})),
    "isolated": Dirt((Phase.UNINSTALL,)),
    "isolated-reboot": Dirt((Phase.REBOOT,)),
    "zeroed-data": Dirt((Phase.REBOOT,)),
}

HINDRANCES: dict[str, Dirt] = {
    "obstacle": Dirt((Phase.INSTALL, Phase.UPGRADE)),
    "property": Dirt(
        (Phase.INSTALL, Phase.UPGRADE, Phase.UNINSTALL),
        needs_at={Phase.INSTALL: frozenset({Capability.ROLLBACK_ACTIONS})},
    ),
    "full-disk": Dirt((Phase.INSTALL, Phase.UPGRADE), frozenset({Capability.FULL_DISK})),
    "kill": Dirt(
        (Phase.INSTALL, Phase.UPGRADE, Phase.UNINSTALL), frozenset({Capability.MSI_ROLLBACK_RESTORES})
    ),
}
"""What keeps step `hindered` from its end, and which of the installer's works it can keep from it."""

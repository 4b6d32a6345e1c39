"""What the sham run does that the cell does."""

from collections.abc import Mapping
from unittest.mock import Mock

import pytest

from harness.lifecycle.sham import reboots
from harness.model.plan import Cell
from harness.model.report import Phase
from tests.unit.cell.stand_ins import PROFILE

WHY = "the network driver is loaded at boot only"


@pytest.mark.parametrize(
    ("phases", "declared", "boots"),
    [
        ((Phase.INSTALL, Phase.UNINSTALL), {}, False),
        ((Phase.INSTALL, Phase.REBOOT), {}, True),
        ((Phase.INSTALL, Phase.UNINSTALL), {"install": WHY}, True),
        ((Phase.INSTALL, Phase.UNINSTALL), {"uninstall": WHY}, True),
    ],
)
def test_it_boots_where_the_cell_does(
    phases: tuple[Phase, ...], declared: Mapping[str, str], *, boots: bool
) -> None:
    cell = Mock(spec=Cell, phases=phases, steps=())
    installer = PROFILE.installer.model_copy(update={"reboot_after": declared})
    assert reboots(cell, PROFILE.model_copy(update={"installer": installer})) is boots

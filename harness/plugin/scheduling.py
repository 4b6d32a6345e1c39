"""xdist scheduling: a cell is one unit of work, so its machine is made once and its phases stay in order."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

import pytest
from xdist.scheduler import LoadScopeScheduling

from harness.model.plan import Cell
from harness.model.report import Phase

if TYPE_CHECKING:
    from xdist.remote import Producer

CELL_IN_NODE_ID = re.compile(r"\[(?:[a-z-]+@)?(?P<cell>[^\]]+)\]$")
"""`[win11-24h2/fresh]`, or `[repair@win11-24h2/repair]` for a check that is asked again after a later step."""

LASTS_S = {Phase.FUNCTIONS: 10.0, Phase.CHECK_IN: 6.0, Phase.REBOOT: 6.0, Phase.REBOOT_CLEAN: 6.0}
"""About how long a step takes the reference agent on an idle Wine machine; any other takes `OTHERS_S`."""
OTHERS_S = 3.0


def lasts_s(cell: Cell) -> float:
    """About how long the cell takes, compared with others. Pure."""
    return sum(
        LASTS_S.get(step.action, OTHERS_S) * (cell.reboots if step.action is Phase.REBOOT else 1)
        + step.rest_s
        + step.use_s
        for step in cell.steps
    )


def longest_first(cells: Iterable[Cell]) -> list[Cell]:
    """The cells in an order that leaves no long one for the end, when the others have nothing left to do. Pure."""
    return sorted(cells, key=lasts_s, reverse=True)


def cell_of(node_id: str) -> str:
    """The cell id in a check's node id, or the whole node id for an item that belongs to no cell."""
    found = CELL_IN_NODE_ID.search(node_id)
    return found["cell"] if found else node_id


class CellScheduling(LoadScopeScheduling):
    """Hands out whole cells, in the order in which their checks were collected: see `longest_first`."""

    def __init__(self, config: pytest.Config, log: "Producer | None" = None) -> None:
        config.option.loadscopereorder = (
            False  # the number of its checks says little of how long a cell takes
        )
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        return cell_of(nodeid)

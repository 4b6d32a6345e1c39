"""xdist scheduling: a cell is one unit of work, so its machine is made once and its phases stay in order."""

import re
from typing import TYPE_CHECKING

import pytest
from xdist.scheduler import LoadScopeScheduling

if TYPE_CHECKING:
    from xdist.remote import Producer

CELL_IN_NODE_ID = re.compile(r"\[(?:[a-z-]+@)?(?P<cell>[^\]]+)\]$")
"""`[win11-24h2/fresh]`, or `[repair@win11-24h2/repair]` for a check that is asked again after a later step."""


def cell_of(node_id: str) -> str:
    """The cell id in a check's node id, or the whole node id for an item that belongs to no cell."""
    found = CELL_IN_NODE_ID.search(node_id)
    return found["cell"] if found else node_id


class CellScheduling(LoadScopeScheduling):
    """Hands out whole cells, in the order of the plan."""

    def __init__(self, config: pytest.Config, log: "Producer | None" = None) -> None:
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        return cell_of(nodeid)

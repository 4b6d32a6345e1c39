"""What an item of pytest's is: which check, in which cell."""

import pytest

from harness.cell.check import Check, check_of
from harness.model.plan import Cell
from harness.plugin.worker import WORKER


def check_in(item: pytest.Item) -> Check | None:
    """The check that the item is; None for a test that is none."""
    marker = item.get_closest_marker("bvt_check")
    if marker is not None:
        found: Check = marker.args[0]
        return found
    return check_of(item.function) if isinstance(item, pytest.Function) else None


def cell_in(item: pytest.Item) -> Cell | None:
    """The cell that the item runs in; None for one that was collected without."""
    callspec = getattr(item, "callspec", None)
    worker = item.config.stash.get(WORKER, None)
    if callspec is None or worker is None:
        return None
    named = callspec.params.get("cell")
    return worker.by_id.get(named) if isinstance(named, str) else None

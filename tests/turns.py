"""Tests of one kind that take turns: each day some of them, and all within as many days as they have parts.

`@pytest.mark.in_turn("kind", days=3)`: a third of the tests of that kind a day. `emulated=True`: only where they need a
virtual machine; with `--lab` all of these run. One that is asked for by its name has no others to take turns with, and
runs. The day is that of the known-bad candidates (`integration/known_bad/rotation.py`): `BVT_KNOWN_BAD=1/1` runs all.
"""

from collections.abc import Sequence
from typing import TypeVar

import pytest

from tests.integration.known_bad.rotation import choose, chosen, coarser

IN_TURN = "in_turn"
VIRTUAL_MACHINE = "libvirt"
"""The mark of tests that need one."""
T = TypeVar("T")


def todays(names: Sequence[T], days: int, part: str = "") -> tuple[T, ...]:
    """Those of one kind that run in this part, where all of them take so many days."""
    return chosen(names, coarser(part or choose(), max(1, min(days, len(names)))))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out those whose turn is another day's."""
    kinds: dict[tuple[str, int], list[pytest.Item]] = {}
    for item in items:
        mark = item.get_closest_marker(IN_TURN)
        if mark is None:
            continue
        virtual = item.get_closest_marker(VIRTUAL_MACHINE) is not None
        if (virtual and config.getoption("--lab")) or (mark.kwargs.get("emulated") and not virtual):
            continue
        kinds.setdefault((mark.args[0], mark.kwargs["days"]), []).append(item)
    left_out = {
        item
        for (_, days), some in kinds.items()
        for item in some
        if item.nodeid not in todays([each.nodeid for each in some], days)
    }
    config.hook.pytest_deselected(items=list(left_out))
    items[:] = [item for item in items if item not in left_out]

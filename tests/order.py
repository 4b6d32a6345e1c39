"""How `./dev test` spreads the tests over its processes, and what it begins with.

A group of tests shares its fixtures, so it stays in one process. Groups are handed out one after the other, those that
take longest first: a long one that begins last leaves the other processors idle.
"""

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

VIRTUAL_MACHINES = "virtual machines"
"""All of them share one process: the host has room for few."""
POOL_LAB = "tests/e2e/test_pool_lab.py"
VIRTUAL = ("tests/integration/lab", "tests/integration/libvirt")
"""Folders whose tests boot virtual machines."""
LONGEST = (
    VIRTUAL_MACHINES,
    "tests/integration/known_bad",
    "tests/e2e/test_the_tour.py",
    "tests/integration/promotion",
    "tests/integration/unusual_good",
    "tests/e2e/test_failures_of_the_lab.py",
)
"""Groups that take minutes, in their order; the others follow: tests on machines before those without any. Groups that
run several cells at once (known_bad, unusual_good, failures of the lab) do not begin together."""
AHEAD = 1
"""Tests that a process still has when it is given its next group. With none it would wait; with more, short tests would
wait behind a long one while other processes have nothing to do."""


def group_of(nodeid: str) -> str:
    """A folder of integration tests, any other file, or all virtual machines."""
    path, _, name = nodeid.partition("::")
    folder = path.rpartition("/")[0]
    if path == POOL_LAB or folder in VIRTUAL or (folder.endswith("/conformance") and "libvirt" in name):
        return VIRTUAL_MACHINES
    return folder if "/integration/" in path else path


def place_of(group: str, on_machines: bool) -> int:
    """The lower, the earlier it begins."""
    if group in LONGEST:
        return LONGEST.index(group)
    return len(LONGEST) + (0 if on_machines else 1 if "/e2e/" in group else 2)


@pytest.hookimpl(trylast=True)  # nothing is sorted that is left out
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest."""
    groups = {item: group_of(item.nodeid) for item in items}
    on_machines = {groups[item] for item in items if item.get_closest_marker("wine")}
    items.sort(key=lambda item: place_of(groups[item], groups[item] in on_machines))


class Groups(LoadScopeScheduling):
    """Gives each process one group after the other."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)

    def _reschedule(self, node: Any) -> None:
        if self.workqueue and self._pending_of(self.assigned_work[node]) > AHEAD:
            return
        super()._reschedule(node)


@pytest.hookimpl(optionalhook=True)  # there is xdist only where it is not switched off
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Groups:
    """Groups by mark do not work with pytest 9.2 and xdist 3.8."""
    config.option.loadscopereorder = False
    return Groups(config, log)

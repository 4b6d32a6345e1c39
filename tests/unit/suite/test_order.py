"""What takes longest begins first, and no short test waits behind a long one."""

from pathlib import Path
from typing import Any, cast
from unittest.mock import Mock

import pytest

from tests import order

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("nodeid", "group"),
    [
        ("tests/unit/model/test_errors.py::test_it", "tests/unit/model/test_errors.py"),
        ("tests/e2e/test_the_tour.py::test_it", "tests/e2e/test_the_tour.py"),
        ("tests/e2e/test_pool_lab.py::test_it", order.VIRTUAL_MACHINES),
        ("tests/integration/wine/test_berths.py::test_it[a::b]", "tests/integration/wine"),
        ("tests/integration/libvirt/test_lab_life.py::test_it", order.VIRTUAL_MACHINES),
        ("tests/integration/lab/test_faults_of_hosts.py::test_it", order.VIRTUAL_MACHINES),
        (
            "tests/integration/conformance/test_provider_conformance.py::test_it[libvirt]",
            order.VIRTUAL_MACHINES,
        ),
        (
            "tests/integration/conformance/test_provider_conformance.py::test_it[wine]",
            "tests/integration/conformance",
        ),
    ],
)
def test_a_group_shares_its_fixtures(nodeid: str, group: str) -> None:
    assert order.group_of(nodeid) == group


def test_the_longest_groups_and_the_places_of_virtual_machines_are_there() -> None:
    for name in (*order.LONGEST, *order.VIRTUAL, order.POOL_LAB):
        assert name == order.VIRTUAL_MACHINES or (ROOT / name).exists(), name


def test_the_longest_groups_come_first_and_those_without_machines_last() -> None:
    groups = {
        "tests/unit/model/test_errors.py": False,
        "tests/e2e/test_how_commands_end.py": False,
        "tests/integration/wine": True,
        order.LONGEST[1]: True,
        order.VIRTUAL_MACHINES: False,
    }
    ordered = sorted(groups, key=lambda group: order.place_of(group, groups[group]))
    assert ordered == list(reversed(groups))


class Process:
    """A process of xdist, as its controller sees it."""

    def __init__(self) -> None:
        self.given: list[int] = []
        self.shutting_down = False
        self.gateway = Mock()

    def send_runtest_some(self, indices: list[int]) -> None:
        self.given += indices

    def shutdown(self) -> None:
        self.shutting_down = True


def test_a_process_gets_its_next_group_when_it_has_one_test_left() -> None:
    """Its worker begins a test once it knows the one after it, or that there is none."""
    tests = [f"tests/unit/test_{name}.py::test_{number}" for name in "abc" for number in range(3)]
    config: Any = Mock()
    config.getvalue.return_value = ["popen", "popen"]
    config.option.loadscopereorder = False
    scheduler = order.Groups(config, None)
    first, second = Process(), Process()
    for process in (first, second):
        scheduler.add_node(cast(Any, process))
        scheduler.add_node_collection(cast(Any, process), tests)
    scheduler.schedule()
    assert (first.given, second.given) == ([0, 1, 2], [3, 4, 5])
    scheduler.mark_test_complete(cast(Any, first), 0)
    assert first.given == [0, 1, 2]  # it runs one, and holds one
    scheduler.mark_test_complete(cast(Any, second), 3)
    scheduler.mark_test_complete(cast(Any, second), 4)
    assert second.given == [3, 4, 5, 6, 7, 8]
    scheduler.mark_test_complete(cast(Any, first), 1)
    assert first.shutting_down  # nothing is left: its last test may run
    assert not second.shutting_down

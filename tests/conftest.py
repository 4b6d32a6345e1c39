"""Settings that every test of the project shares, and how `./dev test` spreads them over its processes."""

from typing import Any

import hypothesis
import pytest
from xdist.scheduler import LoadScopeScheduling

VIRTUAL = ("lab", "libvirt")
"""Folders of integration tests that boot virtual machines."""

# A busy machine is no reason to fail a property: how long an example takes is not what these tests are about.
hypothesis.settings.register_profile("project", deadline=None)
hypothesis.settings.load_profile("project")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Booting emulated machines takes longer than all other tests together, so it is asked for."""
    parser.addoption("--lab", action="store_true", help="also run the tests on virtual machines of pool lab")


def pytest_report_header(config: pytest.Config) -> str:
    """Say what is left out."""
    return (
        "pool lab: tested"
        if config.getoption("--lab")
        else "pool lab: left out; ./dev test --lab runs it too"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is not asked for. What takes longest begins first, so that no process is left with it at the end."""
    if not config.getoption("--lab"):
        left_out = [item for item in items if _boots_guests(item)]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not _boots_guests(item)]
    items.sort(key=_haste)


class SharedFixtures(LoadScopeScheduling):
    """A file, or a folder of integration tests, stays in one process for its fixtures. All virtual machines share one."""

    def _split_scope(self, nodeid: str) -> str:
        path, _, name = nodeid.partition("::")
        folder, _, _ = path.rpartition("/")
        if "/integration/" not in path:
            return path
        virtual = folder.rpartition("/")[2] in VIRTUAL or ("conformance" in folder and "libvirt" in name)
        return "virtual machines" if virtual else folder


@pytest.hookimpl(optionalhook=True)  # there is xdist only where it is not switched off
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> SharedFixtures:
    """How the tests are spread over `-n` processes. Groups by mark do not work with pytest 9.2 and xdist 3.8."""
    config.option.loadscopereorder = False
    return SharedFixtures(config, log)


def _boots_guests(item: pytest.Item) -> bool:
    """Whether a test boots `wine-guest`: the folders of pool lab, and the conformance suite on libvirt."""
    if item.get_closest_marker("libvirt") is None or "integration" not in item.path.parts:
        return False
    return any(part in (*VIRTUAL, "conformance") for part in item.path.parts)


def _haste(item: pytest.Item) -> int:
    if item.get_closest_marker("libvirt"):
        return 0
    if "e2e" in item.path.parts or "known_bad" in item.path.parts:
        return 1
    return 2 if item.get_closest_marker("wine") else 3

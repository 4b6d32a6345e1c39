"""Settings that every test of the project shares, and how `./dev test` spreads them over its processes."""

from typing import Any

import hypothesis
import pytest
from xdist.scheduler import LoadScopeScheduling

from tests.integration.known_bad import rotation

pytest_plugins = ["tests.deadlines"]

FAULTS = "/integration/lab/"
THIRD_PARTY = "/third_party/"
"""Folders of tests that fetch agents and clients which others built."""
POOL_LAB = "test_pool_lab.py"
VIRTUAL = ("/lab", "/libvirt")
"""Folders of integration tests that boot virtual machines."""

WHOLE_RUNS = {"known_bad", "unusual_good"}
"""Folders with a run of `bvt` for each of a score of candidates, all in one process."""

# A busy machine is no reason to fail a property: how long an example takes is not what these tests are about. Nor is
# the day: the same sources are tried with the same examples, so that what passed passes again.
hypothesis.settings.register_profile("project", deadline=None, derandomize=True)
hypothesis.settings.load_profile("project")


def pytest_addoption(parser: pytest.Parser) -> None:
    """What takes many minutes, or fetches many megabytes, is asked for."""
    parser.addoption("--lab", action="store_true", help="also inject faults into whole runs of pool lab")
    parser.addoption(
        "--third-party", action="store_true", help="also fetch agents that others built, and run them"
    )
    parser.addoption(
        "--winrm",
        choices=("windows", "plain"),
        default="windows",
        help="the guest tests' WinRM server: as strict as Windows (default), or as machines have it",
    )


def pytest_configure() -> None:
    """Choose the known-bad candidates of this run before its processes start."""
    rotation.choose()


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say what is left out."""
    return [
        f"known-bad candidates: part {rotation.choose()} ({rotation.PART}); ./dev power runs all",
        "pool lab: tested, with faults in whole runs"
        if config.getoption("--lab")
        else "pool lab: tested; ./dev test --lab injects faults into whole runs too",
        "agents that others built: tested"
        if config.getoption("--third-party")
        else "agents that others built: not tested; ./dev test --third-party fetches and runs them",
    ]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is not asked for, and begin with what takes longest, so that no process is left with it."""
    for option, folder in (("--lab", FAULTS), ("--third-party", THIRD_PARTY)):
        if not config.getoption(option):
            left_out = [item for item in items if folder in item.path.as_posix()]
            config.hook.pytest_deselected(items=left_out)
            items[:] = [item for item in items if folder not in item.path.as_posix()]
    items.sort(key=_haste)


class SharedFixtures(LoadScopeScheduling):
    """A file, or a folder of integration tests, stays in one process. All virtual machines share one."""

    def _split_scope(self, nodeid: str) -> str:
        path, _, name = nodeid.partition("::")
        folder, _, file = path.rpartition("/")
        if file == POOL_LAB or folder.endswith(VIRTUAL) or ("conformance" in folder and "libvirt" in name):
            return "virtual machines"
        return folder if "/integration/" in path else path


@pytest.hookimpl(optionalhook=True)  # there is xdist only where it is not switched off
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> SharedFixtures:
    """How the tests are spread over `-n` processes. Groups by mark do not work with pytest 9.2 and xdist 3.8."""
    config.option.loadscopereorder = False
    return SharedFixtures(config, log)


def _haste(item: pytest.Item) -> int:
    """Groups in the order of their length, the longest first: what is left at the end is short."""
    if item.get_closest_marker("libvirt"):
        return 0
    if WHOLE_RUNS.intersection(item.path.parts):
        return 1
    if "e2e" in item.path.parts:
        return 2
    return 3 if item.get_closest_marker("wine") else 4

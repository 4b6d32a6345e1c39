"""Settings that every test of the project shares."""

import hypothesis
import pytest

from tests.integration.known_bad import rotation

pytest_plugins = ["tests.deadlines", "tests.garbage", "tests.turns", "tests.order"]

FAULTS = "/integration/lab/"
THIRD_PARTY = "/third_party/"
"""Folders of tests that fetch agents and clients which others built."""
SLOW_WHEN_EMULATED = "slow_when_emulated"
VIRTUAL = "[libvirt"

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
        f"what takes turns: part {rotation.choose()} ({rotation.PART}), of unusual good candidates part "
        f"{rotation.choose_good()}; ./dev power runs all candidates",
        "pool lab: the whole way, with faults in whole runs"
        if config.getoption("--lab")
        else "pool lab: a part of the way; ./dev test --lab goes the whole, and injects faults into whole runs",
        "agents that others built: tested"
        if config.getoption("--third-party")
        else "agents that others built: not tested; ./dev test --third-party fetches and runs them",
    ]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is not asked for."""
    for option, folder in (("--lab", FAULTS), ("--third-party", THIRD_PARTY)):
        if not config.getoption(option):
            left_out = [item for item in items if folder in item.path.as_posix()]
            config.hook.pytest_deselected(items=left_out)
            items[:] = [item for item in items if folder not in item.path.as_posix()]
    if not config.getoption("--lab"):
        left_out = [
            item for item in items if item.get_closest_marker(SLOW_WHEN_EMULATED) and VIRTUAL in item.name
        ]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]

"""Settings that every test of the project shares, and how `./dev test` spreads them over its processes."""

import hypothesis
import pytest

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


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A file, or a folder of integration tests, stays in one process for its fixtures. All virtual machines share one.

    What takes longest begins first, so that no process is left with it at the end.
    """
    if not config.getoption("--lab"):
        left_out = [item for item in items if _boots_guests(item)]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not _boots_guests(item)]
    for item in items:
        virtual = item.get_closest_marker("libvirt") is not None
        shared = item.path.parent if "integration" in item.path.parts else item.path
        item.add_marker(pytest.mark.xdist_group("virtual machines" if virtual else str(shared)))
    items.sort(key=_haste)


def _boots_guests(item: pytest.Item) -> bool:
    """Whether a test boots `wine-guest`: the folders of pool lab, and the conformance suite on libvirt."""
    if item.get_closest_marker("libvirt") is None or "integration" not in item.path.parts:
        return False
    return any(part in ("lab", "libvirt", "conformance") for part in item.path.parts)


def _haste(item: pytest.Item) -> int:
    if item.get_closest_marker("libvirt"):
        return 0
    if "e2e" in item.path.parts or "known_bad" in item.path.parts:
        return 1
    return 2 if item.get_closest_marker("wine") else 3

"""Settings that every test of the project shares, and how `./dev test` spreads them over its processes."""

import hypothesis
import pytest

# A busy machine is no reason to fail a property: how long an example takes is not what these tests are about.
hypothesis.settings.register_profile("project", deadline=None)
hypothesis.settings.load_profile("project")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A file, or a folder of integration tests, stays in one process for its fixtures. All virtual machines share one.

    What takes longest begins first, so that no process is left with it at the end.
    """
    for item in items:
        virtual = item.get_closest_marker("libvirt") is not None
        shared = item.path.parent if "integration" in item.path.parts else item.path
        item.add_marker(pytest.mark.xdist_group("virtual machines" if virtual else str(shared)))
    items.sort(key=_haste)


def _haste(item: pytest.Item) -> int:
    if item.get_closest_marker("libvirt"):
        return 0
    if "e2e" in item.path.parts or "known_bad" in item.path.parts:
        return 1
    return 2 if item.get_closest_marker("wine") else 3

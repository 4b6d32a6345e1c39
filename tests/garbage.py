"""When garbage is looked for: never while tests are collected, and not among what was collected.

7 000 tests and all that their modules hold live to the end. To look through them was a sixth of the collection, in each
process, and part of every full look after it.
"""

from collections.abc import Iterator

import pytest

from harness.plugin.lasting import lasting


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Collect without a look, then count what is there as what stays."""
    with lasting():
        return (yield)

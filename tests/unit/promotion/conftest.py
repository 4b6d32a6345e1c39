import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.unit.promotion.world import World


@contextmanager
def a_folder() -> Iterator[Path]:
    """In memory where there is such a place: a killed process loses no page of either, and syncing a disk takes long."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(
        prefix="bvt-", dir=memory if os.access(memory, os.W_OK) else None
    ) as path:
        yield Path(path)


@pytest.fixture
def folder() -> Iterator[Path]:
    with a_folder() as path:
        yield path


@pytest.fixture
def world(folder: Path) -> World:
    return World(folder)

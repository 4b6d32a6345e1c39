"""A service of one's own, and a client of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.winrmd.config import ServerConfig
from tests.unit.winrmd.client import Client


@pytest.fixture
def config(tmp_path: Path) -> ServerConfig:
    return ServerConfig(
        users={"bvt": "x"},
        launcher=("/bin/sh", "-c", 'eval "${0#cmd.exe /c }"', "{command}"),
        result_dir=str(tmp_path),
        machine_name="here",
    )


@pytest.fixture
def client(config: ServerConfig) -> Iterator[Client]:
    made = Client(config)
    yield made
    made.shells.close_all()

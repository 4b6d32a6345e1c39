"""A daemon and a store of the images' tests' own."""

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from harness.machines.libvirt.host.daemon import PrivateDaemon
from harness.machines.libvirt.host.host import Host
from harness.state import StateDirectory

URI = "private:imagetests"


@pytest.fixture(scope="session")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StateDirectory]:
    state = StateDirectory(tmp_path_factory.mktemp("images-home"))
    yield state
    supervisor = PrivateDaemon.named(URI, state).supervisor()
    if supervisor is not None:
        supervisor.terminate()
        psutil.wait_procs([supervisor], timeout=120)


@pytest.fixture(scope="session")
def host(state: StateDirectory) -> Iterator[Host]:
    host = Host(URI, state)
    yield host
    host.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path

"""Real Wine machines. The template lives in the user's state directory, so that it is built once, not once per run."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.machines.registry import load_provider
from harness.machines.wine.machine import WineMachine
from harness.machines.wine.provider import WineProvider
from harness.model.deadline import Deadline
from harness.model.machine import HostPort, MachineSpec
from harness.model.matrix import Pool
from harness.model.substrate import Substrate
from harness.model.windows import WindowsVersion
from harness.probe.build import probe_exe
from harness.state import StateDirectory
from tests.integration.wine.client import Client

MATRIX = yaml.safe_load((Path(__file__).parents[3] / "matrix.yaml").read_text())
VERSIONS = {
    name: WindowsVersion(**{key: value for key, value in image.items() if key != "legacy"})
    for name, image in MATRIX["images"].items()
}
MakeMachine = Callable[..., WineMachine]


@pytest.fixture(scope="session")
def state() -> StateDirectory:
    return StateDirectory.default()


def wine_provider(state: StateDirectory, **options: Any) -> WineProvider:
    provider = load_provider(Pool(provider="wine", substrates=(Substrate.WINE,), options=options), state)
    assert isinstance(provider, WineProvider)
    provider.prepare("wine", print)
    return provider


@pytest.fixture(scope="session")
def provider(state: StateDirectory) -> WineProvider:
    return wine_provider(state)


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory, state: StateDirectory) -> Path:
    directory = tmp_path_factory.mktemp("media")
    shutil.copy(probe_exe(state), directory / "bvt-probe.exe")
    (directory / "hello.txt").write_text("hello from the host")
    return directory


@pytest.fixture(scope="session")
def make_session_machine(provider: WineProvider, media: Path) -> Iterator[MakeMachine]:
    made: list[WineMachine] = []

    def make(
        version: str = "win11-24h2",
        backend: HostPort | None = None,
        by: WineProvider | None = None,
        within_s: float = 240,
    ) -> WineMachine:
        spec = MachineSpec(
            run_id="test",
            cell_id=f"{version}/test",
            image="wine",
            windows=VERSIONS[version],
            media=media,
            backend=backend,
        )
        machine = (by or provider).create(spec, Deadline.after(within_s))
        assert isinstance(machine, WineMachine)
        made.append(machine)
        return machine

    yield make
    for machine in made:
        machine.destroy()


@pytest.fixture
def make_machine(make_session_machine: MakeMachine) -> Iterator[MakeMachine]:
    made: list[WineMachine] = []

    def make(*args: Any, **keywords: Any) -> WineMachine:
        made.append(make_session_machine(*args, **keywords))
        return made[-1]

    yield make
    for machine in made:
        machine.destroy()


@pytest.fixture(scope="session")
def shared(make_session_machine: MakeMachine) -> WineMachine:
    """A machine for tests that only look."""
    return make_session_machine()


@pytest.fixture(scope="session")
def client(shared: WineMachine) -> Client:
    return Client(shared.winrm)

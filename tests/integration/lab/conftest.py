"""The candidate, and labs of the tests' own on top of the user's images and templates."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from examples.reference_agent.build import build
from harness.machines.libvirt.provider import LibvirtProvider
from harness.model.matrix import HostLimits, Pool
from harness.model.substrate import Substrate
from harness.state import StateDirectory
from tests.integration.lab.rig import Rig

MakeRig = Callable[[str], Rig]


@pytest.fixture(scope="session")
def candidate() -> Path:
    return build("1.0.0")


@pytest.fixture(scope="session")
def shared() -> StateDirectory:
    """The user's state directory, with image and template in it."""
    state = StateDirectory.default()
    pool = Pool(
        provider="libvirt",
        base_image="wine-guest",
        substrates=(Substrate.KVM, Substrate.TCG),
        hosts=(HostLimits(uri="private:lab"),),
    )
    provider = LibvirtProvider(pool, state)
    provider.prepare("wine-guest", print)
    provider.close()
    return state


@pytest.fixture(scope="module")
def make_rig(tmp_path_factory: pytest.TempPathFactory, shared: StateDirectory) -> Iterator[MakeRig]:
    root = tmp_path_factory.mktemp("lab")
    with ExitStack() as made:

        def make(name: str) -> Rig:
            rig = Rig(root / name, shared)
            made.callback(rig.end)
            return rig

        yield make

"""Real virtual machines: image and template are cached in the user's state directory, the rest is not."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import winrm

from harness.machines.libvirt.machine import LibvirtMachine
from harness.machines.libvirt.provider import LibvirtProvider
from harness.model.deadline import Deadline
from harness.model.machine import HostPort, MachineSpec
from harness.model.matrix import HostLimits, Pool
from harness.model.substrate import Substrate
from harness.model.windows import WindowsVersion
from harness.state import StateDirectory

START_DEADLINE_S = 240.0
WIN11 = WindowsVersion(product_name="Windows 11 Pro", major=10, minor=0, build=26100, display_version="24H2")

MakePool = Callable[..., Pool]
MakeSpec = Callable[..., MachineSpec]
Create = Callable[..., LibvirtMachine]
Run = Callable[[LibvirtMachine, str], str]


@pytest.fixture(scope="session")
def make_pool() -> MakePool:
    def make(*uris: str, limits: dict[str, int] | None = None, **options: Any) -> Pool:
        return Pool(
            provider="libvirt",
            base_image="wine-guest",
            substrates=(Substrate.KVM, Substrate.TCG),
            hosts=tuple(HostLimits.model_validate({"uri": uri} | (limits or {})) for uri in uris),
            options=options,
        )

    return make


@pytest.fixture
def run() -> Run:
    """Over WinRM, by pywinrm: code that is not ours."""

    def over_winrm(machine: LibvirtMachine, command: str) -> str:
        access = machine.winrm
        session = winrm.Session(
            access.url,
            auth=(access.username, access.password.get_secret_value()),
            transport="ntlm",
            ca_trust_path=str(access.ca_pem),
            server_cert_validation="validate",
            read_timeout_sec=150,
            operation_timeout_sec=120,
        )
        done = session.run_cmd(command)
        assert done.status_code == 0, done.std_err
        return str(done.std_out.decode(errors="replace"))

    return over_winrm


@pytest.fixture
def in_guest() -> Run:
    """By the second channel."""

    def by_agent(machine: LibvirtMachine, script: str) -> str:
        return machine.run("/bin/sh", "-c", script, deadline=Deadline.after(60)).output

    return by_agent


@pytest.fixture(scope="session")
def state() -> StateDirectory:
    return StateDirectory.default()


@pytest.fixture(scope="session")
def lab(state: StateDirectory, make_pool: MakePool) -> Iterator[LibvirtProvider]:
    provider = LibvirtProvider(make_pool("private:lab"), state)
    provider.prepare("wine-guest", lambda _: None)
    yield provider
    provider.close()


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("media")
    (directory / "config").mkdir()
    (directory / "config" / "A long name with spaces.txt").write_text("from the host\n")
    return directory


@pytest.fixture
def make_spec(media: Path) -> MakeSpec:
    def make(
        windows: WindowsVersion = WIN11, backend: HostPort | None = None, cell: str = "win11-24h2/fresh"
    ) -> MachineSpec:
        return MachineSpec(
            run_id="tests",
            cell_id=cell,
            image="wine-guest",
            windows=windows,
            media=media,
            backend=backend,
        )

    return make


@pytest.fixture
def create(make_spec: MakeSpec) -> Iterator[Create]:
    """Machines of any provider, destroyed after the test whatever it did to them."""
    made: list[LibvirtMachine] = []

    def make(provider: LibvirtProvider, spec: MachineSpec | None = None) -> LibvirtMachine:
        machine = provider.create(spec or make_spec(), Deadline.after(START_DEADLINE_S))
        assert isinstance(machine, LibvirtMachine)
        made.append(machine)
        return machine

    yield make
    for machine in made:
        machine.destroy()

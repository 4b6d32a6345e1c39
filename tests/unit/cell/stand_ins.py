"""A cell on machines of no substance: what a test says happens to them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from pydantic import SecretStr

from harness.backend.interface import Backend, Enrolment
from harness.cell.check import Check
from harness.cell.session import CellSession
from harness.files import sha256_of
from harness.guest.facts import BootIdentity
from harness.guest.msi.exit_codes import msi_exit
from harness.guest.msi.result import MsiResult
from harness.guest.service_processes import ServiceProcesses
from harness.machines.provider import ImageInfo, MachineProvider
from harness.model.machine import HostPort, MachineCondition, MachineSpec, MachineState, WinRMAccess
from harness.model.matrix import Pool
from harness.model.profile import AgentProfile
from harness.model.report import Evidence, Phase
from harness.model.substrate import GuestSystem, Substrate
from harness.probe.answers.system import Environment
from harness.residue.surroundings import Surroundings
from harness.rundir.directory import RunDirectory
from harness.rundir.settings import KeepPolicy, RunSettings
from tests.unit.gate.samples import CANDIDATE, a_cell

ROOT = Path(__file__).parents[3]
PROFILE = AgentProfile.model_validate(yaml.safe_load((ROOT / "agents" / "reference.yaml").read_text()))

IMAGE = ImageInfo(name="wine", digest="sha256:" + "c" * 64, guest_system=GuestSystem.WINE)
SURROUNDINGS = Surroundings(Environment(process={}, machine={}, user={}), {})
NODE_KEY = "node-key-of-the-agent"
BACKEND = HostPort(host="10.0.0.2", port=8443)
ACCESS = WinRMAccess(host="127.0.0.1", port=1, username="u", password=SecretStr("secret-pw"))


INSTALLED = Check(
    id="install.exit_code",
    title="The installer succeeds",
    phase=Phase.INSTALL,
    needs=frozenset(),
    features=frozenset(),
    essential=True,
    module="test_install",
    line=1,
)


@dataclass
class StandInMachine:
    """Ends, is kept and is looked at as the test says."""

    machine_id: str
    boots: int = 1
    ended: bool = False
    substrate: Substrate = Substrate.WINE
    guest_system: GuestSystem = GuestSystem.WINE
    image: ImageInfo = IMAGE
    media_root: str = "D:\\"
    backend_address: HostPort = BACKEND
    winrm: WinRMAccess = ACCESS

    def condition(self) -> MachineCondition:
        return MachineCondition(state=MachineState.RUNNING, boots=self.boots)

    def collect(self, into: Path) -> Sequence[Evidence]:
        path = into / "server.log"
        path.write_text("log")
        return [Evidence(path=path.name, sha256=sha256_of(path), size=3, what="what its server said")]

    def keep(self) -> None:
        """Nothing: it has no process that could outlive the run."""

    def destroy(self) -> None:
        self.ended = True


@dataclass
class StandInMsi:
    """An installer that ends with `code`."""

    guest: "StandInGuest"
    code: int = 0

    def install(self, *_: object) -> MsiResult:
        self.guest.did.append("install")
        return MsiResult("msiexec", self.code, msi_exit(self.code), "C:\\log", "", 0.1)

    def uninstall(self, *_: object) -> MsiResult:
        self.guest.did.append("uninstall")
        return MsiResult("msiexec", 0, msi_exit(0), "C:\\log", "", 0.1)


@dataclass
class Facts:
    """Whether a path is there."""

    path: str
    exists: bool


class Services:
    def __init__(self) -> None:
        self.processes = ServiceProcesses()

    def stop(self, *_: object) -> None: ...
    def start(self, *_: object) -> None: ...


class StandInGuest:
    """One guest; all of them share a boot identity, as clones of one memory template do."""

    guest_s = 0.0

    def __init__(self) -> None:
        self.closed = False
        self.did: list[str] = []
        self.paths: set[str] = set()
        self.msi = StandInMsi(self)
        self.services = Services()
        self.boot_now: Callable[[], BootIdentity] = lambda: BootIdentity("same", datetime.now(UTC))
        self.reboot_now: Callable[[], BootIdentity] = self.boot_now

    def boot(self) -> BootIdentity:
        return self.boot_now()

    def reboot(self, _: object) -> BootIdentity:
        return self.reboot_now()

    def version(self) -> object:
        return None

    def collect(self, _: Sequence[str], into: Path) -> list[Path]:
        into.mkdir(parents=True, exist_ok=True)
        return []

    def run(self, command: Sequence[str], **_: object) -> None:
        self.did.append(" ".join(command))

    def files(self, *paths: str) -> tuple[Facts, ...]:
        return tuple(Facts(path, path in self.paths) for path in paths)

    def write_file(self, path: str, data: bytes) -> None:
        self.did.append(f"write {path}")
        self.paths.add(path)

    def delete(self, path: str) -> bool:
        self.did.append(f"delete {path}")
        return True

    def new_shell(self) -> None: ...

    def close(self) -> None:
        self.closed = True


class StandInBackend:
    """Admits every cell and receives nothing."""

    name = "stand-in"
    features: frozenset[Any] = frozenset()
    address = HostPort(host="127.0.0.1", port=8443)

    def admit(self, cell: str, configuration: Mapping[str, Any] | None) -> Enrolment:
        return Enrolment(secret="enrol-secret", ca_pem="pem", server_cert_sha256="0" * 64)

    def credentials(self, cell: str) -> frozenset[str]:
        return frozenset({NODE_KEY})

    def export(self, cell: str, path: Path) -> None:
        path.write_text("{}\n")


@dataclass
class Lab:
    """Machines in the order in which they are handed out, each with its guest."""

    session: CellSession
    machines: list[StandInMachine] = field(default_factory=list)
    guests: list[StandInGuest] = field(default_factory=list)

    def create(self, spec: MachineSpec, deadline: object) -> StandInMachine:
        self.machines.append(StandInMachine(f"m{len(self.machines) + 1}"))
        return self.machines[-1]

    def greet(self, *_: object, **__: object) -> StandInGuest:
        self.guests.append(StandInGuest())
        return self.guests[-1]


def a_lab(
    place: Path, monkeypatch: pytest.MonkeyPatch, *, profile: AgentProfile = PROFILE, keep: str = "never"
) -> Lab:
    """A cell that has no machine yet."""
    settings = RunSettings(
        run_id="run",
        began=datetime.now(UTC),
        profile=profile,
        pool_name="embedded",
        pool=Pool(provider="wine", substrates=(Substrate.WINE,)),
        selected=(a_cell().id,),
        keep=KeepPolicy(value=keep),
        infra_retries=2,
    )
    lab = Lab(cast("CellSession", None))
    run = RunDirectory(place)
    run.cell(a_cell().id).mkdir(parents=True)
    lab.session = CellSession(
        a_cell(),
        candidate=CANDIDATE,
        plan_digest="0" * 64,
        settings=settings,
        run=run,
        provider=cast("MachineProvider", lab),
        backend=cast("Backend", StandInBackend()),
    )
    monkeypatch.setattr("harness.cell.provision.Guest", lab.greet)
    for module in ("baseline", "timeline"):
        monkeypatch.setattr(f"harness.lifecycle.{module}.look_around", lambda _: SURROUNDINGS)
    monkeypatch.setattr("harness.cell.familiar.QUESTIONS", ())
    return lab

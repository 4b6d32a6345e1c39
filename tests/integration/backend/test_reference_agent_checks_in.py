"""The reference agent, a WinHTTP client on Wine, against the embedded backend: from its MSI to its uninstall."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from examples.reference_agent.build import build
from harness.backend.embedded.backend import EmbeddedBackend
from harness.backend.embedded.pki import make_authority
from harness.backend.interface import Enrolment, FaultKind
from harness.guest.guest import Guest
from harness.guest.transcript import Transcript
from harness.machines.provider import Machine
from harness.machines.wine import make_provider
from harness.model.deadline import Deadline
from harness.model.machine import MachineSpec
from harness.model.matrix import Pool
from harness.model.substrate import Substrate
from harness.model.windows import WindowsVersion
from harness.probe.build import probe_exe
from harness.state import StateDirectory

pytestmark = [pytest.mark.wine, pytest.mark.slow]

CELL = "win11-24h2/fresh"
VERSION = "3.1.4"


@dataclass
class Lab:
    """A machine with the reference agent installed, and the backend that it was given."""

    backend: EmbeddedBackend
    machine: Machine
    enrolment: Enrolment


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    here = tmp_path_factory.mktemp("reference")
    state, media = StateDirectory.default(), here / "media"
    for part, file in (("candidate/agent.msi", build(VERSION)), ("tools/bvt-probe.exe", probe_exe(state))):
        (media / part).parent.mkdir(parents=True)
        shutil.copy(file, media / part)
    pool = Pool(provider="wine", base_image="wine", substrates=(Substrate.WINE,))
    provider = make_provider(pool, state)
    image = provider.prepare("wine", lambda _: None)
    backend = EmbeddedBackend(make_authority(here / "authority"), here / "backend.sqlite")
    enrolment = backend.admit(CELL, {"schedule": {}})
    spec = MachineSpec(
        run_id="backend-test",
        cell_id=CELL,
        image=image.name,
        windows=WindowsVersion(product_name="Windows 11 Pro", major=10, minor=0, build=26100),
        media=media,
        backend=backend.address,
    )
    machine = provider.create(spec, Deadline.after(60))
    secrets = [machine.winrm.password.get_secret_value(), enrolment.secret]
    transcript = Transcript(here / "transcript.jsonl", cell=CELL, machine=machine.machine_id, secrets=secrets)
    guest = Guest(machine.winrm, transcript, media_root=machine.media_root)
    try:
        properties = {
            "BACKEND": str(machine.backend_address),
            "ENROLSECRET": enrolment.secret,
            "SERVERPIN": enrolment.server_cert_sha256,
        }
        package = machine.media_root + r"candidate\agent.msi"
        installed = guest.msi.install(package, properties, Deadline.after(60))
        assert installed.succeeded, installed
        yield Lab(backend, machine, enrolment)
    finally:
        guest.close()
        machine.destroy()
        backend.close()


def test_it_enrols_with_its_version_over_wines_winhttp(lab: Lab) -> None:
    endpoint = lab.backend.wait_enrolled(CELL, Deadline.after(60))
    assert endpoint is not None, lab.backend.refusals(CELL)
    assert endpoint.version == VERSION
    assert endpoint.hostname


def test_it_shows_a_heartbeat(lab: Lab) -> None:
    endpoint = lab.backend.wait_enrolled(CELL, Deadline.after(60))
    assert endpoint is not None
    assert lab.backend.wait_seen(CELL, Deadline.after(30), after=endpoint.last_seen) is not None


def test_it_answers_a_live_query(lab: Lab) -> None:
    rows = lab.backend.ask(CELL, "SELECT name FROM services WHERE name = 'BvtRefAgent'", Deadline.after(30))
    assert rows == [{"name": "BvtRefAgent"}]


def test_it_comes_back_after_errors_and_dropped_connections(lab: Lab) -> None:
    lab.backend.misbehave(CELL, FaultKind.ERROR_500)
    lab.backend.misbehave(CELL, FaultKind.DROP)
    assert lab.backend.wait_recovered(CELL, Deadline.after(60)) is not None


def test_it_enrols_again_when_its_node_key_is_invalid(lab: Lab) -> None:
    before = lab.backend.wait_enrolled(CELL, Deadline.after(30))
    assert before is not None
    lab.backend.misbehave(CELL, FaultKind.NODE_INVALID)
    again = lab.backend.wait_enrolled(CELL, Deadline.after(60), after=before.enrolled_at)
    assert again is not None
    assert again.enrolments == before.enrolments + 1
    assert again.host_identifier == before.host_identifier


def test_it_speaks_the_protocol_without_a_mistake(lab: Lab) -> None:
    assert lab.backend.protocol_errors(CELL) == ()
    assert all(refusal.reason == "node key has ended" for refusal in lab.backend.refusals(CELL))

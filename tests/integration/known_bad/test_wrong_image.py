"""A machine that is not what the plan names is the lab's fault, found before the candidate is touched."""

from collections.abc import Iterator

import pytest

from examples.reference_agent.build import build
from harness.cell.session import CellSession
from harness.checks import test_machine as machine_checks
from harness.checks.test_machine import NoWayToBackend, WrongImage
from harness.guest.guest import Guest
from harness.lifecycle.timeline import Timeline
from harness.machines.provider import Machine
from harness.machines.wine.provider import WineProvider
from harness.model.deadline import Deadline
from harness.model.machine import HostPort, MachineSpec
from harness.model.matrix import Pool
from harness.model.report import Outcome
from harness.model.substrate import Substrate
from harness.model.windows import WindowsVersion
from harness.planning.preparation import prepare_run
from harness.planning.request import RunRequest
from harness.plugin.outcome import classify
from harness.plugin.worker import RunWorker
from harness.state import StateDirectory
from tests.integration.known_bad.profile import SHIPPED
from tests.integration.one_cell import MATRIX

pytestmark = [pytest.mark.wine, pytest.mark.slow]

OTHER = WindowsVersion(product_name="Windows 10 Pro", major=10, minor=0, build=19045)
NOBODY = HostPort(host="127.0.0.1", port=9)  # discard: nothing has served it for decades


class Careless(WineProvider):
    """Hands out a machine of another Windows version, which leads to another backend."""

    def create(self, spec: MachineSpec, deadline: Deadline) -> Machine:
        return super().create(spec.model_copy(update={"windows": OTHER, "backend": NOBODY}), deadline)


@pytest.fixture
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CellSession]:
    place = tmp_path_factory.mktemp("wrong-image")
    matrix = place / "matrix.yaml"
    matrix.write_text(MATRIX.format(form="phases", phases="machine, install"))
    run = prepare_run(
        RunRequest(candidate=build("1.0.0"), profile=str(SHIPPED), matrix=matrix, out=place / "run"),
        lambda _: None,
    )
    worker = RunWorker(run, "test")
    worker._provider = Careless(Pool(provider="wine", substrates=(Substrate.WINE,)), StateDirectory.default())
    (cell,) = worker.cells
    opened = worker.open_cell(cell)
    yield opened
    worker.close_cell(opened)
    worker.close()


def test_another_windows_version_is_no_result_of_the_candidate(session: CellSession) -> None:
    with pytest.raises(
        WrongImage, match=r"says it is 10\.0\.19045 WinNT, the plan needs 10\.0\.26100"
    ) as found:
        machine_checks.test_windows_version(session, Timeline(session))
    assert classify(found.value) is Outcome.INFRA
    assert not session.candidate_touched


def test_a_machine_that_does_not_lead_to_the_backend_is_no_result_of_the_candidate(
    session: CellSession,
) -> None:
    with pytest.raises(
        NoWayToBackend, match=r"takes connections at .*, but not from inside the guest"
    ) as found:
        machine_checks.test_way_to_backend(session)
    assert classify(found.value) is Outcome.INFRA
    assert not session.candidate_touched


def test_a_machine_that_already_has_the_agent_is_no_clean_image(session: CellSession) -> None:
    guest: Guest = session.guest
    guest.run(["sc", "create", "BvtRefAgent", "binPath=", "C:\\Windows\\System32\\cmd.exe"], timeout_s=30)
    with pytest.raises(WrongImage, match="The image is not clean: bvtrefagent is there") as found:
        machine_checks.test_clean(session, Timeline(session))
    assert classify(found.value) is Outcome.INFRA

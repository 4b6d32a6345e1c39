"""What checks ask for: the cell under test, and what is done to its machine."""

from collections.abc import Iterator

import pytest

from harness.cell.session import CellSession
from harness.lifecycle.burst import Burst
from harness.lifecycle.disclosure import Disclosures
from harness.lifecycle.enrolling_elsewhere import EnrollingElsewhere
from harness.lifecycle.health import Health
from harness.lifecycle.lifecycle import Lifecycle
from harness.lifecycle.moving import Moving
from harness.lifecycle.outage import Outage
from harness.lifecycle.reboots import Reboots
from harness.lifecycle.reconfiguration import Reconfiguration
from harness.lifecycle.renewal import Renewal
from harness.lifecycle.restart_in_use import RestartInUse
from harness.lifecycle.soak import Soak
from harness.lifecycle.stimulus import Stimulated
from harness.lifecycle.stranger import Stranger
from harness.lifecycle.timeline import Timeline
from harness.lifecycle.whole_machine import WholeMachine
from harness.model.report import Phase
from harness.plugin.allure_results import attach_evidence
from harness.plugin.items import check_in
from harness.plugin.worker import WORKER


@pytest.fixture(scope="session")
def cell(request: pytest.FixtureRequest) -> Iterator[CellSession]:
    """The cell under test: its machine, guest, backend and profile."""
    worker = request.config.stash[WORKER]
    session = worker.open_cell(worker.by_id[request.param])
    try:
        yield session
    finally:
        attach_evidence(session.directory, worker.close_cell(session))


@pytest.fixture(scope="session")
def lifecycle(cell: CellSession) -> Lifecycle:
    """The steps of the cell's scenario; asking for one performs it."""
    return Lifecycle(cell)


@pytest.fixture
def timeline(lifecycle: Lifecycle, request: pytest.FixtureRequest) -> Timeline:
    """What has been done to the cell's machine up to the check's step; asking for it performs it."""
    described = check_in(request.node)
    return lifecycle.at(described.phase if described is not None else Phase.MACHINE)


@pytest.fixture
def stimulated(lifecycle: Lifecycle) -> Stimulated:
    """The stimuli given to the cell's guest."""
    return lifecycle.stimulated


@pytest.fixture
def reboots(lifecycle: Lifecycle, timeline: Timeline) -> Reboots:
    """The reboots of the cell's machine; asking for a series performs it."""
    return lifecycle.reboots(timeline)


@pytest.fixture
def disclosures(lifecycle: Lifecycle, timeline: Timeline) -> Disclosures:
    """Where the secrets given to the agent lie; asking looks for them."""
    return lifecycle.disclosures(timeline)


@pytest.fixture
def outage(lifecycle: Lifecycle) -> Outage:
    """The outage of the cell's backend; asking for its end makes it happen."""
    return lifecycle.outage


@pytest.fixture
def renewal(lifecycle: Lifecycle) -> Renewal:
    """An enrolment that the backend provokes; asking makes it."""
    return lifecycle.renewal


@pytest.fixture
def enrolling_elsewhere(lifecycle: Lifecycle) -> EnrollingElsewhere:
    """An agent that has to enrol, shown other certificates; asking makes it."""
    return lifecycle.enrolling_elsewhere


@pytest.fixture
def stranger(lifecycle: Lifecycle) -> Stranger:
    """A while in which the backend shows another certificate; asking makes it."""
    return lifecycle.stranger


@pytest.fixture
def reconfiguration(lifecycle: Lifecycle) -> Reconfiguration:
    """A change of configuration while things happen; asking makes it."""
    return lifecycle.reconfiguration


@pytest.fixture
def soak(lifecycle: Lifecycle) -> Soak:
    """The soak of the cell's agent; asking what it showed makes it."""
    return lifecycle.soak


@pytest.fixture
def burst(lifecycle: Lifecycle) -> Burst:
    """Many changes at once; asking gives them."""
    return lifecycle.burst


@pytest.fixture
def restarted(lifecycle: Lifecycle) -> RestartInUse:
    """A restart of the agent's services after use; asking makes it."""
    return lifecycle.restarted


@pytest.fixture
def moving(lifecycle: Lifecycle) -> Moving:
    """What live queries were answered with that are answered otherwise each second."""
    return lifecycle.moving


@pytest.fixture
def whole(lifecycle: Lifecycle, timeline: Timeline) -> WholeMachine:
    """What the candidate made of the whole machine."""
    return lifecycle.whole(timeline)


@pytest.fixture
def health(lifecycle: Lifecycle, timeline: Timeline) -> Health:
    """The agent after use; asking looks at it."""
    return lifecycle.health(timeline)

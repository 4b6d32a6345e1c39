"""An agent that has enrolled with a test's own embedded backend."""

from collections.abc import Iterator

import pytest

from harness.backend.embedded.backend import EmbeddedBackend
from harness.backend.interface import Enrolment
from tests.integration.backend.agent import CELL, Agent


@pytest.fixture
def enrolment(backend: EmbeddedBackend) -> Enrolment:
    return backend.admit(CELL, {"schedule": {}})


@pytest.fixture
def agent(backend: EmbeddedBackend, enrolment: Enrolment) -> Iterator[Agent]:
    agent = Agent(backend, enrolment).enrol()
    yield agent
    agent.client.close()

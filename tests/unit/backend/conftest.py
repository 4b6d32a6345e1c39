"""A backend that answers in this process, and the key of an agent that has enrolled with it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.backend.embedded.admission import as_served
from tests.unit.backend.asgi_agent import CELL, Api, api_in


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with api_in(tmp_path) as api:
        yield api


@pytest.fixture
def key(api: Api) -> str:
    return str(api.enrol(api.admissions.admit(CELL, as_served({"schedule": {}})))["node_key"])

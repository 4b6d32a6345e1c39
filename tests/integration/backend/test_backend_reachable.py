"""An agent's silence is only believed where there was a backend to talk to."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from harness.backend import reachable
from harness.backend.embedded.backend import EmbeddedBackend
from harness.backend.embedded.pki import make_authority
from harness.backend.factory import open_backend
from harness.backend.interface import Backend
from harness.backend.reachable import require_answer
from harness.model.deadline import Deadline
from harness.model.errors import BackendError
from harness.model.machine import HostPort
from tests.integration.backend.staging import TOKEN, Staging, serving

CELL = "win11-24h2/fresh"
EXAMPLE = Path(__file__).parents[3] / "examples" / "backends" / "http.yaml"


def now() -> Deadline:
    return Deadline.after(0)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


@pytest.fixture
def closed() -> Iterator[HostPort]:
    """An address that nobody else can take meanwhile, and where nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield HostPort(host="127.0.0.1", port=bound.getsockname()[1])


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[EmbeddedBackend]:
    backend = EmbeddedBackend(make_authority(tmp_path / "authority"), tmp_path / "backend.sqlite")
    yield backend
    backend.close()


@pytest.fixture
def external(
    tmp_path: Path, embedded: EmbeddedBackend, closed: HostPort, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Backend]:
    """A backend whose operators' side answers, and whose agents' side is down."""
    monkeypatch.setenv("STAGING_TOKEN", TOKEN)
    enrolment = embedded.admit("team", None)
    monkeypatch.setenv("STAGING_ENROL_SECRET", enrolment.secret)
    (tmp_path / "staging-ca.pem").write_text(enrolment.ca_pem)
    with serving(Staging(embedded, "team").application) as port:
        document = yaml.safe_load(EXAMPLE.read_text())
        document |= {"url": f"http://127.0.0.1:{port}/api", "address": closed.model_dump(), "poll_s": 0.02}
        document["live_query"] = {
            "call": {"path": "/nothing"},
            "rows": "rows",
        }  # 404: no answer of the agent's
        file = tmp_path / "http.yaml"
        file.write_text(yaml.safe_dump(document))
        backend = open_backend(file, tmp_path, tmp_path / "unused")
        yield backend
        backend.close()


def test_an_agent_that_never_enrols_is_said_to_be_silent_by_a_server_that_is_there(
    embedded: EmbeddedBackend,
) -> None:
    embedded.admit(CELL, None)
    assert embedded.wait_enrolled(CELL, now()) is None
    assert embedded.ask(CELL, "SELECT 1", now()) is None
    assert not embedded.protocol_errors(CELL)
    assert not embedded.refusals(CELL)


def test_an_endpoint_that_is_down_is_not_the_agents_silence(external: Backend, closed: HostPort) -> None:
    external.admit(CELL, None)
    external.identify(CELL, "HOST-1")
    with pytest.raises(BackendError, match=rf"takes no connection at {closed}.*refused"):
        external.wait_enrolled(CELL, now())
    with pytest.raises(BackendError, match="an agent that is silent proves nothing"):
        external.wait_event(CELL, "processes", {}, now())
    with pytest.raises(BackendError, match="an agent that is silent proves nothing"):
        external.ask(CELL, "SELECT 1", now())


def test_a_server_that_accepts_and_then_says_nothing_is_down(
    listener: socket.socket, embedded: EmbeddedBackend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reachable, "PATIENCE_S", 0.2)
    mute = HostPort(host="127.0.0.1", port=listener.getsockname()[1])
    require_answer("mute", mute)
    with pytest.raises(BackendError, match=r"timed out"):
        require_answer("mute", mute, make_authority(tmp_path / "authority").ca_pem)

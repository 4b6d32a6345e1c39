"""The embedded backend fails on purpose: outages that are counted, another certificate, enrolments and their reasons."""

import socket
import ssl
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from harness.backend.answering import CountsAnswers
from harness.backend.embedded import agents_door
from harness.backend.embedded.backend import EmbeddedBackend
from harness.backend.embedded.pki import make_authority
from harness.backend.interface import Enrolment, FaultKind
from harness.backend.trouble import MOST_ENROLMENTS, Presented, Troubles
from harness.model.deadline import Deadline
from tests.integration.backend.agent import CELL, Agent, pinned_digest

WAIT_S = 30.0


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[EmbeddedBackend]:
    backend = EmbeddedBackend(make_authority(tmp_path / "authority"), tmp_path / "backend.sqlite")
    yield backend
    backend.close()


def test_an_outage_fails_every_request_until_it_ends(
    backend: EmbeddedBackend, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agents_door, "DOWN_S", 0.0)
    assert isinstance(backend, Troubles)
    agent.post("/config")
    backend.begin_outage(CELL)
    for _ in range(4):
        with pytest.raises(httpx.HTTPStatusError):
            agent.post("/config")
    with pytest.raises(httpx.RemoteProtocolError):
        agent.post("/config")
    assert backend.wait_failures(CELL, 5, Deadline.after(WAIT_S))
    assert len(backend.end_outage(CELL)) == 5
    assert backend.wait_recovered(CELL, Deadline.after(0.1)) is None
    agent.post("/config")
    assert backend.wait_recovered(CELL, Deadline.after(WAIT_S)) is not None


def test_an_outage_begins_with_a_backend_that_does_not_answer_at_all(
    backend: EmbeddedBackend, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agents_door, "DOWN_S", WAIT_S)
    backend.begin_outage(CELL)
    for _ in range(4):
        with pytest.raises(httpx.RemoteProtocolError):
            agent.post("/config")
    assert len(backend.end_outage(CELL)) == 4


def test_enrolments_fail_until_the_agent_keeps_the_pace(backend: EmbeddedBackend, agent: Agent) -> None:
    backend.fail_enrolments(CELL, per_s=0.01)
    for _ in range(MOST_ENROLMENTS):
        with pytest.raises((KeyError, httpx.RemoteProtocolError)):
            agent.enrol()
    agent.enrol()
    assert len(backend.failed_enrolments(CELL)) == MOST_ENROLMENTS
    backend.fail_enrolments(CELL, per_s=1000)
    with pytest.raises(KeyError):
        agent.enrol()
    Deadline.after(WAIT_S).pause(0.01)
    agent.enrol()
    assert len(backend.failed_enrolments(CELL)) == 1
    assert len(backend.enrolled(CELL).hosts) == 3  # those that failed are none


def test_an_agent_is_turned_away_until_it_is_let_in(backend: EmbeddedBackend, agent: Agent) -> None:
    agent.post("/config")
    backend.turn_away(CELL)
    assert not backend.wait_turned_away(CELL, Deadline.after(0.05))
    assert not backend.let_in(CELL)  # it did not come, and is not told any more
    assert "node_invalid" not in agent.post("/config")
    backend.turn_away(CELL)
    assert agent.post("/config") == {"node_invalid": True}
    with pytest.raises(KeyError):
        agent.enrol()
    assert backend.wait_turned_away(CELL, Deadline.after(WAIT_S))
    assert backend.let_in(CELL)
    agent.enrol()
    assert backend.enrolled(CELL).unprovoked == 0
    assert not backend.failed_enrolments(CELL)  # those are counted elsewhere


def test_how_long_an_agent_was_silent_is_on_record(
    backend: EmbeddedBackend, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agents_door, "SILENT_S", 0.05)
    agent.post("/config")
    Deadline.after(WAIT_S).pause(0.1)
    agent.post("/config")
    *_, (begin, end), (last, now) = backend.sightings(CELL).silences
    assert end - begin >= 0.1
    assert end == last <= now


def test_queries_that_are_asked_at_once_are_answered_each(backend: EmbeddedBackend, agent: Agent) -> None:
    assert isinstance(backend, CountsAnswers)
    asked = ["SELECT 1", "SELECT 2"]
    with ThreadPoolExecutor(1) as pool:
        rows = pool.submit(backend.ask_together, CELL, asked, Deadline.after(WAIT_S))
        queries: dict[str, str] = {}
        while len(queries) < len(asked):
            queries = agent.post("/distributed/read")["queries"]
        answers = {key: [{"asked": sql}] for key, sql in queries.items()}
        statuses = dict.fromkeys(queries, 0)
        agent.post("/distributed/write", queries=answers, statuses=statuses)
        assert rows.result(WAIT_S) == [[{"asked": sql}] for sql in asked]
    assert backend.ask_together(CELL, asked, Deadline.after(0.1)) is None


def test_an_agent_that_trusts_anybody_is_found(backend: EmbeddedBackend, agent: Agent) -> None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with backend.impostor() as impostor, httpx.Client(verify=context, timeout=WAIT_S) as careless:
        with pytest.raises(httpx.TransportError):
            careless.post(f"https://{backend.address}/config", json={"node_key": agent.key})
        assert impostor.wait(99, Deadline.after(WAIT_S))
        assert impostor.trusted == {Presented.OTHER_AUTHORITY: "POST /config"}


def test_an_agent_that_knows_its_backend_is_not(
    backend: EmbeddedBackend, enrolment: Enrolment, agent: Agent
) -> None:
    agent.post("/config")  # its connection is open, and must not outlive the exchange
    with backend.impostor() as impostor:
        for _ in range(3):  # the first may find its connection cut, and be shown nothing
            with pytest.raises(httpx.TransportError):
                agent.post("/config")
        assert impostor.wait(2, Deadline.after(WAIT_S))
        assert impostor.trusted == {}
        assert pinned_digest(backend, ssl.TLSVersion.TLSv1_2)[0] != enrolment.server_cert_sha256
        assert pinned_digest(backend, ssl.TLSVersion.TLSv1_3)[0] != enrolment.server_cert_sha256
        assert impostor.trusted == {}
    agent.post("/config")
    assert pinned_digest(backend, ssl.TLSVersion.TLSv1_2)[0] == enrolment.server_cert_sha256


class Resumes:
    """A client that trusts anybody, and brings the session of its last whole handshake where it can."""

    def __init__(self, backend: EmbeddedBackend, version: ssl.TLSVersion, *, tickets: bool = True) -> None:
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.check_hostname, self.context.verify_mode = False, ssl.CERT_NONE
        self.context.minimum_version = self.context.maximum_version = version
        if not tickets:
            self.context.options |= ssl.OP_NO_TICKET
        self.address = (backend.address.host, backend.address.port)
        self.session: ssl.SSLSession | None = None

    def asks(self) -> tuple[bool, bool]:
        """Whether it was answered, and whether it resumed a session."""
        with (
            socket.create_connection(self.address, WAIT_S) as raw,
            self.context.wrap_socket(raw, session=self.session) as connection,
        ):
            connection.sendall(b"POST /config HTTP/1.1\r\nHost: b\r\nContent-Length: 2\r\n\r\n{}")
            try:
                answered = bool(connection.recv(4096))
            except OSError:
                answered = False
            resumed, self.session = bool(connection.session_reused), connection.session
            with suppress(OSError):
                connection.unwrap()  # as it should be said goodbye; else the server forgets the session
        return answered, resumed


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_no_ticket_spares_an_agent_the_other_certificate(
    backend: EmbeddedBackend, version: ssl.TLSVersion
) -> None:
    client = Resumes(backend, version)
    assert [client.asks(), client.asks()] == [(True, False), (True, True)]
    with backend.impostor() as impostor:
        assert client.asks() == (False, False)
        assert (impostor.shown, len(impostor.told)) == (1, 1)
    client.session = None
    assert [client.asks(), client.asks()] == [(True, False), (True, True)]  # tickets are given again


def test_a_handshake_that_resumes_a_session_shows_nothing(backend: EmbeddedBackend) -> None:
    """TLS 1.2 knows a session by its number, too; the client that is cut off comes to a whole handshake next."""
    client = Resumes(backend, ssl.TLSVersion.TLSv1_2, tickets=False)
    assert [client.asks(), client.asks()] == [(True, False), (True, True)]
    kept = client.session
    with backend.impostor(in_turns=True) as impostor:
        assert client.asks() == (False, True)
        assert (impostor.shown, impostor.resumed, impostor.told) == (0, 1, ())
        client.session = kept
        assert client.asks() == (False, False)
        assert (impostor.shown, impostor.resumed, len(impostor.told)) == (1, 1, 1)


def test_the_exchange_may_end_while_a_request_is_still_read(backend: EmbeddedBackend) -> None:
    client = Resumes(backend, ssl.TLSVersion.TLSv1_3)
    with socket.create_connection(client.address, WAIT_S) as raw:
        with backend.impostor(in_turns=True) as impostor:
            connection = client.context.wrap_socket(raw)
            connection.sendall(b"POST /log HTTP/1.1\r\nHost: b\r\nContent-Length: 2\r\n\r\n")
            assert impostor.wait(1, Deadline.after(WAIT_S))
            Deadline.after(WAIT_S).pause(0.2)  # its head is read, its body is waited for
        answer = b""
        with connection, suppress(OSError):  # reset, or ended
            connection.sendall(b"{}")
            answer = connection.recv(4096)
        assert not answer
        assert impostor.told == ("POST /log",)


def test_an_agent_that_asks_for_the_authority_alone_is_found(
    backend: EmbeddedBackend, enrolment: Enrolment, agent: Agent
) -> None:
    context = ssl.create_default_context(cadata=enrolment.ca_pem)
    context.check_hostname = False
    key = {"node_key": agent.key}
    with backend.impostor() as impostor:
        for _ in range(4):
            with (
                httpx.Client(verify=context, timeout=WAIT_S) as careless,
                pytest.raises(httpx.TransportError),
            ):
                careless.post(f"https://{backend.address}/config", json=key)
        assert impostor.wait(4, Deadline.after(WAIT_S))
        assert impostor.trusted == {Presented.OTHER_NAME: "POST /config"}
        assert impostor.shown_as == {
            Presented.OTHER_AUTHORITY: 2,
            Presented.OTHER_NAME: 1,
            Presented.EXPIRED: 1,
        }


def test_both_certificates_are_shown_in_turns(
    backend: EmbeddedBackend, enrolment: Enrolment, agent: Agent
) -> None:
    knows, careless = ssl.create_default_context(cadata=enrolment.ca_pem), ssl.create_default_context()
    careless.check_hostname, careless.verify_mode = False, ssl.CERT_NONE

    def asks(context: ssl.SSLContext, path: str) -> bool:
        """By a connection of its own, which is shown one of them."""
        with httpx.Client(verify=context, timeout=WAIT_S) as client:
            try:
                answer = client.post(f"https://{backend.address}{path}", json={"node_key": agent.key})
            except httpx.TransportError:
                return False
        return answer.headers["connection"] == "close"  # so that the next one meets another

    began = time.time()
    with backend.impostor(in_turns=True) as impostor:
        assert [asks(knows, "/config") for _ in range(6)] == [False, False, True, False, True, False]
        assert impostor.wait(4, Deadline.after(WAIT_S))
        assert not list(impostor.told)
        assert [asks(careless, "/config"), asks(careless, "/log")] == [True, False]
        assert [asks(knows, "/config"), asks(careless, "/enroll")] == [True, False]
        assert impostor.wait(6, Deadline.after(WAIT_S))
        assert impostor.told == ("POST /log", "POST /enroll")
        assert set(impostor.shown_as) == {Presented.OTHER_AUTHORITY}
        assert impostor.served == ("POST /config",) * 4
        assert impostor.shown_since(began) == 6
        assert impostor.shown_since(time.time()) == 0
    agent.client.close()
    assert (
        "connection"
        not in httpx.post(
            f"https://{backend.address}/config", json={"node_key": agent.key}, verify=knows
        ).headers
    )


def test_enrolments_without_a_reason_are_counted(
    backend: EmbeddedBackend, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agents_door, "AT_ONCE_S", -1.0)
    agent.post("/config")
    assert backend.enrolled(CELL).unprovoked == 0
    backend.misbehave(CELL, FaultKind.NODE_INVALID)
    assert agent.post("/config") == {"node_invalid": True}
    agent.enrol().post("/config")
    assert backend.enrolled(CELL).unprovoked == 0  # it was told to
    agent.enrol()
    assert backend.enrolled(CELL).unprovoked == 1
    agent.enrol()  # the key before was never shown: an agent that was stopped just then
    assert backend.enrolled(CELL).unprovoked == 1
    assert set(backend.enrolled(CELL).hosts) == {"HOST-1"}
    monkeypatch.setattr(agents_door, "AT_ONCE_S", WAIT_S)
    agent.enrol()  # so soon that nothing can have been stopped and started between
    assert backend.enrolled(CELL).unprovoked == 2


def test_an_agent_that_was_taken_away_has_reason_to_enrol_once_more(
    backend: EmbeddedBackend, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agents_door, "AT_ONCE_S", -1.0)
    agent.post("/config")
    backend.taken_away(CELL)
    agent.enrol().post("/config")
    assert backend.enrolled(CELL).unprovoked == 0
    agent.enrol().post("/config")  # for that nobody took it away
    assert backend.enrolled(CELL).unprovoked == 1
    backend.taken_away(CELL)
    agent.post("/config")  # with the key that it had: it was kept
    agent.enrol()
    assert backend.enrolled(CELL).unprovoked == 2


def test_one_that_never_enrolled_has_no_more_reason_once_it_was_taken_away(
    backend: EmbeddedBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agents_door, "AT_ONCE_S", -1.0)
    other = "win11-24h2/reinstall"
    enrolment = backend.admit(other, {"schedule": {}})
    backend.taken_away(other)
    newcomer = Agent(backend, enrolment).enrol()
    newcomer.post("/config")
    newcomer.enrol()
    assert backend.enrolled(other).unprovoked == 1

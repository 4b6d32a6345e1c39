import json
import multiprocessing
import re
import socket
import ssl
import stat
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from harness.backend.embedded.backend import EmbeddedBackend
from harness.backend.embedded.pki import Authority, load_authority, make_authority
from harness.backend.embedded.server import TlsServer
from harness.backend.embedded.store import Kind
from harness.backend.interface import BackendFeature, Enrolment, FaultKind
from harness.model.deadline import Deadline
from harness.model.errors import BackendError, CandidateError
from tests.integration.backend.agent import CELL, Agent, pinned_digest


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("run") / "authority")


@pytest.fixture(scope="module")
def backend(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedBackend]:
    backend = EmbeddedBackend(authority, tmp_path_factory.mktemp("database") / "backend.sqlite")
    yield backend
    backend.close()


def soon(seconds: float = 30) -> Deadline:
    return Deadline.after(seconds)


def test_the_certificate_is_for_the_guests_address_and_its_keys_are_private(authority: Authority) -> None:
    names = ssl._ssl._test_decode_cert(str(authority.cert_file))["subjectAltName"]  # type: ignore[attr-defined]
    assert {("IP Address", "10.0.2.100"), ("IP Address", "127.0.0.1"), ("DNS", "localhost")} <= set(names)
    assert ("DNS", "backend.bvt.test") in names
    assert stat.S_IMODE(authority.key_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(authority.directory.stat().st_mode) == 0o700
    assert not list(authority.directory.glob("ca*key*"))


def test_one_authority_comes_of_many_processes_that_make_it_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: make_authority(tmp_path / "authority").server_cert_sha256, range(8)))
    assert len(set(made)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["authority"]


def test_an_incomplete_authority_is_named(tmp_path: Path) -> None:
    make_authority(tmp_path / "authority").key_file.unlink()
    with pytest.raises(BackendError, match=r"lacks server\.key"):
        load_authority(tmp_path / "authority")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_the_pinned_certificate_is_shown_under_both_tls_versions(
    backend: EmbeddedBackend, enrolment: Enrolment, version: ssl.TLSVersion
) -> None:
    digest, spoken = pinned_digest(backend, version)
    assert digest == enrolment.server_cert_sha256
    assert spoken == version.name.replace("_", ".")


def test_an_agent_that_trusts_another_authority_does_not_get_through(
    backend: EmbeddedBackend, enrolment: Enrolment, tmp_path: Path
) -> None:
    stranger = make_authority(tmp_path / "other")
    wrong = enrolment.model_copy(update={"ca_pem": stranger.ca_pem})
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        Agent(backend, wrong).enrol()


def test_a_wait_ends_at_the_moment_of_the_enrolment(
    backend: EmbeddedBackend, enrolment: Enrolment, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent, changed, asleep = Agent(backend, enrolment), backend._admissions._changed, threading.Event()
    slept: list[float] = []
    wait = changed.wait

    def noted(timeout: float) -> bool:
        slept.append(timeout)
        asleep.set()
        return wait(timeout)

    def later() -> None:
        asleep.wait(30)
        agent.enrol()

    monkeypatch.setattr(changed, "wait", noted)
    enrolling = threading.Thread(target=later)
    enrolling.start()
    endpoint = backend.wait_enrolled(CELL, soon(3600))  # the test's own time is shorter
    enrolling.join(60)
    assert endpoint is not None
    assert (endpoint.version, endpoint.hostname, endpoint.uuid) == ("1.2.3", "host-1", "4C4C")
    assert min(slept) > 2000  # it was woken: each sleep was meant to last until the deadline


def test_waits_give_none_at_their_deadline(backend: EmbeddedBackend, enrolment: Enrolment) -> None:
    began = time.monotonic()
    assert backend.wait_enrolled(CELL, soon(0.05)) is None
    assert backend.wait_seen(CELL, soon(0.05), after=0) is None
    assert backend.wait_event(CELL, "processes", {}, soon(0.05)) is None
    assert backend.wait_status(CELL, "x", soon(0.05)) is None
    assert backend.ask(CELL, "SELECT 1", soon(0.05)) is None
    assert time.monotonic() - began >= 0.25


def test_exactly_the_event_with_the_nonce_is_found(backend: EmbeddedBackend, agent: Agent) -> None:
    timer = threading.Timer(
        0.1, agent.result, ("processes",), {"path": r"C:\P\probe.exe", "cmdline": "x N-17 y"}
    )
    agent.result("processes", path=r"C:\P\probe.exe", cmdline="x N-16 y")
    timer.start()
    wanted = {"path": r"c:\p\PROBE.exe", "cmdline": "~n-17"}
    event = backend.wait_event(CELL, "processes", wanted, soon())
    timer.join(60)
    assert event is not None
    assert event.columns["cmdline"] == "x N-17 y"
    assert event.host_identifier == "HOST-1"
    assert backend.wait_event(CELL, "processes", wanted, soon(0.01), action="removed") is None
    assert [e.columns["cmdline"] for e in backend.events(CELL, "processes")] == ["x N-16 y", "x N-17 y"]
    assert backend.events(CELL, "services") == ()


def test_a_heartbeat_is_any_authenticated_request(backend: EmbeddedBackend, agent: Agent) -> None:
    enrolled = backend.wait_enrolled(CELL, soon())
    assert enrolled is not None
    assert backend.wait_seen(CELL, soon(0.02), after=enrolled.last_seen) is None
    agent.post("/config")
    seen = backend.wait_seen(CELL, soon(), after=enrolled.last_seen)
    assert seen is not None
    assert seen.enrolled_at == enrolled.enrolled_at


def test_a_status_line_must_come_after_the_configuration(backend: EmbeddedBackend, agent: Agent) -> None:
    agent.status("configuration rejected: bad schedule", severity=2)
    pushed_at = backend.configure(CELL, "{ not json")
    assert backend.wait_status(CELL, "REJECTED", soon(0.05), after=pushed_at) is None
    agent.status("configuration rejected: not JSON", severity=2)
    line = backend.wait_status(CELL, "REJECTED", soon(), after=pushed_at)
    assert line is not None
    assert (line.severity, line.message) == (2, "configuration rejected: not JSON")


def test_a_live_query_gives_rows_or_blames_the_agent(backend: EmbeddedBackend, agent: Agent) -> None:
    with agent:
        assert backend.ask(CELL, "SELECT 1", soon()) == [{"sql": "SELECT 1"}]
        with pytest.raises(CandidateError, match="status 1: no such table"):
            backend.ask(CELL, "fail", soon())


def test_a_dropped_connection_has_no_answer_and_the_next_request_works(
    backend: EmbeddedBackend, agent: Agent
) -> None:
    backend.misbehave(CELL, FaultKind.DROP, times=2)
    for _ in range(2):
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            agent.post("/config")
    assert backend.wait_recovered(CELL, soon(0.02)) is None
    assert agent.post("/config") == {"schedule": {}}
    assert backend.wait_recovered(CELL, soon()) is not None


def test_a_delay_holds_up_nobody_else(backend: EmbeddedBackend, agent: Agent) -> None:
    other = Agent(backend, backend.admit("server-2022/fresh", None)).enrol()
    backend.misbehave(CELL, FaultKind.DELAY, seconds=3)
    delayed = threading.Thread(target=agent.post, args=("/config",))
    delayed.start()
    soon().poll(lambda: bool(backend._admissions.items(CELL, Kind.FAULT)), "the delay")
    other.post("/config")
    assert delayed.is_alive()
    delayed.join(60)


def test_sixteen_agents_at_once_lose_nothing(backend: EmbeddedBackend) -> None:
    cells = [f"image-{number}/fresh" for number in range(16)]

    def live(cell: str) -> str:
        agent = Agent(backend, backend.admit(cell, {"cell": cell}), host=cell).enrol()
        for number in range(10):
            agent.result("q", number=str(number), cell=cell)
            assert agent.post("/config") == {"cell": cell}
        agent.client.close()
        return cell

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(live, cells)) == cells
    for cell in cells:
        events = backend.events(cell, "q")
        assert [event.columns["number"] for event in events] == [str(number) for number in range(10)]
        assert {event.columns["cell"] for event in events} == {cell}
        assert backend.protocol_errors(cell) == ()


def test_it_knows_every_credential_that_it_gave_the_agents_of_a_cell(
    backend: EmbeddedBackend, agent: Agent, enrolment: Enrolment
) -> None:
    earlier = agent.key
    agent.enrol()
    other = Agent(backend, backend.admit("server-2022/fresh", None)).enrol()
    assert backend.credentials(CELL) >= {earlier, agent.key}
    again = Agent(backend, backend.admit(CELL, None)).enrol()
    assert backend.credentials(CELL) >= {earlier, agent.key, enrolment.secret, again.key}
    assert other.key not in backend.credentials(CELL)


def test_evidence_holds_everything_of_the_cell_but_its_secrets(
    backend: EmbeddedBackend, agent: Agent, enrolment: Enrolment, tmp_path: Path
) -> None:
    agent.result("processes", cmdline=f"agent --secret {enrolment.secret} --key {agent.key}")
    again = Agent(backend, backend.admit(CELL, None)).enrol()
    again.status("second life")
    backend.export(CELL, tmp_path / "cell" / "backend.jsonl")
    text = (tmp_path / "cell" / "backend.jsonl").read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    assert [line["kind"] for line in lines[-7:]] == [
        "admission",
        "enrolment",
        "event",
        "admission",
        "enrolment",
        "status",
        "endpoint",
    ]
    assert lines[-5]["columns"]["cmdline"] == "agent --secret *** --key ***"
    assert lines[-1]["requests"] == {"/enroll": 1, "/log": 1}
    for secret in (enrolment.secret, agent.key, again.key):
        assert secret not in text


def test_evidence_that_cannot_be_written_is_an_error(
    backend: EmbeddedBackend, agent: Agent, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BackendError, match="cannot be written"):
        backend.export(CELL, tmp_path / "file" / "backend.jsonl")


def test_garbage_on_the_wire_disturbs_nobody(backend: EmbeddedBackend, agent: Agent) -> None:
    for garbage in (b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x00\x05hello", bytes(300)):
        with socket.create_connection((backend.address.host, backend.address.port), 30) as raw:
            raw.sendall(garbage)
    context = agent.client._transport._pool._ssl_context  # type: ignore[attr-defined]
    with (
        socket.create_connection((backend.address.host, backend.address.port), 30) as raw,
        context.wrap_socket(raw, server_hostname="localhost") as connection,
    ):
        connection.sendall(b"this is not HTTP\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 400")
    assert agent.post("/config") == {"schedule": {}}


def test_all_features_are_offered_at_an_address_on_loopback(backend: EmbeddedBackend) -> None:
    assert backend.features == frozenset(BackendFeature)
    assert backend.name == "embedded"
    assert re.fullmatch(r"127\.0\.0\.1:\d+", str(backend.address))


def test_closing_is_quick_even_with_open_connections_and_may_be_repeated(
    authority: Authority, tmp_path: Path
) -> None:
    backend = EmbeddedBackend(authority, tmp_path / "backend.sqlite")
    agent = Agent(backend, backend.admit(CELL, None)).enrol()
    began = time.monotonic()
    backend.close()
    backend.close()
    assert time.monotonic() - began < 8  # agents' goodbyes are not waited for
    with pytest.raises(httpx.ConnectError):
        Agent(backend, Enrolment(secret="", ca_pem=authority.ca_pem, server_cert_sha256="")).enrol()
    agent.client.close()


def test_a_server_that_is_gone_ends_every_wait(authority: Authority, tmp_path: Path) -> None:
    backend = EmbeddedBackend(authority, tmp_path / "backend.sqlite")
    backend.admit(CELL, None)
    server = backend._server._server
    assert server is not None
    server.limit_max_requests = 0  # it ends by itself, as if it had failed
    with pytest.raises(BackendError, match="is gone"):
        backend.wait_enrolled(CELL, soon())
    backend.close()


def test_an_address_in_use_is_said(authority: Authority, backend: EmbeddedBackend, tmp_path: Path) -> None:
    with pytest.raises(BackendError, match="cannot listen"):
        EmbeddedBackend(authority, tmp_path / "backend.sqlite", bind=str(backend.address))
    with pytest.raises(BackendError, match="cannot listen"):
        TlsServer(authority, "nonsense", lambda _: None)


def test_the_database_is_for_its_owner_alone(authority: Authority, tmp_path: Path) -> None:
    backend = EmbeddedBackend(authority, tmp_path / "backend.sqlite")
    modes = {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.glob("backend.sqlite*")}
    backend.close()
    assert modes == {0o600}


def test_a_database_that_cannot_be_made_is_said(authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BackendError, match="store"):
        EmbeddedBackend(authority, tmp_path / "file" / "backend.sqlite")


def _serve_once(authority_directory: Path, database: Path, done: "multiprocessing.Queue[str]") -> None:
    backend = EmbeddedBackend(load_authority(authority_directory), database)
    backend.admit(CELL, None)
    done.put(str(backend.address))
    backend.close()


def test_each_worker_process_has_a_backend_of_its_own(
    authority: Authority, backend: EmbeddedBackend, tmp_path: Path
) -> None:
    context = multiprocessing.get_context("spawn")
    addresses: multiprocessing.Queue[str] = context.Queue()
    worker = context.Process(target=_serve_once, args=(authority.directory, tmp_path / "a.sqlite", addresses))
    worker.start()
    assert addresses.get(timeout=60) != str(backend.address)
    worker.join(60)
    assert worker.exitcode == 0

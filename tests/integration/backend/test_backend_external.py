"""Both adapters for real, described by the very files in examples/backends."""

import json
import os
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.backend.embedded.backend import EmbeddedBackend
from harness.backend.embedded.pki import make_authority
from harness.backend.external.backend import ExternalBackend
from harness.backend.external.transport import Unavailable
from harness.backend.factory import open_backend
from harness.backend.interface import Backend, BackendFeature, Enrolment, FaultKind
from harness.model.deadline import Deadline
from harness.model.errors import BackendError, CandidateError, ConfigurationError
from tests.integration.backend.agent import Agent
from tests.integration.backend.staging import TOKEN, Staging, serving

CELL, TEAM = "win11-24h2/fresh", "team"
EXAMPLES = Path(__file__).parents[3] / "examples" / "backends"
EXTERNAL = frozenset(BackendFeature) - {BackendFeature.FAULTS}


def soon(seconds: float = 30) -> Deadline:
    return Deadline.after(seconds)


@dataclass
class Lab:
    """A staging backend, the agents' side of it, and the adapter that reads it."""

    staging: Staging
    inner: EmbeddedBackend
    enrolment: Enrolment
    backend: Backend
    file: Path

    def agent(self) -> Agent:
        return Agent(self.inner, self.enrolment).enrol()

    def reopened(self, **changes: Any) -> Backend:
        document = yaml.safe_load(self.file.read_text()) | changes
        other = self.file.with_name("changed.yaml")
        other.write_text(yaml.safe_dump(document))
        backend = open_backend(other, self.file.parent, self.file.parent)
        backend.admit(CELL, None)
        backend.identify(CELL, "HOST-1")
        return backend


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    inner = EmbeddedBackend(make_authority(tmp_path / "authority"), tmp_path / "staging.sqlite")
    enrolment = inner.admit(TEAM, {"schedule": {"old": 1}})
    monkeypatch.setenv("STAGING_TOKEN", TOKEN)
    monkeypatch.setenv("STAGING_ENROL_SECRET", enrolment.secret)
    (tmp_path / "staging-ca.pem").write_text(enrolment.ca_pem)
    staging = Staging(inner, TEAM)
    with serving(staging.application) as port:
        document = yaml.safe_load((EXAMPLES / "http.yaml").read_text())
        document |= {
            "url": f"http://127.0.0.1:{port}/api",
            "address": {"host": inner.address.host, "port": inner.address.port},
            "poll_s": 0.02,
            "request_timeout_s": 20,
            "clock_skew_s": 0,
        }
        file = tmp_path / "http.yaml"
        file.write_text(yaml.safe_dump(document))
        backend = open_backend(file, tmp_path, tmp_path / "unused")
        yield Lab(staging, inner, enrolment, backend, file)
        backend.close()
        inner.close()


@pytest.fixture
def admitted(lab: Lab) -> Lab:
    lab.backend.admit(CELL, {"schedule": {"new": 1}})
    lab.backend.identify(CELL, "HOST-1")
    return lab


def test_http_an_agent_checks_in_and_its_events_are_found(admitted: Lab) -> None:
    backend = admitted.backend
    timer = threading.Timer(0.1, admitted.agent)
    timer.start()
    endpoint = backend.wait_enrolled(CELL, soon())
    timer.join(60)
    assert endpoint is not None
    assert (endpoint.host_identifier, endpoint.version, endpoint.hostname) == ("HOST-1", "1.2.3", "host-1")
    agent = admitted.agent()
    assert agent.post("/config") == {"schedule": {"new": 1}}
    seen = backend.wait_seen(CELL, soon(), after=endpoint.last_seen)
    assert seen is not None
    agent.result("processes", cmdline="x NONCE-1", pid="4")
    event = backend.wait_event(CELL, "processes", {"cmdline": "~nonce-1"}, soon())
    assert event is not None
    assert event.columns == {"cmdline": "x NONCE-1", "pid": "4"}
    assert len(backend.events(CELL)) == len(backend.events(CELL, "processes")) == 1
    agent.status("rejected: bad", severity=2)
    line = backend.wait_status(CELL, "REJECTED", soon())
    assert line is not None
    assert line.severity == 2


def test_http_configuration_is_pushed_as_it_is_even_if_invalid(admitted: Lab) -> None:
    agent = admitted.agent()
    admitted.backend.configure(CELL, {"schedule": {"q": 1}})
    assert agent.post("/config") == {"schedule": {"q": 1}}
    admitted.backend.configure(CELL, "{ not json")
    assert agent.client.post("/config", json={"node_key": agent.key}).text == "{ not json"


def test_http_a_live_query_is_started_and_asked_for_until_done(admitted: Lab) -> None:
    with admitted.agent():
        assert admitted.backend.ask(CELL, "SELECT '1'", soon()) == ({"sql": "SELECT '1'"},)
        with pytest.raises(CandidateError, match="no such table"):
            admitted.backend.ask(CELL, "fail", soon())
    assert admitted.backend.ask(CELL, "SELECT 2", soon(0.1)) is None


def test_http_an_endpoint_of_an_earlier_run_does_not_pass(admitted: Lab) -> None:
    admitted.agent()
    admitted.staging.age_s = 60
    assert admitted.backend.wait_enrolled(CELL, soon(0.1)) is None
    assert admitted.reopened(clock_skew_s=120).wait_enrolled(CELL, soon()) is not None


def test_http_a_passing_failure_is_asked_again(admitted: Lab) -> None:
    admitted.agent()
    admitted.staging.failures = [503, 429, 500]
    assert admitted.backend.wait_enrolled(CELL, soon()) is not None


def test_http_a_backend_that_stays_down_is_the_labs_fault_not_the_agents(admitted: Lab) -> None:
    admitted.staging.failures = [503] * 10_000
    with pytest.raises(BackendError, match="503"):
        admitted.backend.wait_enrolled(CELL, soon(0.1))


def test_http_a_refused_token_is_said_at_once_and_not_shown(
    admitted: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAGING_TOKEN", "wrong-token-77")
    with pytest.raises(BackendError, match="401") as caught:  # the test's own time is shorter than the wait's
        admitted.reopened(configure=None).wait_enrolled(CELL, soon(3600))
    assert "wrong-token-77" not in str(caught.value)
    assert "who is Bearer ***?" in str(caught.value)


def test_http_a_server_that_is_not_there_is_a_backend_error(admitted: Lab) -> None:
    with pytest.raises(BackendError, match=r"GET .* failed"):
        admitted.reopened(url="http://127.0.0.1:9/api").wait_enrolled(CELL, soon(0.05))


def test_http_an_expression_that_does_not_suit_the_answer_is_named(admitted: Lab) -> None:
    admitted.agent()
    endpoint = yaml.safe_load(admitted.file.read_text())["endpoint"]
    endpoint["fields"]["last_seen"] = "computer.name"
    with pytest.raises(BackendError, match=r"endpoint\.fields\.last_seen: 'host-1'"):
        admitted.reopened(endpoint=endpoint).wait_enrolled(CELL, soon(1))
    endpoint["fields"]["last_seen"] = "sum(id)"
    with pytest.raises(BackendError, match=r"does not suit endpoint\.fields\.last_seen"):
        admitted.reopened(endpoint=endpoint).wait_enrolled(CELL, soon(1))


def test_http_a_misplaced_array_is_an_error_and_not_no_events(admitted: Lab) -> None:
    events = yaml.safe_load(admitted.file.read_text())["events"]
    events["items"] = "reslts[]"
    with pytest.raises(BackendError, match=r"no array at events\.items"):
        admitted.reopened(events=events).wait_event(CELL, "processes", {}, soon(1))


def test_http_evidence_is_what_the_backend_says_or_that_it_says_nothing(
    admitted: Lab, tmp_path: Path
) -> None:
    agent = admitted.agent()
    agent.result("processes", cmdline=f"--secret {admitted.enrolment.secret} --token {TOKEN}")
    admitted.backend.export(CELL, tmp_path / "backend.jsonl")
    text = (tmp_path / "backend.jsonl").read_text()
    assert [json.loads(line)["kind"] for line in text.splitlines()] == ["endpoint", "event"]
    assert "--secret *** --token ***" in text
    admitted.staging.failures = [503] * 3
    admitted.backend.export(CELL, tmp_path / "backend.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "backend.jsonl").read_text().splitlines()]
    assert all("503" in line["unavailable"] for line in lines)
    assert len(lines) == 3


def test_http_what_is_not_described_is_not_offered(admitted: Lab) -> None:
    assert admitted.backend.features == EXTERNAL
    endpoint = yaml.safe_load(admitted.file.read_text())["endpoint"]
    del endpoint["fields"]["last_seen"]
    bare = admitted.reopened(endpoint=endpoint, events=None, status=None, configure=None, live_query=None)
    assert bare.features == frozenset()
    for call in (
        lambda: bare.wait_seen(CELL, soon(0), after=0),
        lambda: bare.events(CELL),
        lambda: bare.wait_status(CELL, "", soon(0)),
        lambda: bare.configure(CELL, {}),
        lambda: bare.ask(CELL, "SELECT 1", soon(0)),
    ):
        with pytest.raises(BackendError, match="does not offer this"):
            call()
    with pytest.raises(BackendError, match="misbehave"):
        bare.misbehave(CELL, FaultKind.DROP)
    with pytest.raises(BackendError, match="no faults"):
        bare.wait_recovered(CELL, soon(0))
    assert bare.protocol_errors(CELL) == ()
    assert bare.refusals(CELL) == ()
    admitted.agent()
    assert bare.wait_enrolled(CELL, soon()) is not None


def test_http_a_missing_variable_or_certificate_is_a_configuration_error(
    admitted: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("STAGING_TOKEN", "STAGING_ENROL_SECRET"):
        with monkeypatch.context() as inner:
            inner.delenv(name)
            with pytest.raises(ConfigurationError, match=f"{name} is not set"):
                admitted.reopened()
    (admitted.file.parent / "staging-ca.pem").unlink()
    with pytest.raises(ConfigurationError, match=r"enrolment\.ca_file"):
        admitted.reopened()
    with pytest.raises(ConfigurationError, match="ca_file"):
        admitted.reopened(ca_file="nowhere.pem")


@dataclass
class Program:
    """The example's program over a directory of files."""

    backend: Backend
    directory: Path

    def knows(self, **changes: Any) -> None:
        now = time.time()
        known = {
            "host": {"id": "H", "version": "2.0", "name": "h", "enrolled_at": now, "last_seen": now},
            "events": [
                {"name": "processes", "action": "added", "columns": {"pid": 4}, "at": now},
                {"name": "processes", "action": "added", "columns": {"pid": 3}, "at": now - 60},
            ],
            "status": [{"message": "all well", "severity": 0, "at": "2099-01-01T00:00:00Z"}],
            "answers": {"SELECT 1": {"rows": [{"1": 1}], "status": 0}},
        }
        draft = self.directory / "draft"
        draft.write_text(json.dumps(known | changes))
        draft.replace(self.known)

    @property
    def known(self) -> Path:
        return self.directory / (CELL.replace("/", "_") + ".json")


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    for name in ("command.yaml", "ask_staging.py"):
        shutil.copy(EXAMPLES / name, tmp_path)
    text = (tmp_path / "command.yaml").read_text()
    (tmp_path / "command.yaml").write_text(text.replace("poll_s: 1", "poll_s: 0.02"))
    (tmp_path / "staging-ca.pem").write_text("PEM")
    (tmp_path / "data").mkdir()
    monkeypatch.setenv("STAGING_TOKEN", TOKEN)
    monkeypatch.setenv("STAGING_DIRECTORY", str(tmp_path / "data"))
    return Program(open_backend(tmp_path / "command.yaml", tmp_path, tmp_path), tmp_path / "data")


def test_command_everything_is_read_from_a_programs_json(program: Program) -> None:
    backend = program.backend
    enrolment = backend.admit(CELL, None)
    assert (enrolment.secret, enrolment.ca_pem) == (f"secret-of-{CELL}", "PEM")
    assert backend.features == EXTERNAL
    timer = threading.Timer(0.1, program.knows)
    timer.start()
    endpoint = backend.wait_enrolled(CELL, soon())
    timer.join(60)
    assert endpoint is not None
    assert (endpoint.host_identifier, endpoint.version) == ("H", "2.0")
    event = backend.wait_event(CELL, "processes", {"pid": "4"}, soon())
    assert event is not None
    assert len(backend.events(CELL)) == 1  # the older one is of an earlier life
    assert backend.wait_status(CELL, "well", soon()) is not None
    assert backend.ask(CELL, "SELECT 1", soon()) == ({"1": "1"},)
    with pytest.raises(CandidateError, match="no such table"):
        backend.ask(CELL, "SELECT 2", soon())
    backend.configure(CELL, {"schedule": {}})
    assert json.loads(json.loads(program.known.read_text())["configuration"]) == {"schedule": {}}
    backend.configure(CELL, "{ bad")
    assert json.loads(program.known.read_text())["configuration"] == "{ bad"


def test_command_a_program_that_keeps_asking_for_patience_is_the_labs_fault(program: Program) -> None:
    program.backend.admit(CELL, None)
    with pytest.raises(Unavailable, match="ended with 75"):
        program.backend.wait_event(CELL, "processes", {}, soon(0.05))


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (f"echo token {TOKEN} refused >&2; exit 9", r"ended with 9: 'token \*\*\* refused'"),
        ("echo this is not JSON", "did not print JSON"),
        ("sleep 5; echo late", "did not end within 0.2 s"),
        ("setsid sleep 30 & sleep 5", "did not end within 0.2 s"),
        ("echo '[1]'", r"no array at live_query\.rows"),
    ],
)
def test_command_a_program_that_fails_is_a_backend_error(program: Program, script: str, message: str) -> None:
    backend = program.backend
    assert isinstance(backend, ExternalBackend)
    backend.admit(CELL, None)
    told = backend._asker.description.model_copy(
        update={"request_timeout_s": 0.2 if "sleep" in script else 30.0}
    )
    backend._asker.description = told
    file = program.directory.parent / "ask_staging.py"
    file.write_text(f"#!/bin/sh\n{script}\n")
    began = time.monotonic()
    with pytest.raises(BackendError, match=message):
        backend.ask(CELL, "SELECT 1", soon(1))
    assert time.monotonic() - began < 25  # not until the last program that holds its pipes has ended


def test_command_a_program_that_is_not_there_is_a_backend_error(program: Program) -> None:
    (program.directory.parent / "ask_staging.py").unlink()
    with pytest.raises(BackendError, match="cannot be run"):
        program.backend.admit(CELL, None)


def test_no_file_means_the_embedded_backend(tmp_path: Path) -> None:
    backend = open_backend(None, tmp_path / "run", tmp_path / "authority")
    assert backend.name == "embedded"
    assert (tmp_path / "run" / f"backend-{os.getpid()}.sqlite").is_file()
    backend.close()

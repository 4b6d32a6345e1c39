import gzip
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.backend.embedded.admission import PendingFault, as_served
from harness.backend.embedded.store import Kind
from harness.backend.interface import FaultKind
from harness.model.deadline import Deadline
from harness.model.errors import BackendError
from tests.unit.backend.asgi_agent import CELL, Api, api_in

PATHS = ("/enroll", "/config", "/log", "/distributed/read", "/distributed/write")
RESULT = {"name": "processes", "action": "added", "columns": {"pid": "4"}, "hostIdentifier": "HOST-1"}


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with api_in(tmp_path) as api:
        yield api


@pytest.fixture
def secret(api: Api) -> str:
    return api.admissions.admit(CELL, as_served({"schedule": {}}))


@pytest.fixture
def key(api: Api, secret: str) -> str:
    return str(api.enrol(secret)["node_key"])


def kinds(api: Api, kind: Kind) -> list[dict[str, Any]]:
    return [dict(item.body) for item in api.admissions.items(CELL, kind, with_unknown=True)]


@pytest.mark.parametrize("prefix", ["", "/api/v1/osquery", "/api/osquery"])
def test_an_agent_enrols_and_fetches_its_configuration(api: Api, secret: str, prefix: str) -> None:
    answer = api.enrol(secret, prefix=prefix)
    assert answer["node_invalid"] is False
    assert api.post(prefix + "/config", {"node_key": answer["node_key"]}) == {"schedule": {}}
    endpoint = api.admissions.endpoint(CELL)
    assert endpoint is not None
    assert (endpoint.version, endpoint.hostname, endpoint.uuid) == ("1.2.3", "host-1", "4C4C")
    assert (endpoint.host_identifier, endpoint.os_version, endpoint.enrolments) == ("HOST-1", "10.0.26100", 1)


def test_a_wrong_secret_is_refused_and_on_record(api: Api, secret: str) -> None:
    assert api.enrol(secret + "x") == {"node_invalid": True}
    assert api.admissions.endpoint(CELL) is None
    assert kinds(api, Kind.REFUSAL) == [{"path": "/enroll", "reason": "wrong enrolment secret"}]


def test_an_unknown_node_key_is_refused_everywhere(api: Api, secret: str) -> None:
    for path in PATHS[1:]:
        assert api.post(path, {"node_key": "stranger"}) == {"node_invalid": True}
    assert len(kinds(api, Kind.REFUSAL)) == 4


def test_a_second_enrolment_of_a_host_ends_its_first_key(api: Api, secret: str, key: str) -> None:
    again = api.enrol(secret)["node_key"]
    assert api.post("/config", {"node_key": key}) == {"node_invalid": True}
    assert api.post("/config", {"node_key": again}) == {"schedule": {}}
    endpoint = api.admissions.endpoint(CELL)
    assert endpoint is not None
    assert endpoint.enrolments == 2
    assert kinds(api, Kind.REFUSAL)[0]["reason"] == "node key has ended"


def test_a_second_admission_starts_afresh(api: Api, secret: str, key: str) -> None:
    api.post("/log", {"node_key": key, "log_type": "result", "data": [RESULT]})
    fresh = api.admissions.admit(CELL, as_served(None))
    assert api.admissions.endpoint(CELL) is None
    assert api.admissions.items(CELL, Kind.EVENT) == []
    assert api.post("/config", {"node_key": key}) == {"node_invalid": True}
    assert api.enrol(secret) == {"node_invalid": True}
    reasons = [refusal["reason"] for refusal in kinds(api, Kind.REFUSAL)]
    assert reasons == ["node key has ended", "enrolment secret of an earlier admission"]
    assert api.enrol(fresh)["node_invalid"] is False


def test_cells_do_not_see_each_other(api: Api, secret: str, key: str) -> None:
    other = api.enrol(api.admissions.admit("win7-sp1/fresh", as_served({"other": 1})))["node_key"]
    api.post("/log", {"node_key": key, "log_type": "result", "data": [RESULT]})
    assert api.post("/config", {"node_key": other}) == {"other": 1}
    assert api.admissions.items("win7-sp1/fresh", Kind.EVENT) == []
    assert len(api.admissions.items(CELL, Kind.EVENT)) == 1


def test_gzip_bodies_are_accepted(api: Api, key: str) -> None:
    body = gzip.compress(json.dumps({"node_key": key, "log_type": "result", "data": [RESULT]}).encode())
    assert api.send("/log", body, {"content-encoding": "gzip"}).status_code == 200
    assert kinds(api, Kind.EVENT)[0]["columns"] == {"pid": "4"}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/log", b"{"),
        ("/log", b"[]"),
        ("/log", b"{}"),
        ("/config", b'{"node_key": 5}'),
        ("/enroll", b'{"host_identifier": "h"}'),
        ("/enroll", b'{"enroll_secret": ""}'),
        ("/config", b"\xff\xfe"),
        ("/config", b'{"a":' * 50_000),
    ],
)
def test_a_malformed_request_is_answered_400_and_on_record(
    api: Api, secret: str, path: str, body: bytes
) -> None:
    answer = api.send(path, body)
    assert answer.status_code == 400
    assert [error["path"] for error in kinds(api, Kind.PROTOCOL_ERROR)] == [path]


def test_a_malformed_log_of_a_known_agent_is_its_cells_and_stores_nothing(api: Api, key: str) -> None:
    for log in ({"log_type": "other", "data": []}, {"log_type": "result", "data": [RESULT, {"name": "x"}]}):
        assert api.send("/log", json.dumps({"node_key": key, **log}).encode()).status_code == 400
    assert [item.cell for item in api.admissions.items(CELL, Kind.PROTOCOL_ERROR)] == [CELL, CELL]
    assert kinds(api, Kind.EVENT) == []


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/config", 405), ("POST", "/nowhere", 404)])
def test_what_is_not_of_the_api_is_on_record(
    api: Api, secret: str, method: str, path: str, status: int
) -> None:
    assert api.send(path, b"", method=method).status_code == status
    assert kinds(api, Kind.PROTOCOL_ERROR)[0]["path"] == path


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(PATHS),
    st.binary()
    | st.dictionaries(
        st.sampled_from(["enroll_secret", "log_type", "data", "queries", "statuses", "host_identifier"]),
        st.sampled_from(["result", "status", "\ud800", "\0"])
        | st.integers()
        | st.lists(st.none())
        | st.just({}),
    ),
    st.sampled_from([{}, {"content-encoding": "gzip"}, {"content-encoding": "br"}]),
)
def test_no_body_makes_the_server_fail(
    api: Api, key: str, path: str, body: bytes | dict[str, Any], headers: dict[str, str]
) -> None:
    content = body if isinstance(body, bytes) else json.dumps({"node_key": key, **body}).encode()
    assert api.send(path, content, headers).status_code in (200, 400, 413, 415)


def test_a_live_query_is_handed_out_until_it_is_answered(api: Api, key: str) -> None:
    found: list[Any] = []
    asking = threading.Thread(
        target=lambda: found.append(api.admissions.ask(CELL, "SELECT 1", Deadline.after(30)))
    )
    asking.start()
    queries: dict[str, str] = {}
    Deadline.after(30).poll(
        lambda: bool(queries.update(api.post("/distributed/read", {"node_key": key})["queries"]) or queries),
        "the query",
    )
    assert api.post("/distributed/read", {"node_key": key})["queries"] == queries
    (query_id,) = queries
    api.post(
        "/distributed/write",
        {"node_key": key, "queries": {query_id: [{"1": "1"}]}, "statuses": {query_id: 0}},
    )
    asking.join(30)
    assert found[0].rows == [{"1": "1"}]
    assert api.post("/distributed/read", {"node_key": key})["queries"] == {}


def test_a_query_not_answered_in_time_is_withdrawn(api: Api, key: str) -> None:
    assert api.admissions.ask(CELL, "SELECT 1", Deadline.after(0.01)) is None
    assert api.post("/distributed/read", {"node_key": key})["queries"] == {}


def test_an_answer_to_a_query_never_asked_is_malformed(api: Api, key: str) -> None:
    body = json.dumps({"node_key": key, "queries": {"abc": []}}).encode()
    assert api.send("/distributed/write", body).status_code == 400


def test_faults_come_in_order_are_counted_and_then_end(api: Api, key: str) -> None:
    api.admissions.misbehave(CELL, PendingFault(FaultKind.ERROR_500), 2)
    api.admissions.misbehave(CELL, PendingFault(FaultKind.NODE_INVALID), 1)
    body = json.dumps({"node_key": key}).encode()
    assert [api.send("/config", body).status_code for _ in range(2)] == [500, 500]
    assert api.send("/config", body).json() == {"node_invalid": True}
    assert api.admissions.recovered(CELL) is None
    assert api.send("/config", body).json() == {"schedule": {}}
    assert api.admissions.recovered(CELL) is not None
    assert [fault["fault"] for fault in kinds(api, Kind.FAULT)] == ["error-500", "error-500", "node-invalid"]


def test_a_spoiled_request_is_no_sign_of_life_and_stores_nothing(api: Api, key: str) -> None:
    before = api.admissions.endpoint(CELL)
    api.admissions.misbehave(CELL, PendingFault(FaultKind.ERROR_500), 1)
    log = json.dumps({"node_key": key, "log_type": "result", "data": [RESULT]}).encode()
    assert api.send("/log", log).status_code == 500
    assert api.admissions.endpoint(CELL) == before
    assert kinds(api, Kind.EVENT) == []


def test_enrolment_never_suffers_node_invalid(api: Api, secret: str, key: str) -> None:
    api.admissions.misbehave(CELL, PendingFault(FaultKind.NODE_INVALID), 1)
    fresh = api.enrol(secret)["node_key"]
    assert api.post("/config", {"node_key": fresh}) == {"node_invalid": True}
    assert api.post("/config", {"node_key": fresh}) == {"schedule": {}}


def test_a_delayed_request_is_answered_late_but_well(api: Api, key: str) -> None:
    api.admissions.misbehave(CELL, PendingFault(FaultKind.DELAY, 0.1), 1)
    began = time.monotonic()
    assert api.post("/config", {"node_key": key}) == {"schedule": {}}
    assert time.monotonic() - began >= 0.1


def test_an_invalid_configuration_goes_out_as_it_is(api: Api, key: str) -> None:
    api.admissions.configure(CELL, as_served('{"schedule": oops'))
    assert api.send("/config", json.dumps({"node_key": key}).encode()).content == b'{"schedule": oops'


def test_a_store_that_cannot_be_written_fails_every_wait(api: Api, key: str) -> None:
    api.store.close()
    log = json.dumps({"node_key": key, "log_type": "result", "data": [RESULT]}).encode()
    assert api.send("/log", log).status_code == 500
    with pytest.raises(BackendError, match="store"):
        api.admissions.wait(lambda: None, Deadline.after(30))


def test_a_cell_never_admitted_is_an_error_of_the_caller(api: Api) -> None:
    with pytest.raises(BackendError, match="never admitted"):
        api.admissions.endpoint("no/cell")


def test_an_answer_that_comes_again_is_counted(api: Api, key: str) -> None:
    def answer() -> None:
        for _ in range(500):
            if questions := api.post("/distributed/read", {"node_key": key})["queries"]:
                rows = {name: [{"a": "1"}] for name in questions}
                body = {"node_key": key, "queries": rows, "statuses": dict.fromkeys(rows, 0)}
                api.post("/distributed/write", body)
                api.post("/distributed/write", body)
                return
            time.sleep(0.01)

    helper = threading.Thread(target=answer)
    helper.start()
    assert api.admissions.ask(CELL, "SELECT 1", Deadline.after(20)) is not None
    helper.join(20)
    assert api.admissions.answered_again(CELL) == ("SELECT 1",)


def test_what_stands_in_an_address_is_on_record_once(api: Api, secret: str, key: str) -> None:
    for _ in range(2):
        assert api.post(f"/config?node_key={key}", {"node_key": key}) == {"schedule": {}}
    api.post("/config", {"node_key": key})
    api.enrol(secret)
    assert kinds(api, Kind.ADDRESS) == [{"address": f"/config?node_key={key}"}]


def test_a_secret_in_a_header_is_on_record_but_where_it_belongs(api: Api, key: str) -> None:
    body = json.dumps({"node_key": key}).encode()
    api.send("/config", body, {"Authorization": f"Bearer {key}", "X-Agent": "1.2.3"})
    assert kinds(api, Kind.ADDRESS) == []
    api.send("/config", body, {"X-Agent": f"agent {key}"})
    assert kinds(api, Kind.ADDRESS) == [{"address": f"/config, header x-agent: agent {key}"}]


def test_what_was_served_is_counted_with_its_bytes(api: Api, key: str) -> None:
    before = api.admissions.traffic(CELL)
    body = json.dumps({"node_key": key}).encode()
    api.send("/config", body)
    after = api.admissions.traffic(CELL)
    assert (after.requests - before.requests, after.sent_bytes - before.sent_bytes) == (1, len(body))
    assert after.lasted_s >= 0


def test_no_more_addresses_are_kept_than_a_hundred(api: Api, key: str) -> None:
    for number in range(105):
        api.post(f"/config?at={number}", {"node_key": key})
    assert len(kinds(api, Kind.ADDRESS)) == 100

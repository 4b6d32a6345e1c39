"""How bodies come: packed, nested, to other paths, with odd numbers. What cannot be taken is on record."""

import gzip
import json
import zlib
from typing import Any

import pytest

from harness.backend.embedded.store import Kind
from tests.unit.backend.asgi_agent import CELL, Api
from tests.unit.backend.sent import ADDED, BASE, complaints, log, of, rows


@pytest.mark.parametrize(
    ("packed", "encoding"),
    [
        (lambda raw: gzip.compress(raw), "gzip"),
        (lambda raw: gzip.compress(raw[:40]) + gzip.compress(raw[40:]), "gzip"),
        (lambda raw: gzip.compress(raw) + bytes(512), "x-gzip"),
        (lambda raw: zlib.compress(raw), "deflate"),
        (lambda raw: zlib.compress(raw)[2:-4], "deflate"),
    ],
)
def test_each_form_of_compression_is_undone(api: Api, key: str, packed: Any, encoding: str) -> None:
    raw = json.dumps({"node_key": key, "log_type": "result", "data": [ADDED]}).encode()
    assert api.send("/log", packed(raw), {"content-encoding": encoding}).status_code == 200
    assert rows(api) == [("q", "added", {"pid": "1"})]


@pytest.mark.parametrize(
    ("packed", "why"),
    [
        (lambda raw: gzip.compress(raw)[:-9], "cut off"),
        (lambda raw: gzip.compress(raw[:40]) + gzip.compress(raw[40:])[:-9], "cut off"),
        (lambda raw: gzip.compress(raw) + b"rubbish", "not gzip"),
        (lambda raw: raw, "not gzip"),
    ],
)
def test_compression_that_cannot_be_undone_is_on_record_under_its_cell(
    api: Api, key: str, packed: Any, why: str
) -> None:
    raw = json.dumps({"node_key": key, "log_type": "result", "data": [ADDED]}).encode()
    headers = {"content-encoding": "gzip", "authorization": f"NodeKey {key}"}
    assert api.send("/log", packed(raw), headers).status_code == 400
    ((cell, message),) = complaints(api)
    assert cell == CELL
    assert why in message
    assert rows(api) == []


@pytest.mark.parametrize(
    ("entry", "kind", "why"),
    [
        ({**BASE, "columns": {"pid": "1"}}, "result", "action is missing"),
        ("oops", "result", "data holds str"),
        ({"severity": 2, "filename": "a", "line": 1}, "status", "message is missing"),
        (ADDED, "string", "log_type is 'string'"),
    ],
)
def test_what_is_not_of_the_api_refuses_the_whole_log(
    api: Api, key: str, entry: Any, kind: str, why: str
) -> None:
    assert log(api, key, ADDED, entry, kind=kind).status_code == 400
    ((cell, message),) = complaints(api)
    assert cell == CELL
    assert why in message
    assert rows(api) == []


@pytest.mark.parametrize("number", ["Infinity", "NaN", "9" * 5000])
def test_a_number_that_is_none_is_refused(api: Api, key: str, number: str) -> None:
    row = f'{{"name":"q","action":"added","columns":{{"d":{number}}}}}'
    body = f'{{"node_key":"{key}","log_type":"result","data":[{row}]}}'
    assert api.send("/log", body.encode()).status_code == 400
    assert "not JSON" in complaints(api)[0][1]


@pytest.mark.parametrize(
    ("value", "kept"), [("1e400", "Infinity"), ("[" * 900 + "]" * 900, "[" * 900 + "]" * 900)]
)
def test_an_odd_value_is_kept_as_text(api: Api, key: str, value: str, kept: str) -> None:
    row = f'{{"name":"q","action":"added","columns":{{"d":{value}}}}}'
    body = f'{{"node_key":"{key}","log_type":"result","data":[{row}]}}'
    assert api.send("/log", body.encode()).status_code == 200
    assert rows(api) == [("q", "added", {"d": kept})]


def test_a_body_nested_too_deeply_is_said_to_be(api: Api, key: str) -> None:
    body = b'{"node_key":"x","log_type":"result","data":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    assert api.send("/log", body).status_code == 400
    assert complaints(api)[0][1] == "body is nested too deeply"


def test_a_byte_order_mark_and_a_key_given_twice_are_taken(api: Api, key: str) -> None:
    body = b'\xef\xbb\xbf{"node_key":"%s","log_type":"result","data":[],"node_key":"%s"}'
    assert api.send("/log", body % (key.encode(), key.encode())).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/log/",
        "/api/v1/osquery/log/",
        "/api/osquery/log/",
        "/env-uuid/osquery_log",
        "/carve_init",
        "/api/v1/osquery/carve/begin",
        "//log",
    ],
)
@pytest.mark.parametrize("named", ["body", "header", "nothing"])
def test_a_path_of_another_server_is_answered_404_and_on_record_under_its_cell(
    api: Api, key: str, path: str, named: str
) -> None:
    body = {"block_count": "1", "carve_id": "x"} | ({"node_key": key} if named == "body" else {})
    headers = {"authorization": f"NodeKey {key}"} if named == "header" else {}
    assert api.send(path, json.dumps(body).encode(), headers).status_code == 404
    assert complaints(api) == [("" if named == "nothing" else CELL, "404 Not Found")]


@pytest.mark.parametrize("body", [bytes(300_000), b"\xff", b"[]"])
def test_whatever_is_sent_to_another_path_it_is_answered_404(api: Api, key: str, body: bytes) -> None:
    assert api.send("/carve_block", body).status_code == 404
    assert complaints(api) == [("", "404 Not Found")]


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "OPTIONS"])
@pytest.mark.parametrize("path", ["/distributed/read", "/config", "/enroll"])
def test_another_method_is_answered_405_and_on_record(api: Api, key: str, path: str, method: str) -> None:
    assert api.send(path, b"", method=method).status_code == 405
    assert complaints(api) == [("", "405 Method Not Allowed")]


def test_a_key_in_the_header_alone_names_the_cell_of_the_mistake(api: Api, key: str) -> None:
    assert api.send("/config", b"{}", {"Authorization": f"NodeKey {key}"}).status_code == 400
    assert complaints(api) == [(CELL, "node_key is missing")]


def test_a_client_without_enrolment_is_told_to_enrol(api: Api, key: str) -> None:
    assert api.post("/config", {"node_key": ""}) == {"node_invalid": True}
    assert [item.body["reason"] for item in of(api, Kind.REFUSAL)] == ["unknown node key"]


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/log?enroll_secret=abc", {}),
        ("/api/v1/osquery/log", {}),
        ("/log", {"content-type": "text/plain"}),
        ("/log", {"content-type": ""}),
        ("/log", {"authorization": "NodeKey of-another"}),
    ],
)
def test_what_stands_around_the_body_does_not_matter(
    api: Api, key: str, path: str, headers: dict[str, str]
) -> None:
    assert log(api, key, ADDED, path=path, **headers).status_code == 200
    assert rows(api) == [("q", "added", {"pid": "1"})]


@pytest.mark.parametrize("path", ["/enroll", "/config", "/log", "/distributed/read", "/distributed/write"])
def test_an_empty_body_is_refused_and_on_record(api: Api, key: str, path: str) -> None:
    assert api.send(path, b"").status_code == 400
    assert "not JSON" in complaints(api)[0][1]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"queries": {"nope": []}, "statuses": {"nope": 0}, "stats": {"nope": {}}}, "never asked"),
        ({}, "queries is missing"),
        ({"queries": 5}, "queries is not an object"),
    ],
)
def test_answers_to_nothing_are_refused(api: Api, key: str, body: dict[str, Any], why: str) -> None:
    text = json.dumps({"node_key": key, **body}).encode()
    assert api.send("/distributed/write", text).status_code == 400
    assert why in complaints(api)[0][1]


@pytest.mark.parametrize("queries", [{}, ""])
def test_no_answers_at_all_are_taken(api: Api, key: str, queries: object) -> None:
    assert api.post("/distributed/write", {"node_key": key, "queries": queries}) == {"node_invalid": False}


def test_a_body_that_is_too_large_is_answered_413(api: Api, key: str) -> None:
    assert log(api, key, {**ADDED, "columns": {"x": "y" * 17 * 1024 * 1024}}).status_code == 413
    assert "larger than" in complaints(api)[0][1]

"""Bodies that osquery and its relatives are known to send, and the answer that each must get: no loss, all on record."""

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from harness.backend.embedded.admission import as_served
from harness.backend.embedded.store import Item, Kind
from tests.unit.backend.asgi_agent import CELL, Api, api_in

SAID = {
    "hostIdentifier": "H",
    "calendarTime": "Mon May  2 22:27:32 2016 UTC",
    "unixTime": 1462228052,
    "epoch": 314159265,
    "counter": 1,
    "numerics": False,
    "decorations": {"host_uuid": "u"},
}
BASE = {"name": "q", **SAID}
ADDED = {**BASE, "action": "added", "columns": {"pid": "1"}}
KEPT = {
    "query": "q",
    "host_identifier": "H",
    "calendar_time": "Mon May  2 22:27:32 2016 UTC",
    "unix_time": 1462228052,
    "epoch": 314159265,
    "counter": 1,
    "numerics": False,
    "decorations": {"host_uuid": "u"},
}


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with api_in(tmp_path) as api:
        yield api


@pytest.fixture
def key(api: Api) -> str:
    return str(api.enrol(api.admissions.admit(CELL, as_served({"schedule": {}})))["node_key"])


def of(api: Api, kind: Kind) -> list[Item]:
    return api.admissions.items(CELL, kind, with_unknown=True)


def rows(api: Api) -> list[tuple[str, str, dict[str, str]]]:
    return [(item.body["query"], item.body["action"], item.body["columns"]) for item in of(api, Kind.EVENT)]


def complaints(api: Api) -> list[tuple[str, str]]:
    return [(item.cell, item.body["message"]) for item in of(api, Kind.PROTOCOL_ERROR)]


def log(
    api: Api, key: str, *entries: Any, kind: str = "result", path: str = "/log", **headers: str
) -> httpx.Response:
    body = {"node_key": key, "log_type": kind, "data": list(entries)}
    return api.send(path, json.dumps(body).encode(), headers)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (ADDED, [("added", {"pid": "1"})]),
        ({**ADDED, "action": "removed"}, [("removed", {"pid": "1"})]),
        (
            {**ADDED, "numerics": True, "columns": {"pid": 1, "d": 1.5, "u64": 18446744073709551615}},
            [("added", {"pid": "1", "d": "1.5", "u64": "18446744073709551615"})],
        ),
        (
            {**BASE, "action": "snapshot", "snapshot": [{"pid": "1"}, {"pid": "2"}]},
            [("snapshot", {"pid": "1"}), ("snapshot", {"pid": "2"})],
        ),
        ({**BASE, "action": "snapshot", "snapshot": []}, []),
        ({**BASE, "action": "snapshot", "snapshot": ""}, []),
        ({**BASE, "action": "snapshot", "snapshot": None}, []),
        ({**BASE, "action": "snapshot", "snapshot": [""]}, [("snapshot", {})]),
        ({**ADDED, "action": "snapshot"}, [("snapshot", {"pid": "1"})]),
        (
            {**BASE, "diffResults": {"added": [{"pid": "1"}], "removed": [{"pid": "0"}]}},
            [("added", {"pid": "1"}), ("removed", {"pid": "0"})],
        ),
        ({**BASE, "diffResults": {"added": [{"pid": "1"}], "removed": ""}}, [("added", {"pid": "1"})]),
        ({**BASE, "diffResults": ""}, []),
        ({**BASE, "diffResults": None}, []),
        ({**ADDED, "columns": ""}, [("added", {})]),
        (
            {**ADDED, "columns": {"x": {"a": [1]}, "y": True, "z": None}},
            [("added", {"x": '{"a": [1]}', "y": "true", "z": ""})],
        ),
        ({**ADDED, "columns": {"x": "a\0b"}}, [("added", {"x": "a\0b"})]),
    ],
)
def test_each_form_of_a_result_is_taken(
    api: Api, key: str, entry: dict[str, Any], expected: list[tuple[str, dict[str, str]]]
) -> None:
    assert log(api, key, entry).status_code == 200
    assert rows(api) == [("q", action, columns) for action, columns in expected]
    assert complaints(api) == []


@pytest.mark.parametrize("data", [[], ""])
def test_a_log_without_entries_is_taken(api: Api, key: str, data: object) -> None:
    assert api.post("/log", {"node_key": key, "log_type": "result", "data": data}) == {"node_invalid": False}


@pytest.mark.parametrize(
    "value", [b"M\xfcller", b"\\ud83d", b"\\uDFFF\\ud83d", b"\xed\xa0\x80", b"\xff\xfe\xfd"]
)
def test_a_byte_that_is_not_text_costs_neither_its_row_nor_the_others(
    api: Api, key: str, value: bytes
) -> None:
    body = (
        b'{"node_key":"%s","log_type":"result","data":[{"name":"q","action":"added","columns":{"name":"%s"}},'
        b'{"name":"good","action":"added","columns":{"a":"1"}}]}'
    ) % (key.encode(), value)
    assert api.send("/log", body).status_code == 200
    bad, good = of(api, Kind.EVENT)
    assert "\N{REPLACEMENT CHARACTER}" in bad.body["columns"]["name"]
    assert bad.body["note"] == "not Unicode text, mended with U+FFFD: name"
    assert good.body["columns"] == {"a": "1"}
    assert "note" not in good.body
    assert complaints(api) == []


def test_a_live_query_and_a_status_line_may_hold_such_a_byte_too(api: Api, key: str) -> None:
    body = b'{"node_key":"%s","log_type":"status","data":[{"severity":1,"message":"no M\xfcller"}]}'
    assert api.send("/log", body % key.encode()).status_code == 200
    (line,) = of(api, Kind.STATUS)
    assert line.body["message"] == "no M\ufffdller"
    assert "mended" in line.body["note"]


def test_what_the_sender_says_of_a_row_is_kept(api: Api, key: str) -> None:
    log(api, key, ADDED, {**BASE, "snapshot": [{"a": "1"}]}, {**BASE, "diffResults": {"added": [{"a": "2"}]}})
    said = [
        {name: value for name, value in item.body.items() if name in KEPT} for item in of(api, Kind.EVENT)
    ]
    assert said == [KEPT] * 3


def test_decorations_at_the_top_level_are_decorations(api: Api, key: str) -> None:
    log(api, key, {**ADDED, "host_uuid": "x", "version": "of the decorator"})
    (row,) = of(api, Kind.EVENT)
    assert row.body["decorations"] == {"host_uuid": "u", "version": "of the decorator"}


def test_the_documentations_form_of_a_result_is_taken(api: Api, key: str) -> None:
    entry = {"name": "q", "hostname": "h.local", "action": "added", "columns": {}, "unixTime": "1412123850"}
    assert log(api, key, entry).status_code == 200
    (row,) = of(api, Kind.EVENT)
    assert (row.body["host_identifier"], row.body["unix_time"]) == ("h.local", 1412123850)


@pytest.mark.parametrize("odd", [{"unixTime": "soon"}, {"epoch": None}, {"counter": [1]}, {"decorations": 5}])
def test_nothing_that_is_said_beside_the_columns_costs_a_row(api: Api, key: str, odd: dict[str, Any]) -> None:
    assert log(api, key, {**ADDED, **odd}).status_code == 200
    (row,) = of(api, Kind.EVENT)
    assert next(iter(odd)) in row.body["decorations"]


@pytest.mark.parametrize(("severity", "line"), [("0", "12"), (2, 12)])
def test_a_status_line_keeps_its_place_and_time(api: Api, key: str, severity: object, line: object) -> None:
    entry = {
        "hostIdentifier": "H",
        "calendarTime": "x",
        "unixTime": "1",
        "severity": severity,
        "filename": "a.cpp",
        "line": line,
        "message": "hello",
        "version": "5.20.0",
        "log_type": "status",
    }
    assert log(api, key, entry, kind="status").status_code == 200
    (found,) = of(api, Kind.STATUS)
    assert found.body == {
        "severity": int(str(severity)),
        "message": "hello",
        "host_identifier": "H",
        "calendar_time": "x",
        "unix_time": 1,
        "filename": "a.cpp",
        "line": 12,
        "version": "5.20.0",
    }


@pytest.mark.parametrize(
    "details",
    [
        {
            "os_version": {"_id": "", "version": "10.0.26100"},
            "osquery_info": {"pid": "1"},
            "platform_info": {},
        },
        {"os_version": {}, "osquery_info": {}, "system_info": {}, "platform_info": {}},
        {"os_version": "", "system_info": ""},
        {"system_info": {"cpu_logical_cores": 4, "hostname": None}},
        "",
        None,
    ],
)
def test_each_form_of_an_enrolment_is_taken(api: Api, details: object) -> None:
    secret = api.admissions.admit(CELL, as_served(None))
    body = {"enroll_secret": secret, "host_identifier": "H", "platform_type": "9", "host_details": details}
    assert api.post("/enroll", body)["node_invalid"] is False


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"enroll_secret": "@"}, "host_identifier is missing"),
        ({"host_identifier": "H"}, "enroll_secret is missing"),
        ({"enroll_secret": "@", "host_identifier": "H", "host_details": 5}, "host_details is not an object"),
    ],
)
def test_an_enrolment_without_what_it_needs_is_refused(api: Api, body: dict[str, Any], why: str) -> None:
    secret = api.admissions.admit(CELL, as_served(None))
    text = json.dumps(body).replace('"@"', json.dumps(secret))
    assert api.send("/enroll", text.encode()).status_code == 400
    assert [message for _, message in complaints(api)] == [why]


def test_a_secret_with_a_line_end_is_another_secret(api: Api) -> None:
    secret = api.admissions.admit(CELL, as_served(None))
    assert api.enrol(secret + "\n") == {"node_invalid": True}
    assert len(of(api, Kind.REFUSAL)) == 1


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

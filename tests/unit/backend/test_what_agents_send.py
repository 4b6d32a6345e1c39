"""Bodies that osquery and its relatives are known to send, and the answer that each must get: no loss, all on record."""

import json
from typing import Any

import pytest

from harness.backend.embedded.admission import as_served
from harness.backend.embedded.store import Kind
from tests.unit.backend.asgi_agent import CELL, Api
from tests.unit.backend.sent import ADDED, BASE, KEPT, complaints, log, of, rows


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

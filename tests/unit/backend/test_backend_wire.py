import contextlib
import gzip
import json
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.backend.embedded.bodies import parse_answers, parse_enrolment
from harness.backend.embedded.logs import result_rows, status_rows
from harness.backend.embedded.wire import BODY_LIMIT, Malformed, inflate, parse_object


def results(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [{**row.shared, **row.own} for row in result_rows(document)]


def lines(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [{**row.shared, **row.own} for row in status_rows(document)]


json_value = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
near_api = st.dictionaries(
    st.sampled_from(
        ["data", "queries", "statuses", "messages", "host_details", "enroll_secret", "host_identifier"]
    ),
    json_value
    | st.lists(
        st.dictionaries(
            st.sampled_from(["name", "action", "columns", "snapshot", "diffResults", "severity", "message"]),
            json_value,
        )
    ),
)


@given(st.binary())
def test_garbage_is_malformed_or_an_object(body: bytes) -> None:
    with contextlib.suppress(Malformed):
        assert isinstance(parse_object(body), dict)


@settings(max_examples=60)
@given(near_api)
def test_whatever_the_fields_hold_it_is_parsed_or_malformed(document: dict[str, Any]) -> None:
    for parse in (parse_enrolment, results, lines, parse_answers):
        with contextlib.suppress(Malformed):
            json.dumps(parse(document), default=vars).encode()  # what is parsed can be stored


@given(st.binary(max_size=2000), st.sampled_from(["gzip", "deflate", "GZIP", "identity", ""]))
def test_compression_is_undone(data: bytes, encoding: str) -> None:
    packed = {"gzip": gzip.compress(data), "deflate": zlib.compress(data)}.get(encoding.lower(), data)
    assert inflate(packed, encoding) == data


@given(st.binary(), st.text(max_size=10))
def test_no_compressed_garbage_gets_past_malformed(data: bytes, encoding: str) -> None:
    for name in ("gzip", encoding):
        with contextlib.suppress(Malformed):
            assert isinstance(inflate(data, name), bytes)


def test_a_decompression_bomb_is_too_large() -> None:
    with pytest.raises(Malformed, match="larger") as caught:
        inflate(gzip.compress(bytes(BODY_LIMIT + 1)), "gzip")
    assert caught.value.status == 413


def test_a_cut_off_gzip_body_is_malformed() -> None:
    with pytest.raises(Malformed, match="cut off"):
        inflate(gzip.compress(b"some text" * 100)[:-9], "gzip")


@pytest.mark.parametrize(
    "body", ["[" * 100_000, '{"a":' * 100_000, '{"a": NaN}', "[]", '"text"', "", "{", "\x00"]
)
def test_what_is_no_json_object_is_malformed(body: str) -> None:
    with pytest.raises(Malformed):
        parse_object(body.encode())


def test_all_three_result_forms_become_rows() -> None:
    event = {"name": "q", "hostIdentifier": "H", "action": "added", "columns": {"pid": 4, "path": None}}
    batch = {"name": "q", "diffResults": {"added": [{"pid": "5"}], "removed": [{"pid": "6"}]}}
    snapshot = {"name": "q", "action": "snapshot", "snapshot": [{"pid": "7"}, {"pid": "8"}]}
    rows = results({"data": [event, batch, snapshot]})
    assert [(row["action"], row["columns"]["pid"]) for row in rows] == [
        ("added", "4"),
        ("added", "5"),
        ("removed", "6"),
        ("snapshot", "7"),
        ("snapshot", "8"),
    ]
    assert rows[0]["host_identifier"] == "H"
    assert rows[0]["columns"]["path"] == ""


def test_one_bad_row_spoils_the_whole_log() -> None:
    good = {"name": "q", "action": "added", "columns": {}}
    for bad in ({"name": "q", "columns": {}}, {"action": "added"}, {"name": 5}, "text", None):
        with pytest.raises(Malformed):
            results({"data": [good, bad]})


def test_numbers_may_come_as_text_but_words_may_not() -> None:
    assert lines({"data": [{"severity": "2", "message": "m"}]})[0]["severity"] == 2
    with pytest.raises(Malformed, match="severity"):
        lines({"data": [{"severity": "high", "message": "m"}]})
    with pytest.raises(Malformed, match="range"):
        lines({"data": [{"severity": 2**80, "message": "m"}]})


def test_a_failed_query_answers_with_an_empty_string() -> None:
    answers = parse_answers(
        {"queries": {"a": "", "b": [{"x": 1}]}, "statuses": {"a": "1"}, "messages": {"a": "no"}}
    )
    assert (answers[0].status, answers[0].message, list(answers[0].rows)) == (1, "no", [])
    assert (answers[1].status, list(answers[1].rows)) == (0, [{"x": "1"}])


@pytest.mark.parametrize("raw", [b"M\xfcller", b"\\ud83d", b"\xed\xa0\x80", b"\xc3"])
def test_text_that_is_not_unicode_is_mended_and_noted(raw: bytes) -> None:
    body = b'{"data": [{"name": "q", "action": "added", "columns": {"a": "%s", "b": "x"}}]}' % raw
    (row,) = results(parse_object(body))
    assert "\N{REPLACEMENT CHARACTER}" in row["columns"]["a"]
    assert row["columns"]["b"] == "x"
    assert row["note"] == "not Unicode text, mended with U+FFFD: a"


def test_only_the_row_that_was_mended_bears_the_note() -> None:
    body = (
        b'{"data": [{"name": "q", "snapshot": [{"a": "\xe9"}, {"a": "\xc3\xa9"}, {"a": "\\ud83d\\udeb2"}]}]}'
    )
    rows = results(parse_object(body))
    assert ["note" in row for row in rows] == [True, False, False]
    assert [row["columns"]["a"] for row in rows] == ["\ufffd", "é", "🚲"]


@pytest.mark.parametrize("key", ["hostIdentifier", "name", "calendarTime"])
def test_what_is_mended_beside_the_columns_is_noted_too(key: str) -> None:
    entry = {"name": "q", "action": "added", "columns": {}, key: "\udcfc"}
    (row,) = results({"data": [entry]})
    assert row["note"] == f"not Unicode text, mended with U+FFFD: {key}"


def test_a_host_whose_name_is_not_unicode_enrols() -> None:
    body = parse_object(b'{"enroll_secret": "s", "host_identifier": "M\xfcller"}')
    enrolment = parse_enrolment(body)
    assert enrolment.host_identifier == "M\ufffdller"
    assert "host_identifier" in enrolment.note


def test_host_details_are_read_as_osquery_sends_them() -> None:
    details = {
        "os_version": {"version": "10.0"},
        "osquery_info": {"version": "5"},
        "system_info": {"uuid": "u"},
    }
    enrolment = parse_enrolment({"enroll_secret": "s", "host_identifier": "h", "host_details": details})
    assert (enrolment.version, enrolment.uuid, enrolment.os_version, enrolment.hostname) == (
        "5",
        "u",
        "10.0",
        "",
    )
    assert json.loads(json.dumps(enrolment.details)) == details

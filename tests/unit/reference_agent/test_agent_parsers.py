"""The agent's C parsers, compiled natively under address and undefined-behaviour sanitizers."""

import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.config.load import load_profile
from tests.unit.reference_agent.conftest import Parse

fuzz = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
characters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(characters),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(characters), inner, max_size=4),
    max_leaves=20,
)


@fuzz
@given(st.binary(max_size=200))
def test_no_bytes_crash_any_parser(parse: Parse, content: bytes) -> None:
    for mode in ("json", "query", "config"):
        assert parse(mode, content).startswith(("good", "bad"))


@fuzz
@given(st.text(alphabet='{}[]",:\\u0123456789eE+-. truefalsn', max_size=60))
def test_the_json_reader_takes_what_python_takes_and_nothing_else(parse: Parse, text: str) -> None:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({name for name, _ in pairs}) != len(pairs):
            raise ValueError
        return dict(pairs)

    try:
        value = json.loads(text, object_pairs_hook=unique)
        json.dumps(value, ensure_ascii=False).encode("utf-8")  # lone surrogates have no encoding
        expected = "\\u0000" not in json.dumps(value)
    except (ValueError, RecursionError):
        expected = False
    assert (parse("json", text.encode()) == "good") is expected


@fuzz
@given(values)
def test_whatever_python_writes_the_json_reader_reads(parse: Parse, value: object) -> None:
    for ascii_only in (True, False):
        assert parse("json", json.dumps(value, ensure_ascii=ascii_only).encode()) == "good"


def test_json_that_is_nested_too_deeply_is_refused(parse: Parse) -> None:
    assert parse("json", b"[" * 16 + b"]" * 16) == "good"
    assert parse("json", b"[" * 17 + b"]" * 17) == "bad"
    assert parse("json", b"[" * 100_000) == "bad"


@fuzz
@given(st.text("ab%_", max_size=12), st.text("abAB", max_size=12))
def test_like_means_what_sqlite_means(parse: Parse, pattern: str, value: str) -> None:
    meaning = "".join({"%": ".*", "_": "."}.get(c, re.escape(c)) for c in pattern)
    expected = re.fullmatch(meaning, value, re.IGNORECASE | re.DOTALL) is not None
    assert parse("like", pattern.encode() + b"\0" + value.encode()) == ("yes" if expected else "no")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM processes",
        "select pid,name from processes;",
        "SELECT name FROM services WHERE name = 'it''s'",
        "SELECT pid FROM processes WHERE cmdline LIKE '%nonce%' ;",
        "SELECT pid FROM processes WHERE pid = 4",
    ],
)
def test_the_one_form_of_query_is_understood(parse: Parse, sql: str) -> None:
    assert parse("query", sql.encode()) == "good"


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("DROP TABLE processes", "only SELECT"),
        ("SELECT * FROM nothing", "no such table: nothing"),
        ("SELECT nothing FROM processes", "no such column: nothing"),
        ("SELECT * FROM processes WHERE nothing = '1'", "no such column: nothing"),
        ("SELECT * FROM processes WHERE pid > 1", "only = and LIKE"),
        ("SELECT * FROM processes WHERE name = 'open", "without closing quote"),
        ("SELECT * FROM processes JOIN users", "not supported"),
        ("SELECT " + "pid," * 20 + "pid FROM processes", "too many columns"),
        ("SELECT * FROM " + "x" * 100, "name too long"),
        ("SELECT * FROM processes WHERE name = '" + "x" * 600 + "'", "value too long"),
    ],
)
def test_any_other_query_is_refused_with_a_reason(parse: Parse, sql: str, why: str) -> None:
    assert why in parse("query", sql.encode())


def test_every_configuration_of_the_profile_is_taken_or_refused_as_it_says(parse: Parse) -> None:
    profile, _ = load_profile("reference")
    pushed = profile.configuration
    assert pushed is not None
    actions = [action.configuration for action in profile.response_actions.values()]
    for good in (pushed.base, pushed.changed, *actions):
        assert parse("config", json.dumps(good).encode()) == "good"
    for name, text in pushed.invalid.items():
        assert parse("config", text.encode()).startswith("bad: "), name


@pytest.mark.parametrize(
    ("configuration", "why"),
    [
        ({"schedule": {"x": {"query": "SELECT * FROM users", "interval": 0.05}}}, "seconds from 0.1"),
        ({"schedule": {"x": {"query": "SELECT * FROM users", "interval": 1e300}}}, "seconds from 0.1"),
        ({"schedule": {"x": {"query": "SELECT * FROM users"}}}, "needs a string query and an interval"),
        ({"schedule": {"x": {"query": "SELECT * FROM users", "interval": 1, "y": 1}}}, "unknown field y"),
        ({"schedule": {f"x{i}": {} for i in range(65)}}, "too many fields"),
        ({"options": {"y": 1}}, "unknown field y"),
        ({"file_paths": {"c": ["relative\\path"]}}, "must start with a drive"),
        ({"file_paths": {"c": ["C:\\a%b\\c"]}}, "may only end a path"),
        ({"file_paths": {"c": [f"C:\\{i}" for i in range(17)]}}, "too short or too long|too many paths"),
        ({"file_paths": {"c": ["C:\\" + "x" * 400]}}, "too long"),
        ({"registry_paths": ["HKEY_USERS\\x"]}, "HKEY_LOCAL_MACHINE"),
        ({"response": {"isolate": 1}}, "must be a boolean"),
        ({"x": "y" * 300_000}, "larger than"),
    ],
)
def test_a_configuration_is_refused_with_the_place_and_the_reason(
    parse: Parse, configuration: object, why: str
) -> None:
    assert re.search(why, parse("config", json.dumps(configuration).encode()))


def test_the_protocol_s_own_field_is_no_mistake_in_a_configuration(parse: Parse) -> None:
    assert parse("config", b'{"schedule": {}, "node_invalid": false}') == "good"

import contextlib
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.backend.external.description import load_description
from harness.backend.external.expressions import search
from harness.backend.external.placeholders import PLACEHOLDERS, fill, fill_body
from harness.backend.external.reading import read_time
from harness.model.errors import BackendError, ConfigurationError

GOOD = """\
schema_version: 1
kind: http
name: staging
address: {host: h, port: 443}
url: https://h/api
headers:
  Authorization: {env: TOKEN}
enrolment:
  secret: {env: SECRET}
endpoint:
  call: {path: "/hosts/{identity}"}
  fields:
    host_identifier: id
    version: version
    enrolled_at: enrolled
"""


def wrong(tmp_path: Path, text: str) -> ConfigurationError:
    file = tmp_path / "backend.yaml"
    file.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load_description(file)
    return caught.value


def test_the_smallest_description_is_read(tmp_path: Path) -> None:
    file = tmp_path / "backend.yaml"
    file.write_text(GOOD)
    assert load_description(file).name == "staging"


@pytest.mark.parametrize(
    ("old", "new", "key", "line", "words"),
    [
        ("version: version", "version: '[broken'", "endpoint.fields.version", 14, "JMESPath"),
        ("{identity}", "{nonsense}", "endpoint.call.path", 11, "unknown placeholder {nonsense}"),
        ("{identity}", "{cell.__class__}", "endpoint.call.path", 11, "unknown placeholder"),
        ("{identity}", "{cell", "endpoint.call.path", 11, "literal brace"),
        (
            "{env: TOKEN}",
            "{env: '1 x'}",
            "headers.Authorization.env",
            7,
            "expected the name of an environment variable",
        ),
        ("enrolled_at: enrolled", "uuid: x", "endpoint.fields", 13, "enrolled_at or last_seen is required"),
        ("secret: {env: SECRET}", "ca_file: x", "enrolment", 9, "either secret or call"),
        ("host: h", "host: ''", "address.host", 4, "expected a host name or an address"),
        ("port: 443", "port: 443000", "address.port", 4, "65535"),
        (
            "kind: http",
            "kind: carrier-pigeon",
            "kind",
            2,
            "no kind of backend called 'carrier-pigeon'. Kinds: http",
        ),
        ("kind: http", "kind: htp", "kind", 2, "Did you mean 'http'?"),
        ("kind: http", "kind: http\nkind: command", "", 3, "is given twice"),
        ("kind: http\n", "", "", 1, "the key 'kind' is missing. Write one of http, command."),
        ("name: staging\n", "", "", 1, "the key 'name' is missing."),
        ("name: staging", "nmae: staging", "nmae", 3, "unknown key. Did you mean 'name'?"),
        ("name: staging", "name: staging\npol_s: 1", "pol_s", 4, "unknown key. Did you mean 'poll_s'?"),
        ("name: staging", "name: staging\npoll_s: soon", "poll_s", 4, "expected a number, found 'soon'"),
        ("{env: TOKEN}", "{emv: TOKEN}", "headers.Authorization.emv", 7, "unknown key. Did you mean 'env'?"),
        ("{env: TOKEN}", "yes", "headers.Authorization", 7, "truth value"),
        (
            "version: version",
            "version: \"v[?n=='{identiy}']\"",
            "endpoint.fields.version",
            14,
            "unknown placeholder {identiy}",
        ),
        (
            "version: version",
            "version: 'v[?n=={identity}]'",
            "endpoint.fields.version",
            14,
            "stands in quotes",
        ),
        ("version: version", "version: \"'{'\"", "endpoint.fields.version", 14, "literal brace is doubled"),
        (
            "version: version",
            "version: \"'{sql}'\"",
            "endpoint.fields.version",
            14,
            "{sql} has no value here",
        ),
        (
            "version: version",
            "version: \"'{page}'\"",
            "endpoint.fields.version",
            14,
            "{page} has no value here",
        ),
        ("version: version", "version: 'uper(v)'", "endpoint.fields.version", 14, "no function uper()"),
        (
            "/hosts/{identity}",
            "/hosts/{query}",
            "endpoint.call.path",
            11,
            "{query} has no value here. There are",
        ),
        ("/hosts/{identity}", "/hosts/{page}", "endpoint.call.path", 11, "{page} has no value here"),
        ("  fields:", "  item: a\n  items: b\n  fields:", "endpoint", 11, "either item or items"),
        (
            "secret: {env: SECRET}",
            'call: {path: "/{secret}"}\n  secret_field: x',
            "enrolment.call.path",
            9,
            "{secret} has no value here",
        ),
        (
            "enrolled_at: enrolled",
            'enrolled_at: enrolled\nlive_query: {call: {path: "/{id}"}, rows: r}',
            "live_query.call.path",
            16,
            "{id} has no value here. There are cell, identity, secret, since, since_iso, sql.",
        ),
        ("schema_version: 1", "schema_version: 2", "schema_version", 1, "expected 1, found the number 2"),
        ("url: https://h/api", "url: h", "url", 5, "URL"),
    ],
)
def test_a_wrong_description_is_named_with_key_and_line(
    tmp_path: Path, old: str, new: str, key: str, line: int, words: str
) -> None:
    error = wrong(tmp_path, GOOD.replace(old, new))
    assert error.key == key
    assert error.line == line
    assert words in str(error)


@pytest.mark.parametrize("text", ["", "- 1", "a: [", "text", "\x00", "a: &a [*a]"])
def test_what_is_no_description_is_a_configuration_error(tmp_path: Path, text: str) -> None:
    assert "backend.yaml" in str(wrong(tmp_path, text))


def test_a_missing_file_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no such file"):
        load_description(tmp_path / "nowhere.yaml")


@given(st.text())
def test_whatever_a_value_holds_it_is_compared_as_text(identity: str) -> None:
    hosts = {"hosts": [{"name": "other"}, {"name": identity, "up": True}]}
    values = {"identity": identity}
    found = search("hosts[?name=='{identity}'] | [-1].up", hosts, "k", values)
    assert found is True
    assert search('lower(`["{identity}"]`[0])', None, "k", values) == identity.lower()
    assert search('by."{identity}"', {"by": {identity: 1}}, "k", values) == 1
    assert search('`{"a": "{identity}"}`', None, "k", values) == {"a": identity}


def test_names_of_windows_are_compared_without_case() -> None:
    expression = "[?lower(name)==lower('{identity}')] | [0].name"
    assert search(expression, [{"name": "host-1"}], "k", {"identity": "HOST-1"}) == "host-1"
    assert search("upper('a')", None, "k", {}) == "A"
    with pytest.raises(BackendError, match="does not suit k"):
        search("lower(@)", 5, "k", {})


@given(st.sampled_from(sorted(PLACEHOLDERS)), st.text())
def test_a_value_is_filled_in_once_and_never_read_as_a_template(name: str, value: str) -> None:
    assert fill(f"<{{{name}}}>", {name: value}) == f"<{value}>"
    assert fill_body([f"{{{name}}}", {"a": f"{name}={{{name}}}"}], {name: value}) == [
        value,
        {"a": f"{name}={value}"},
    ]


def test_a_placeholder_alone_keeps_its_values_type() -> None:
    values = {"configuration": {"a": [1]}}
    assert fill_body("{configuration}", values) == {"a": [1]}
    assert fill_body("c={configuration}", values) == 'c={"a": [1]}'
    assert fill_body([1, None, "{{x}}"], values) == [1, None, "{x}"]


def test_times_are_numbers_or_iso_8601() -> None:
    assert read_time(5, "k") == read_time("5.0", "k") == 5.0
    assert read_time(1796040000500, "k", "ms") == 1796040000.5
    assert read_time("1970-01-01T00:00:05Z", "k") == read_time("1970-01-01T00:00:05", "k") == 5.0
    assert read_time("1970-01-01T01:00:05+01:00", "k") == 5.0
    assert read_time("2026-11-30t12:00:00.1234567z", "k") == 1796040000.123456


@pytest.mark.parametrize(
    ("value", "unit"), [(1796040000000, "s"), ("1796040000", "ms"), (1796040000000000, "ms")]
)
def test_a_time_in_another_unit_is_named_for_it(value: object, unit: str) -> None:
    with pytest.raises(
        BackendError, match=f"endpoint.last_seen that is no time of today in {unit}: .*time_unit"
    ):
        read_time(value, "endpoint.last_seen", unit)


def test_a_host_that_was_never_seen_has_a_time_of_its_own() -> None:
    assert read_time(0, "k", "ms") == 0.0
    assert read_time("0001-01-01T00:00:00Z", "k") < 0


@given(st.none() | st.text() | st.booleans() | st.lists(st.none()) | st.integers() | st.floats())
def test_any_other_time_is_a_backend_error(value: object) -> None:
    with contextlib.suppress(BackendError):
        assert math.isfinite(read_time(value, "k"))


def test_a_variable_that_a_program_needs_has_a_name(tmp_path: Path) -> None:
    text = (Path(__file__).parents[3] / "examples/backends/command.yaml").read_text()
    refused = wrong(tmp_path, text.replace("[STAGING_TOKEN]", "['no name']"))
    assert refused.key == "secret_environment[0]"
    assert "expected the name of an environment variable" in str(refused)

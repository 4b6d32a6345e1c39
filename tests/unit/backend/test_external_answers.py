"""Answers in JSON, and in one JSON document a line."""

import pytest

from harness.backend.external.answers import is_lines, read_answer
from harness.backend.external.model import StatusFields
from harness.backend.external.reading import read_status
from harness.model.errors import BackendError


def test_lines_are_a_list_and_one_of_them_is_too() -> None:
    assert read_answer(b'{"a": 1}\r\n\n{"a": 2}\n', lines=True) == [{"a": 1}, {"a": 2}]
    assert read_answer('{"a": 1}', lines=True) == [{"a": 1}]
    assert read_answer('{"a": "\u2028"}\n', lines=True) == [{"a": "\u2028"}]
    assert read_answer('{"a": 1}', lines=False) == {"a": 1}


@pytest.mark.parametrize(
    ("text", "lines"), [('{"a": 1}\n{"a": 2}', False), ('{"a": 1}\nnot', True), ("[" * 100_000, False)]
)
def test_anything_else_is_no_answer(text: str, lines: bool) -> None:
    with pytest.raises(ValueError):
        read_answer(text, lines=lines)


@pytest.mark.parametrize("severity", [float("inf"), "high", [1], None])
def test_a_severity_that_is_no_number_is_the_backends_mistake(severity: object) -> None:
    fields = StatusFields(message="text", severity="severity")
    with pytest.raises(BackendError, match=r"no number at status\.fields\.severity"):
        list(read_status([{"text": "it runs", "severity": severity}], fields, "cell", "s", 0.0, {}))


def test_the_content_type_tells() -> None:
    assert is_lines("application/x-ndjson; charset=utf-8")
    assert not is_lines("application/json")
    assert not is_lines("")

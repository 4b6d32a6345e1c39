"""From what the probe printed to typed answers, or to the error that it reports."""

import json
from typing import Any, TypeVar

from pydantic import JsonValue, TypeAdapter, ValidationError

from harness.model.errors import InfrastructureError

Shape = TypeVar("Shape")


class ProbeFailed(InfrastructureError):
    """The probe said that it could not answer, or answered something that is not an answer."""

    def __init__(self, command: str, what: str, *, code: int | None = None) -> None:
        suffix = "" if code is None else f" (Windows error {code})"
        super().__init__(
            f"The guest probe's `{command}` failed: {what}{suffix}.",
            hint="docs/formats/probe.md describes the command.",
        )
        self.command, self.what, self.code = command, what, code


def read_answer(command: str, shape: type[Shape], document: str | bytes) -> Shape:
    """The probe's answer as `shape`, e.g. `list[Process]`.

    Raises:
        ProbeFailed: the probe reports an error, or the document does not have that shape.

    """
    return read_value(command, shape, _json(command, document))


def read_batch(document: str | bytes) -> dict[str, JsonValue]:
    """The answers of `batch` by command, still to be read one by one with `read_value`.

    Raises:
        ProbeFailed: the probe reports an error, or the document is no object.

    """
    value = _json("batch", document)
    return read_value("batch", dict[str, Any], value)


def read_value(command: str, shape: type[Shape], value: JsonValue) -> Shape:
    """The same as `read_answer`, of JSON that is already parsed.

    Raises:
        ProbeFailed: the probe reports an error, or the value does not have that shape.

    """
    if isinstance(value, dict) and set(value) == {"error"} and isinstance(value["error"], dict):
        error = value["error"]
        code = error.get("code")
        raise ProbeFailed(command, str(error.get("what")), code=code if isinstance(code, int) else None)
    try:
        return TypeAdapter(shape).validate_python(value)
    except ValidationError as wrong:
        first = wrong.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ProbeFailed(
            command, f"the answer is not as expected at {place or 'its root'}: {first['msg']}"
        ) from wrong


def _json(command: str, document: str | bytes) -> JsonValue:
    try:
        value: JsonValue = json.loads(document)
    except (ValueError, RecursionError) as wrong:
        raise ProbeFailed(command, f"the answer is not JSON ({wrong})") from wrong
    return value

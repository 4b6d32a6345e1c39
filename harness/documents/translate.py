"""From pydantic's findings to sentences in the words of the file's author."""

import types
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from harness.documents.forms import choices_of, words_of
from harness.documents.problem import Problem, nearest

EXPECTED = (
    {
        "string_type": "text",
        "int_type": "a whole number",
        "int_parsing": "a whole number",
        "int_from_float": "a whole number",
        "float_type": "a number",
        "float_parsing": "a number",
        "bool_type": "true or false",
        "bool_parsing": "true or false",
        "dict_type": "a mapping of keys to values",
        "model_type": "a mapping of keys to values",
        "mapping_type": "a mapping of keys to values",
        "tuple_type": "a list",
        "list_type": "a list",
    }
    | dict.fromkeys(
        ("datetime_type", "datetime_parsing", "datetime_from_date_parsing", "timezone_aware"),
        "a time, such as 2026-05-01T12:00:00Z",
    )
    | dict.fromkeys(("url_type", "url_parsing", "url_scheme"), "a URL, such as https://host.example/path")
)

LIMITS = {
    "greater_than": ("more than", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("less than", "lt"),
    "less_than_equal": ("at most", "le"),
}


def causes(errors: Sequence[ErrorDetails]) -> list[ErrorDetails]:
    """The findings without those that only follow from others.

    A list with a wrong entry is not too short, too: pydantic counts only the entries that are right. And a key that is
    written wrong is not missing, too.
    """
    return [error for error in errors if not any(_explains(other, error) for other in errors)]


def _explains(cause: ErrorDetails, error: ErrorDetails) -> bool:
    why, place = cause["loc"], error["loc"]
    if error["type"] == "too_short":
        return len(why) > len(place) and why[: len(place)] == place
    if error["type"] == "missing" and cause["type"] == "extra_forbidden" and why[:-1] == place[:-1]:
        return bool(get_close_matches(str(why[-1]), [str(place[-1])]))
    return False


def first_mistake(error: ValidationError, model: type[BaseModel] | None) -> Problem:
    """The first of pydantic's findings in a document without lines, such as JSON that a program wrote.

    `model`: what the document was to be, for its known keys; None where that is one of several.
    """
    return translate(causes(error.errors())[0], model)


def translate(error: ErrorDetails, model: type[BaseModel] | None) -> Problem:
    """One of pydantic's findings as a problem in the file."""
    kind, found, context = error["type"], error["input"], error.get("ctx", {})
    at_key = bool(error["loc"]) and error["loc"][-1] == "[key]"
    path = error["loc"][:-1] if at_key else error["loc"]
    name = str(path[-1]) if path else "the file"
    if kind == "extra_forbidden":
        known = known_keys(model, path[:-1])
        return Problem(path, "unknown key.", nearest(name, known, label="Known keys"), at_key=True)
    if kind == "missing":
        return Problem(path[:-1], f"the key {name!r} is missing.", at_key=True)
    if kind in EXPECTED:
        return Problem(path, f"expected {EXPECTED[kind]}, found {describe(found)}.", _quote_hint(kind, found))
    if kind in ("enum", "literal_error"):
        choices = _choices(str(context.get("expected", "")))
        return Problem(
            path, f"expected {context.get('expected')}, found {describe(found)}.", _near(found, choices)
        )
    if kind == "string_pattern_mismatch":
        pattern = str(context.get("pattern"))
        message = f"expected {words_of(pattern)}, found {describe(found)}."
        return Problem(path, message, _near(found, choices_of(pattern)), at_key=at_key)
    if kind == "json_invalid":
        return Problem(path, f"this is not valid JSON: {context.get('error')}.")
    if kind == "string_unicode":
        message = "the text holds half of a pair of surrogates, which is no character."
        return Problem(path, message, "Write the character itself.")
    if kind == "finite_number":
        return Problem(path, f"expected a finite number, found {describe(found)}.")
    if kind in LIMITS:
        words, limit = LIMITS[kind]
        return Problem(path, f"expected {words} {_bound(context.get(limit))}, found {describe(found)}.")
    if kind in ("too_short", "string_too_short"):
        least = context.get("min_length")
        unit = "characters" if kind == "string_too_short" else "entries" if least != 1 else "entry"
        return Problem(path, f"expected at least {least} {unit}, found {describe(found)}.")
    message = error["msg"].removeprefix("Value error, ").rstrip(".")
    return Problem(path, f"{message}.", at_key=at_key)


def describe(value: object) -> str:
    """A value as its author would recognise it."""
    match value:
        case None:
            return "nothing"
        case bool():
            return f"the truth value {str(value).lower()}"
        case int() | float():
            return f"the number {value}"
        case str():
            return repr(value if len(value) <= 60 else value[:57] + "…") if value else "empty text"
        case Mapping():
            return "a mapping" if value else "an empty mapping"
        case _:
            return "a list" if value else "an empty list"


def known_keys(model: type[BaseModel] | None, path: tuple[str | int, ...]) -> tuple[str, ...]:
    """The keys that `model` has at `path`; empty where it takes any."""
    annotation: Any = model
    for part in path:
        annotation = _plain(annotation)
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            field = annotation.model_fields.get(str(part))
            annotation = field.annotation if field else None
        elif get_origin(annotation) in (dict, tuple, list):
            annotation = next((item for item in reversed(get_args(annotation)) if item is not Ellipsis), None)
        else:
            return ()
    annotation = _plain(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return tuple(annotation.model_fields)
    return ()


def _plain(annotation: Any) -> Any:
    """Without `Annotated` and without `| None`."""
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation = get_args(annotation)[0]
        elif origin in (Union, types.UnionType):
            annotation = next(item for item in get_args(annotation) if item is not types.NoneType)
        else:
            return annotation


def _bound(limit: object) -> object:
    return int(limit) if isinstance(limit, float) and limit.is_integer() else limit


def _quote_hint(kind: str, found: object) -> str:
    if kind == "string_type" and isinstance(found, (bool, int, float)):
        text = str(found).lower() if isinstance(found, bool) else str(found)
        return f'Put it in quotes: "{text}".'
    return ""


def _choices(expected: str) -> tuple[str, ...]:
    return tuple(part.strip(" '") for part in expected.replace(" or ", ",").split(",") if part.strip(" '"))


def _near(found: object, choices: tuple[str, ...]) -> str:
    hint = nearest(found, choices) if isinstance(found, str) else ""
    return hint if hint.startswith("Did") else ""

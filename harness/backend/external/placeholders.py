"""Templates with `{placeholders}` in a backend's file. Pure."""

import json
import string
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator

PLACEHOLDERS = frozenset(
    {"cell", "identity", "secret", "since", "since_iso", "query", "sql", "id", "configuration", "page"}
)
"""What a template may name; docs/backend.md says what each holds."""


def names(template: str) -> tuple[str, ...]:
    """The placeholders in a template that was read before."""
    return tuple(name for _, name, _, _ in string.Formatter().parse(template) if name is not None)


def known(text: str) -> str:
    """The template as it is. Raises `ValueError` for a placeholder that there is not."""
    try:
        parts = list(string.Formatter().parse(text))
    except ValueError as error:
        raise ValueError(f"{error}; a literal brace is doubled") from error
    for _, name, spec, conversion in parts:
        if name is not None and (name not in PLACEHOLDERS or spec or conversion):
            raise ValueError(
                f"unknown placeholder {{{name}}}; known are {', '.join(sorted(PLACEHOLDERS))}; "
                "a literal brace is doubled"
            )
    return text


def _known_throughout(body: Any) -> Any:
    if isinstance(body, str):
        return known(body)
    if isinstance(body, dict):
        return {known(str(key)): _known_throughout(value) for key, value in body.items()}
    if isinstance(body, list):
        return [_known_throughout(value) for value in body]
    return body


Template = Annotated[str, AfterValidator(known)]
"""Text with placeholders."""

BodyTemplate = Annotated[Any, AfterValidator(_known_throughout)]
"""JSON whose strings are templates. A string that is one placeholder becomes its value, of its own type."""


def fill(template: str, values: Mapping[str, Any], quote: Callable[[str], str] = str) -> str:
    """The template with each placeholder replaced; `quote` is applied to each value."""
    parts: list[str] = []
    for literal, name, _, _ in string.Formatter().parse(template):
        parts.append(literal)
        if name is not None:
            parts.append(quote(_text(values.get(name, ""))))
    return "".join(parts)


def fill_body(template: Any, values: Mapping[str, Any]) -> Any:
    """The JSON template with its strings filled."""
    if isinstance(template, str):
        whole = template[1:-1]
        if template == f"{{{whole}}}" and whole in PLACEHOLDERS:
            return values.get(whole, "")
        return fill(template, values)
    if isinstance(template, dict):
        return {fill(key, values): fill_body(value, values) for key, value in template.items()}
    if isinstance(template, list):
        return [fill_body(value, values) for value in template]
    return template


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)

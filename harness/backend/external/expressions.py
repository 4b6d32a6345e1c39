"""JMESPath expressions in a backend's file, with `{placeholders}` in their literals and quoted names. Pure.

A value goes into the parsed expression, not into its text, so it is never read as JMESPath, whatever it holds.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.functions import Functions, signature
from jmespath.parser import ParsedResult
from pydantic import AfterValidator

from harness.backend.external.placeholders import fill, known
from harness.model.errors import BackendError

Node = Any
"""A mapping with `type`, `value` and `children`; the library's own type is not public."""


class _OwnFunctions(Functions):
    """JMESPath's own, and what Windows names need: they are compared without regard to case."""

    @signature({"types": ["string"]})
    def _func_lower(self, text: str) -> str:
        return text.lower()

    @signature({"types": ["string"]})
    def _func_upper(self, text: str) -> str:
        return text.upper()


_OPTIONS = jmespath.Options(custom_functions=_OwnFunctions())


def _compilable(text: str) -> str:
    try:
        parsed = jmespath.compile(text).parsed
    except JMESPathError as error:
        hint = "; a placeholder stands in quotes: '{identity}'" if "{" in text else ""
        raise ValueError(f"not a JMESPath expression: {' '.join(str(error).split())}{hint}") from error
    for node in _nodes(parsed):
        if node["type"] == "function_expression" and node["value"] not in _OwnFunctions.FUNCTION_TABLE:
            functions = ", ".join(sorted(_OwnFunctions.FUNCTION_TABLE))
            raise ValueError(
                f"not a JMESPath expression: no function {node['value']}(); there are {functions}"
            )
    for literal in _texts(parsed):
        known(literal)
    return text


Expression = Annotated[str, AfterValidator(_compilable)]
"""A JMESPath expression, compiled when the file is read."""


def literals(expression: str) -> tuple[str, ...]:
    """The templates in an expression: its literals and names that hold a brace."""
    return tuple(_texts(jmespath.compile(expression).parsed))


def search(expression: str, document: Any, key: str, values: Mapping[str, Any]) -> Any:
    """What the expression finds. Raises `BackendError` naming `key` if it does not suit the document."""
    try:
        compiled = jmespath.compile(expression)
        if "{" in expression:
            compiled = ParsedResult(expression, _filled(compiled.parsed, values))
        return compiled.search(document, options=_OPTIONS)
    except JMESPathError as error:
        reason = " ".join(str(error).split())
        raise BackendError(
            f"The backend's answer does not suit {key} ({expression}): {reason}.",
            hint="Compare the expression with the answer.",
        ) from error


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in node.get("children", ()):
        yield from _nodes(child)


def _texts(node: Node) -> Iterator[str]:
    for each in _nodes(node):
        if each["type"] in ("literal", "field"):
            yield from _strings(each["value"])


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if "{" in value or "}" in value:
            yield value
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from (*_strings(name), *_strings(part))
    elif isinstance(value, list):
        for part in value:
            yield from _strings(part)


def _filled(node: Node, values: Mapping[str, Any]) -> Node:
    filled = node | {"children": [_filled(child, values) for child in node.get("children", ())]}
    if node["type"] in ("literal", "field"):
        filled["value"] = _each(node["value"], lambda text: fill(text, values))
    return filled


def _each(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {change(name): _each(part, change) for name, part in value.items()}
    if isinstance(value, list):
        return [_each(part, change) for part in value]
    return value

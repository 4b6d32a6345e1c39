"""Which placeholder can be filled where in a backend's file. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from harness.backend.external.expressions import literals
from harness.backend.external.model import CommandDescription, HttpDescription
from harness.backend.external.placeholders import names
from harness.documents.problem import Path, Problem

ALWAYS = frozenset({"cell", "identity", "secret", "since", "since_iso"})
FURTHER: Mapping[str, frozenset[str]] = {
    "endpoint": frozenset({"page"}),
    "events": frozenset({"query", "page"}),
    "status": frozenset({"page"}),
    "configure": frozenset({"configuration"}),
    "live_query": frozenset({"sql"}),
}
"""Per section, what is known there beyond `ALWAYS`."""

STARTED = frozenset({"result", "done", "rows", "status", "message"})
"""Keys of `live_query` that are looked at once its `id` is known."""

CALLS = frozenset({"call", "result", "configure"})


def placeholder_problems(description: HttpDescription | CommandDescription) -> list[Problem]:
    """Placeholders that would be filled with nothing."""
    return [
        Problem(path, f"{{{name}}} has no value here.", f"There are {', '.join(sorted(known))}.")
        for path, template in _templates(description)
        for name in names(template)
        if name not in (known := _known(path, description))
    ]


def _known(path: Path, description: HttpDescription | CommandDescription) -> frozenset[str]:
    section = str(path[0])
    if section == "enrolment":
        return ALWAYS - {"secret"}  # it is being asked for
    further = FURTHER.get(section, frozenset())
    query = description.live_query
    if section == "live_query" and query is not None and query.id is not None and path[1] in STARTED:
        further |= {"id"}
    lookup = getattr(description, section, None)
    if "page" in further and (lookup is None or lookup.paging is None or path[1] != "call"):
        further -= {"page"}
    return ALWAYS | further


def _templates(description: HttpDescription | CommandDescription) -> Iterator[tuple[Path, str]]:
    for section in ("enrolment", *FURTHER):
        value = getattr(description, section)
        if value is not None:
            yield from _inside((section,), value, call=section in CALLS)


def _inside(path: Path, value: Any, *, call: bool) -> Iterator[tuple[Path, str]]:
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            if path == ("enrolment",) and name not in ("call", "secret_field"):
                continue
            if (*path[1:], name) == ("paging", "first"):
                continue
            yield from _inside((*path, name), getattr(value, name), call=call or name in CALLS)
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from _inside((*path, name), part, call=call)
    elif isinstance(value, list | tuple):
        for index, part in enumerate(value):
            yield from _inside((*path, index), part, call=call)
    elif isinstance(value, str):
        if call:
            yield path, value
        else:
            yield from ((path, literal) for literal in literals(value))

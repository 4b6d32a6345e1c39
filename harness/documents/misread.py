"""Scalars that pydantic takes for what their author did not mean: `true` is no 1, 1 is no `true`, and 0 is no day."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from pydantic import BaseModel

from harness.documents.problem import Path, Problem
from harness.documents.translate import EXPECTED, describe


def misread_scalars(data: Any, read: Any, path: Path = ()) -> Iterator[Problem]:
    """Every truth value that was read as a number, and every number that was read as a truth value or a time.

    `data` is what stands in the file, `read` what became of it. A part that a model has put into another shape is not
    looked into.
    """
    if isinstance(data, bool) and isinstance(read, int | float) and not isinstance(read, bool):
        yield Problem(path, f"expected a number, found {describe(data)}.")
    elif isinstance(data, int | float) and not isinstance(data, bool) and isinstance(read, bool):
        yield Problem(path, f"expected true or false, found {describe(data)}.")
    elif isinstance(data, int | float) and isinstance(read, date):
        yield Problem(path, f"expected {EXPECTED['datetime_type']}, found {describe(data)}.")
    elif isinstance(data, Mapping):
        for name, part in data.items():
            if (within := _within(read, name)) is not None:
                yield from misread_scalars(part, within, (*path, name))
    elif isinstance(data, list) and isinstance(read, list | tuple) and len(data) == len(read):
        for index, (part, within) in enumerate(zip(data, read, strict=True)):
            yield from misread_scalars(part, within, (*path, index))


def _within(read: Any, name: str) -> Any:
    """What became of the key `name`; None where that cannot be told."""
    if isinstance(read, Mapping):
        return read.get(name)
    if not isinstance(read, BaseModel):
        return None
    fields = type(read).model_fields
    field = next((each for each, info in fields.items() if name in (info.alias or each, each)), None)
    return None if field is None else getattr(read, field)

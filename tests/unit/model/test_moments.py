"""A time in a file says in which zone it is: one that does not cannot be compared with any other."""

import importlib
import pkgutil
from collections.abc import Iterator
from datetime import UTC, datetime
from types import UnionType
from typing import Any, Union, cast, get_args, get_origin

import pytest
from pydantic import AwareDatetime, TypeAdapter, ValidationError

import harness
from harness.model.base import Frozen

NAIVE, AWARE = datetime(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC)
NOT_FROM_FILES = {
    "harness.probe.answers": "the guest probe writes them, always in UTC",
    "harness.offline.entry": "made here from a disk's own numbers",
    "harness.machines.libvirt.clone.stored_template": "compared with what is made here, in the same way",
}


def every(kind: type[Frozen] = Frozen) -> Iterator[type[Frozen]]:
    for each in kind.__subclasses__():
        yield each
        yield from every(each)


def of_time(annotation: object) -> bool:
    """Whether a field holds one time, or none."""
    kinds = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    return any(kind in (datetime, AwareDatetime) for kind in kinds)


def test_every_time_that_is_read_from_a_file_has_a_zone() -> None:
    for module in pkgutil.walk_packages(harness.__path__, "harness."):
        if not module.name.endswith("__main__") and ".checks." not in module.name:
            importlib.import_module(module.name)
    fields = {
        f"{model.__module__}.{model.__name__}.{name}": TypeAdapter[Any](cast(Any, field.annotation))
        for model in every()
        if model.__module__.startswith("harness.") and not model.__module__.startswith(tuple(NOT_FROM_FILES))
        for name, field in model.model_fields.items()
        if of_time(field.annotation)
    }
    assert len(fields) > 20
    taken = []
    for name, adapter in fields.items():
        assert adapter.validate_python(AWARE) == AWARE
        try:
            adapter.validate_python(NAIVE)
        except ValidationError:
            continue
        taken.append(name)
    assert taken == []


@pytest.mark.parametrize("module", NOT_FROM_FILES)
def test_what_is_excepted_is_there(module: str) -> None:
    importlib.import_module(module)

"""An action that happens once, whatever came of it."""

from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, overload

Owner = TypeVar("Owner")
Answer = TypeVar("Answer")


class once(Generic[Owner, Answer]):  # noqa: N801 - used like functools.cached_property
    """Like `functools.cached_property`, but what was raised is kept too.

    An installer is not run again because a second check asks how it went.
    """

    def __init__(self, action: Callable[[Owner], Answer]) -> None:
        self._action = action
        self.__doc__ = action.__doc__
        self._name = action.__name__

    @overload
    def __get__(self, instance: None, owner: type[Owner]) -> Self: ...
    @overload
    def __get__(self, instance: Owner, owner: type[Owner]) -> Answer: ...
    def __get__(self, instance: Owner | None, owner: type[Owner]) -> Self | Answer:
        if instance is None:
            return self
        kept: dict[str, Any] = instance.__dict__.setdefault("_once", {})
        if self._name not in kept:
            try:
                kept[self._name] = (self._action(instance), None)
            except Exception as raised:  # noqa: BLE001 - kept and raised again, here and for every later check
                kept[self._name] = (None, raised)
        answer, failure = kept[self._name]
        if failure is not None:
            raise failure
        found: Answer = answer
        return found


def happened(instance: object, name: str) -> bool:
    """Whether the action `name` was made and succeeded."""
    _, failure = instance.__dict__.get("_once", {}).get(name, (None, LookupError()))
    return failure is None


def forget(instance: object, name: str) -> None:
    """Let the action `name` happen again."""
    instance.__dict__.get("_once", {}).pop(name, None)

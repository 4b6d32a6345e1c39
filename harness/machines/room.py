"""Waiting for room: what a machine that cannot be made yet waits for, said while it waits."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Protocol, runtime_checkable

from pydantic import Field

from harness.model.base import Frozen

TELL_AGAIN_S = 5.0
"""How often a changed detail (so much more is free now) is told at the most; another lack is told at once."""


class Resource(StrEnum):
    """What a host may be short of."""

    MEMORY = "memory"
    CPUS = "processors"
    DISK = "disk"


class RoomWait(Frozen):
    """What one machine waits for."""

    lacks: tuple[Resource, ...] = Field(min_length=1)
    detail: str = Field(description="how much is free, how much is needed, and who holds the rest; sentences")

    @property
    def words(self) -> str:
        """`memory`, `memory and disk`."""
        return " and ".join(self.lacks)


WaitListener = Callable[[str, RoomWait | None], None]
"""Takes a cell's id and what its machine waits for, each time that changes; None once it waits no longer."""


@runtime_checkable
class MayWait(Protocol):
    """What a provider also offers if its machines may have to wait for room on its hosts."""

    def tell_waits(self, listener: WaitListener) -> None:
        """Tell `listener` from now on. It is called by whichever thread makes the machine, and raises nothing."""
        ...


@contextmanager
def telling(listener: WaitListener, cell_id: str) -> Iterator[Callable[[RoomWait], None]]:
    """What the wait's loop calls each time it finds no room. The end of the wait is told too, however it ends."""
    last: RoomWait | None = None
    at_s = 0.0

    def tell(wait: RoomWait) -> None:
        nonlocal last, at_s
        is_other = last is None or wait.lacks != last.lacks
        if is_other or (wait != last and time.monotonic() - at_s >= TELL_AGAIN_S):
            last, at_s = wait, time.monotonic()
            listener(cell_id, wait)

    try:
        yield tell
    finally:
        if last is not None:
            listener(cell_id, None)

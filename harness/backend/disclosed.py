"""What a backend also offers if it keeps what agents sent: the records that hold one of some texts."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True)
class Sent:
    """One thing that an agent sent: what it was, and the texts in it by their names."""

    what: str
    texts: tuple[tuple[str, str], ...]


@runtime_checkable
class Records(Protocol):
    """Searches what came from a cell's agents since the cell was admitted."""

    def holding(self, cell: str, texts: Collection[str]) -> Iterator[Sent]: ...

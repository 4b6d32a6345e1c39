"""What a backend also offers if it sees every answer to a live query, and not only the first."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable


@runtime_checkable
class CountsAnswers(Protocol):
    """Tells which answers came again."""

    def answered_again(self, cell: str) -> Sequence[str]:
        """The live queries (SQL) that were answered once more since the cell was admitted."""
        ...

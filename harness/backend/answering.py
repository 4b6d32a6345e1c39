"""What a backend also offers if it sees every answer to a live query, and can ask several at once."""

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from harness.model.deadline import Deadline


@runtime_checkable
class CountsAnswers(Protocol):
    """Tells which answers came again."""

    def answered_again(self, cell: str) -> Sequence[str]:
        """The live queries (SQL) that were answered once more since the cell was admitted."""
        ...

    def ask_together(
        self, cell: str, queries: Sequence[str], deadline: Deadline
    ) -> Sequence[Sequence[Mapping[str, str]]] | None:
        """The rows of each of the queries, which are handed out at once; None if not all are answered in time."""
        ...

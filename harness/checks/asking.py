"""A live query that a check asks the agent, and how long it is waited for."""

from collections.abc import Mapping, Sequence

from harness.cell.session import CellSession
from harness.checks.expectation import mismatch


def answer_to(
    cell: CellSession, sql: str, within_s: float, asked: str | None = None
) -> Sequence[Mapping[str, str]]:
    """The rows of the answer. Fails if there is none within `within_s` seconds.

    `asked`: the query as the message names it. Raises `CandidateError` if the agent says that the query failed.
    """
    deadline = cell.within(within_s)
    with cell.recorder.stopwatch.waiting():
        rows = cell.backend.ask(cell.cell.id, sql, deadline)
    assert rows is not None, mismatch(
        f"{asked or repr(sql)} is answered within {deadline.length_s:g} s", "it was not answered"
    )
    return rows

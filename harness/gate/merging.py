"""Which report of a cell counts when several runs of one plan are put together. Pure.

A cell that the lab lost may be tried again elsewhere, as `bvt run --resume` would: every attempt stays on record. Two
results of one cell are a conflict, whatever they came to: whoever could choose between them could choose the good one.
"""

from collections.abc import Sequence
from typing import NamedTuple

from harness.model.errors import ConfigurationError
from harness.model.report import Attempt, CellReport, Outcome


class Shard(NamedTuple):
    """One run's report of a cell."""

    run_id: str
    sha256: str
    report: CellReport


def is_lost(report: CellReport) -> bool:
    """Whether the lab lost the cell, so that nothing was found out about the candidate."""
    outcomes = {check.outcome for check in report.checks}
    outcomes.add(report.attempts[-1].outcome if report.attempts else Outcome.INFRA)
    return Outcome.INFRA in outcomes and Outcome.FAILED not in outcomes


def merged_cell(cell_id: str, shards: Sequence[Shard]) -> tuple[Shard, tuple[Attempt, ...]]:
    """The report that counts, and every attempt at the cell, numbered anew.

    `shards`: at least one. Raises `ConfigurationError` if two runs have a result for the cell.
    """
    different = list({shard.sha256: shard for shard in shards}.values())
    results = [shard for shard in different if not is_lost(shard.report)]
    if len(results) > 1:
        told = " and ".join(f"{shard.run_id} ({_words(shard.report)})" for shard in results)
        raise ConfigurationError(
            f"cell {cell_id} has a result in more than one run: {told}.",
            hint="Leave all but one of these runs out.",
        )
    lost = sorted(
        (shard for shard in different if is_lost(shard.report)), key=lambda shard: shard.report.began
    )
    last = results[0] if results else lost.pop()
    attempts = [attempt for shard in (*lost, last) for attempt in shard.report.attempts]
    numbered = tuple(
        attempt.model_copy(update={"number": number}) for number, attempt in enumerate(attempts, 1)
    )
    return last, numbered


def _words(report: CellReport) -> str:
    failed = sum(check.outcome is Outcome.FAILED for check in report.checks)
    return f"{failed} failed" if failed else "nothing failed"

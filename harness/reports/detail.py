"""How much of each cell a page holds, so that it opens at once also with hundreds of cells. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from harness.model.gate import Gate

LARGEST_PAGE = 4_500_000
"""Bytes. A page above it opens slowly, and some mail and chat systems refuse it."""
WHOLE_RESULTS = 8_000
"""Up to so many results a page holds each of them."""
EVERYTHING = 1_000_000_000


@dataclass(frozen=True)
class Detail:
    """The most of everything. What is left out is counted on the page, and is in `gate.json`."""

    cells: int = EVERYTHING
    """Cells that did not pass, shown in detail."""
    passed: bool = True
    """Whether cells that passed are shown in detail, and of the others what passed."""
    reasons: int = EVERYTHING
    """Reasons, those that say the same of several cells taken as one."""
    named: int = 40
    """Cells named at one place."""
    follows: int = EVERYTHING
    """Consequences listed under a reason."""
    rows: int = EVERYTHING
    """Rows of a list of checks that prove nothing, or of excuses."""
    letters: int = EVERYTHING
    """Of one message."""
    phases: bool = True
    """Whether the list of cells shows each phase."""


WHOLE = Detail()
SHORT = Detail(cells=60, passed=False, reasons=200, named=12, follows=20, rows=200, letters=1200)
SHORTEST = Detail(cells=0, passed=False, reasons=60, named=6, follows=5, rows=40, letters=300, phases=False)


def details(gate: Gate) -> Iterator[Detail]:
    """What to try, one after the other, until the page is small enough."""
    results = sum(len(entry.report.checks) for entry in gate.cells if entry.report)
    if results <= WHOLE_RESULTS:
        yield WHOLE
    yield SHORT
    yield SHORTEST

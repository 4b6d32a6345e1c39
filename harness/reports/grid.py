"""The matrix as people think of it: Windows versions by scenarios, the worst first. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.model.gate import SEVERITY, Verdict
from harness.model.windows import WindowsVersion
from harness.reports.facts import CellFacts

PRINTED = 28
"""Rows that fit on paper beside what else must stand there."""


@dataclass(frozen=True)
class Row:
    """One Windows version, with its cell for each column; None where none is planned."""

    image: str
    windows: WindowsVersion
    cells: tuple[CellFacts | None, ...]

    @property
    def worst(self) -> Verdict:
        """The worst verdict of its cells."""
        return min((each.verdict.verdict for each in self.cells if each), key=SEVERITY.index)

    @property
    def passed(self) -> bool:
        """Whether all of its cells did."""
        return self.worst is Verdict.PASS


@dataclass(frozen=True)
class Grid:
    """Columns are scenarios, with their further axes if there are any."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def grid_of(cells: Sequence[CellFacts]) -> Grid:
    """Rows with failures first, then as planned."""
    columns = tuple(dict.fromkeys(_column(each) for each in cells))
    rows: dict[str, dict[str, CellFacts]] = {}
    for each in cells:
        rows.setdefault(each.cell.image, {})[_column(each)] = each
    found = [
        Row(image, next(iter(mine.values())).cell.windows, tuple(mine.get(column) for column in columns))
        for image, mine in rows.items()
    ]
    return Grid(columns, tuple(sorted(found, key=_rank)))


def _rank(row: Row) -> tuple[int, int, int]:
    """What counts first: an advisory cell's failure stands behind those of required ones."""
    bad = [each for each in row.cells if each and each.verdict.verdict is not Verdict.PASS]
    counted = [each.verdict.verdict for each in bad if each.cell.required]
    worst = min(counted, key=SEVERITY.index, default=Verdict.PASS)
    return SEVERITY.index(worst), SEVERITY.index(row.worst), -len(bad)


def _column(each: CellFacts) -> str:
    """What of the cell's id is not the image."""
    return each.cell.id.partition("/")[2] if each.cell.id.startswith(f"{each.cell.image}/") else each.cell.id


def by_severity(cells: Sequence[CellFacts]) -> list[CellFacts]:
    """The worst first, and of equal ones as planned."""
    return sorted(cells, key=lambda each: SEVERITY.index(each.verdict.verdict))

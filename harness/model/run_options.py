"""The options of a run, in one table: `bvt run`, pytest and the run's own settings take names, defaults and words here.

Standard library alone: pytest's door reads it in every test suite on the machine.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

Value = TypeVar("Value")


@dataclass(frozen=True)
class RunOption(Generic[Value]):
    """One option: `flag` as it is written, and `help` without the default, which each command adds in its own way."""

    flag: str
    help: str
    default: Value
    metavar: str = ""
    shown: str = ""
    """What is said to be the default where the value itself is nothing to show."""

    @property
    def said(self) -> str:
        """The default in words; empty if there is none."""
        return self.shown or ("" if self.default in (None, ()) else str(self.default))


POOL = RunOption("--pool", "Pool of the matrix that the cells run on.", "embedded")
SUITE = RunOption("--suite", "Suite of the matrix: a part of its cells that is gated by itself.", "full")
CELLS: RunOption[tuple[str, ...]] = RunOption(
    "--cells", "Run only cells that match this pattern; the rest has no result.", (), metavar="GLOB"
)
OUT: RunOption[None] = RunOption("--out", "Run directory.", None, shown="reports/<run id>")
MATRIX: RunOption[None] = RunOption("--matrix", "Matrix file.", None, shown="matrix.yaml")
PROFILE: RunOption[None] = RunOption("--profile", "Agent profile: a name under agents/ or a file.", None)
KEEP = RunOption("--keep", "Machines that outlive the run: failed, always or never.", "never")
KEEP_AT: RunOption[None] = RunOption(
    "--keep-at",
    "failure: stop a cell at its first failed check and keep its machine, agent and backend as they are.",
    None,
)
FAIL_FAST: RunOption[None] = RunOption(
    "--fail-fast", "What the first failed check ends: its cell, or the run.", None
)
BACKEND: RunOption[None] = RunOption("--backend", "File of an external backend.", None, shown="embedded")
INFRA_RETRIES = RunOption(
    "--infra-retries",
    "New machines for a cell whose machine is lost before the install began.",
    1,
    metavar="N",
)

TABLE: tuple[RunOption[object], ...] = ()

"""The options of a run, in one table: `bvt run`, pytest and `run.json` take names, words and defaults from here.

Standard library alone, since pytest's door reads it in every test suite on the machine.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

Value_co = TypeVar("Value_co", covariant=True)


@dataclass(frozen=True)
class RunOption(Generic[Value_co]):
    """One option. Its name, as a parameter and as a field, is its flag without dashes."""

    flag: str
    help: str
    default: Value_co
    kind: type = str
    """What a word of the command line is turned into."""
    repeats: bool = False
    shown: str = ""
    """What is said to be the default where the value itself is nothing to show."""

    @property
    def name(self) -> str:
        """As Python writes it: `keep_at`."""
        return self.flag.removeprefix("--").replace("-", "_")


NO_PATH: Path | None = None
NO_TEXT: str | None = None

PROFILE = RunOption("--profile", "Agent profile: a name under agents/ or a file.", NO_TEXT)
MATRIX = RunOption("--matrix", "Matrix file.", NO_PATH, kind=Path, shown="matrix.yaml")
PREVIOUS = RunOption(
    "--previous",
    "Installer of the release that customers have now.",
    NO_PATH,
    kind=Path,
    shown="the profile's",
)
OLDEST = RunOption(
    "--oldest", "Installer of the oldest release still supported.", NO_PATH, kind=Path, shown="the profile's"
)
POOL = RunOption("--pool", "Pool of the matrix that the cells run on.", "embedded")
SUITE = RunOption(
    "--suite", "Suite of the matrix: a named part of its cells, with a gate of its own.", "full"
)
CELLS = RunOption(
    "--cells", "Run only cells that match this pattern; the others have no result.", (), repeats=True
)
OUT = RunOption("--out", "Run directory.", NO_PATH, kind=Path, shown="reports/<run id>")
KEEP = RunOption(
    "--keep",
    "Machines to keep after the run: failed, always or never. capsule: save disk and RAM of failed ones, and stop them.",
    "never",
)
KEEP_AT = RunOption(
    "--keep-at",
    "failure: stop a cell at its first failed check and keep its machine, agent and backend as they are.",
    NO_TEXT,
)
FAIL_FAST = RunOption("--fail-fast", "What ends at the first failed check: its cell, or the run.", NO_TEXT)
BACKEND = RunOption("--backend", "File that describes an external backend.", NO_TEXT, shown="embedded")
INFRA_RETRIES = RunOption(
    "--infra-retries",
    "New machines for a cell whose machine is lost before the installation begins.",
    1,
    kind=int,
)

RUN_OPTIONS: tuple[RunOption[object], ...] = (
    PROFILE,
    MATRIX,
    PREVIOUS,
    OLDEST,
    POOL,
    SUITE,
    CELLS,
    OUT,
    KEEP,
    KEEP_AT,
    FAIL_FAST,
    BACKEND,
    INFRA_RETRIES,
)
"""All of them, in the order of the help."""

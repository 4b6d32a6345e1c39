"""The attempts of a cell across resumed runs, kept beside its evidence."""

import json
from collections.abc import Sequence
from pathlib import Path

from harness.model.report import Attempt

EARLIER = "earlier.json"


def keep_attempts(cell_directory: Path, attempts: Sequence[Attempt]) -> None:
    """Write down what was tried before the run is resumed."""
    document = [attempt.model_dump(mode="json") for attempt in attempts]
    (cell_directory / EARLIER).write_text(json.dumps(document), encoding="utf-8")


def earlier_attempts(cell_directory: Path) -> tuple[Attempt, ...]:
    """The attempts that a resumed cell already had, oldest first."""
    path = cell_directory / EARLIER
    if not path.exists():
        return ()
    return tuple(Attempt.model_validate(entry) for entry in json.loads(path.read_text(encoding="utf-8")))

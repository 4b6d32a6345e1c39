"""The attempts of a cell across resumed runs, kept beside its evidence."""

import json
from collections.abc import Sequence
from pathlib import Path

from harness.files import write_atomically
from harness.model.report import Attempt

EARLIER = "earlier.json"


def keep_attempts(cell_directory: Path, attempts: Sequence[Attempt]) -> None:
    """Write down what was tried before the run is resumed. Raises `OSError`."""
    document = [attempt.model_dump(mode="json") for attempt in attempts]
    write_atomically(cell_directory / EARLIER, json.dumps(document))


def earlier_attempts(cell_directory: Path) -> tuple[Attempt, ...]:
    """The attempts that a resumed cell already had, oldest first; none in a cell's first run."""
    path = cell_directory / EARLIER
    if not path.exists():
        return ()
    return tuple(Attempt.model_validate(entry) for entry in json.loads(path.read_text(encoding="utf-8")))

"""The attempts of a cell across resumed runs, kept beside its evidence."""

from collections.abc import Sequence
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from harness.files import write_atomically
from harness.model.errors import ConfigurationError
from harness.model.report import Attempt

EARLIER = "earlier.json"
_ATTEMPTS = TypeAdapter(tuple[Attempt, ...])


def keep_attempts(cell_directory: Path, attempts: Sequence[Attempt]) -> None:
    """Write down what was tried before the run is resumed. Raises `OSError`."""
    write_atomically(cell_directory / EARLIER, _ATTEMPTS.dump_json(tuple(attempts)))


def earlier_attempts(cell_directory: Path) -> tuple[Attempt, ...]:
    """The attempts that a resumed cell already had, oldest first; none in a cell's first run.

    Raises `ConfigurationError` if the file is damaged, `OSError`.
    """
    path = cell_directory / EARLIER
    if not path.exists():
        return ()
    try:
        return _ATTEMPTS.validate_json(path.read_bytes())
    except ValidationError:
        raise ConfigurationError(
            "the earlier attempts of this cell cannot be read: the file is damaged.",
            file=str(path),
            hint="Put back a copy of it, or run the candidate anew.",
        ) from None

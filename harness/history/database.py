"""The database behind a history: its tables are brought to the newest version when it is used.

Runs that end at once, on one machine or many, wait for each other.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection

from harness import one_writer
from harness.migrations import Chain
from harness.model.errors import ConfigurationError, InfrastructureError

ADVISORY_LOCK = 0x62767468  # "bvth"
CHAIN = Chain(Path(__file__).with_name("migrations"), "history_version")


class Database:
    """A history's database, named by file or URL. Raises `ConfigurationError`, `InfrastructureError`."""

    def __init__(self, place: str) -> None:
        self._place = one_writer.OneWriter(place, what="a history", lock=ADVISORY_LOCK)
        self._place.must_be_possible("Name another with --history or BVT_HISTORY.")
        self.name = self._place.name
        self._current = False

    def exists(self) -> bool:
        """Whether there is a file; of a database the first question shows it."""
        return self._place.file is None or self._place.file.is_file()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """The history as it is now. Tables of an older version are brought to the newest before."""
        if not self._current:
            with self._place.transaction(writes=False) as connection:
                there = CHAIN.revision(connection)
            if there != CHAIN.revisions[0]:
                with self.writing():
                    pass
        with self._place.transaction(writes=False) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """The only writer until the end, when all is there, or nothing if an error ends it."""
        self._make_folder()
        with self._place.transaction(writes=True) as connection:
            there = CHAIN.revision(connection)
            if there not in (None, *CHAIN.revisions):
                raise ConfigurationError(
                    f"its tables are of version {there}, which this bvt does not know.",
                    file=self.name,
                    hint="Use the newer bvt that wrote it.",
                )
            if there != CHAIN.revisions[0]:
                CHAIN.upgrade(connection)
            yield connection
        self._current = True

    def _make_folder(self) -> None:
        if self._place.file is None:
            return
        folder = self._place.file.parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            words = "it is no directory" if isinstance(error, FileExistsError) else error.strerror
            raise InfrastructureError(
                f"the history {self.name} cannot be used: {folder}: {words}."
            ) from error

"""The database behind a ledger: it must have been begun, and its schema is the newest or says so."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection

from harness import one_writer
from harness.migrations import Chain
from harness.model.errors import ConfigurationError, InfrastructureError

ADVISORY_LOCK = 0x6276746C  # "bvtl"
NAME_ANOTHER = "Name another with --ledger or BVT_LEDGER."
CHAIN = Chain(Path(__file__).with_name("migrations"), "ledger_version")


class LedgerUnavailable(InfrastructureError):
    """The database cannot be reached, or does not do what it should."""


class Database:
    """A ledger's database, named by file or URL. Nothing is opened before it is used; no connection is kept."""

    def __init__(self, place: str) -> None:
        self._place = one_writer.OneWriter(
            place, what="a ledger", lock=ADVISORY_LOCK, unavailable=LedgerUnavailable
        )
        self.name, self._file = self._place.name, self._place.file
        self._current = False
        """Once seen: no schema grows older while a process runs."""

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A view of the ledger that stays as it is. Raises `ConfigurationError` if there is none here."""
        self._must_exist()
        with self._place.transaction(writes=False) as connection:
            self._must_be_current(connection)
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """The only writer until the end, when all is there, or nothing if an error ends it."""
        self._must_exist()
        with self._place.transaction(writes=True) as connection:
            self._must_be_current(connection)
            yield connection

    def create(self) -> None:
        """Make the tables, or bring them to the newest schema. Raises `ConfigurationError` and `LedgerUnavailable`."""
        self._place.must_be_possible(NAME_ANOTHER)
        if self._file:
            try:
                self._file.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise ConfigurationError(
                    f"it cannot be made: {error.strerror}.", file=str(self._file)
                ) from None
        with self._place.transaction(writes=True) as connection:
            if (found := CHAIN.revision(connection)) not in (None, *CHAIN.revisions):
                raise self._newer(found)
            CHAIN.upgrade(connection)

    def upgrade(self) -> None:
        """Bring tables that are there to the newest schema. Raises `ConfigurationError` and `LedgerUnavailable`."""
        self._must_exist()
        with self._place.transaction(writes=False) as connection:
            if CHAIN.revision(connection) is None:
                raise self._none()
        self.create()

    def _must_exist(self) -> None:
        self._place.must_be_possible(NAME_ANOTHER)
        if self._file and not self._file.is_file():
            raise self._none()

    def _must_be_current(self, connection: Connection) -> None:
        if self._current:
            return
        found, known = CHAIN.revision(connection), CHAIN.revisions
        if found is None:
            raise self._none()
        if found not in known:
            raise self._newer(found)
        if found != known[0]:
            raise ConfigurationError(
                f"its tables are of version {found}, this needs {known[0]}.",
                file=self.name,
                hint="Bring it there with: bvt ledger upgrade",
            )
        self._current = True

    def _none(self) -> ConfigurationError:
        hint = f"Begin one with: bvt ledger init. Or {NAME_ANOTHER[0].lower()}{NAME_ANOTHER[1:]}"
        return ConfigurationError("there is no ledger here.", file=self.name, hint=hint)

    def _newer(self, found: str | None) -> ConfigurationError:
        message = f"its tables are of version {found}, which this bvt does not know."
        return ConfigurationError(message, file=self.name, hint="Use the newer bvt that wrote it.")

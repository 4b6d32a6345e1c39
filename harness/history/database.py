"""The database behind a history: named by file or URL, its tables brought to the newest version when it is used.

One writer at a time, by `BEGIN IMMEDIATE` or by an advisory lock of PostgreSQL's: runs that end at once, on one machine
or many, wait for each other.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from harness.migrations import Chain
from harness.model.errors import ConfigurationError, InfrastructureError

LOCK_S = 60
"""How long a writer waits for others."""
CONNECT_S = 10
ADVISORY_LOCK = 0x62767468  # "bvth"
WRITES = "history_writes"
CHAIN = Chain(Path(__file__).with_name("migrations"), "history_version")


class Database:
    """Nothing is opened before it is used; no connection is kept. Raises `ConfigurationError`, `InfrastructureError`."""

    def __init__(self, place: str) -> None:
        self.name = place
        self._file = None if "://" in place else Path(place)
        url = place if "://" in place else f"sqlite:///{place}"
        sqlite = url.startswith("sqlite:")
        try:
            self._engine = create_engine(
                url.replace("postgresql://", "postgresql+psycopg://"),
                poolclass=NullPool,
                connect_args={"timeout": LOCK_S} if sqlite else {"connect_timeout": CONNECT_S},
            )
        except (SQLAlchemyError, ImportError) as error:
            raise ConfigurationError(
                f"a history cannot be kept there: {error}.",
                hint="Name a file, or postgresql://USER@HOST/DATABASE.",
            ) from None
        if sqlite:
            event.listen(self._engine, "connect", _tune_sqlite)
        event.listen(self._engine, "begin", _begin_sqlite if sqlite else _begin_postgres)
        self._current = False

    def exists(self) -> bool:
        """Whether there is a file; of a database the first question shows it."""
        return self._file is None or self._file.is_file()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """The history as it is now. Tables of an older version are brought to the newest before."""
        if not self._current:
            with self._transaction(writes=False) as connection:
                there = CHAIN.revision(connection)
            if there != CHAIN.revisions[0]:
                with self.writing():
                    pass
        with self._transaction(writes=False) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """The only writer until the end, when all is there, or nothing if an error ends it."""
        self._make_folder()
        with self._transaction(writes=True) as connection:
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
        if self._file is None:
            return
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            words = "it is no directory" if isinstance(error, FileExistsError) else error.strerror
            raise InfrastructureError(
                f"the history {self.name} cannot be used: {self._file.parent}: {words}."
            ) from error

    @contextmanager
    def _transaction(self, *, writes: bool) -> Iterator[Connection]:
        try:
            with self._engine.connect() as connection:
                connection = connection.execution_options(**{WRITES: writes})
                with connection.begin():
                    yield connection
        except SQLAlchemyError as error:
            words = str(getattr(error, "orig", None) or error).splitlines()[0].rstrip(".")
            raise InfrastructureError(f"the history {self.name} cannot be used: {words}.") from error


def _tune_sqlite(connection: object, _record: object) -> None:
    connection.isolation_level = None  # type: ignore[attr-defined]  # transactions begin where we say


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _begin_postgres(connection: Connection) -> None:
    if connection.get_execution_options().get(WRITES):
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_S}s'")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})")
    else:
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")

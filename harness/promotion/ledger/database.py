"""The database behind a ledger: named by file or URL, brought to the newest schema, and locked for whoever writes.

SQLite keeps its rollback journal (not WAL): the ledger stays one file that can be copied, kept and read from media that
cannot be written. One writer at a time, by `BEGIN IMMEDIATE` or by an advisory lock of PostgreSQL's, so that what is
decided on the ledger's state is appended to that very state.
"""

import functools
import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from harness.migrations import Chain
from harness.model.errors import ConfigurationError, InfrastructureError

LOCK_S = 60
"""How long a writer waits for others."""
CONNECT_S = 10
ADVISORY_LOCK = 0x6276746C  # "bvtl"
CHAIN = Chain(Path(__file__).with_name("migrations"), "ledger_version")
WRITES = "ledger_writes"
POSTGRES = "postgresql+psycopg"


class LedgerUnavailable(InfrastructureError):
    """The database cannot be reached, or does not do what it should."""


class Database:
    """A ledger's database. Nothing is opened before it is used; no connection is kept."""

    def __init__(self, place: str) -> None:
        url = _url(place)
        self.name = url.database if url.drivername == "sqlite" else url.render_as_string(hide_password=True)
        self._file = Path(url.database or "") if url.drivername == "sqlite" else None
        self._engine = _engine(url)
        self._current = False
        """Once seen: no schema grows older while a process runs."""

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A view of the ledger that stays as it is. Raises `ConfigurationError` if there is none here."""
        self._must_exist()
        with self._transaction(writes=False) as connection:
            self._must_be_current(connection)
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """The only writer until the end, when all is there, or nothing if an error ends it."""
        self._must_exist()
        with self._transaction(writes=True) as connection:
            self._must_be_current(connection)
            yield connection

    def create(self) -> None:
        """Make the tables, or bring them to the newest schema. Raises `ConfigurationError` and `LedgerUnavailable`."""
        if self._file:
            try:
                self._file.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise ConfigurationError(
                    f"it cannot be made: {error.strerror}.", file=str(self._file)
                ) from None
        with self._transaction(writes=True) as connection:
            if (found := CHAIN.revision(connection)) not in (None, *CHAIN.revisions):
                raise self._newer(found)
            CHAIN.upgrade(connection)

    def upgrade(self) -> None:
        """Bring tables that are there to the newest schema. Raises `ConfigurationError` and `LedgerUnavailable`."""
        self._must_exist()
        with self._transaction(writes=False) as connection:
            if CHAIN.revision(connection) is None:
                raise self._none()
        self.create()

    @contextmanager
    def _transaction(self, *, writes: bool) -> Iterator[Connection]:
        try:
            with self._engine.connect() as connection:
                connection = connection.execution_options(**{WRITES: writes})
                with connection.begin():
                    yield connection
        except SQLAlchemyError as error:
            raise LedgerUnavailable(
                f"the ledger {self.name} cannot be used: {_words(error)}.", hint=_hint(error)
            ) from error

    def _must_exist(self) -> None:
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
                file=self.name or "",
                hint="Bring it there with: bvt ledger upgrade",
            )
        self._current = True

    def _none(self) -> ConfigurationError:
        hint = "Begin one with: bvt ledger init. Or name another with --ledger or BVT_LEDGER."
        return ConfigurationError("there is no ledger here.", file=self.name or "", hint=hint)

    def _newer(self, found: str | None) -> ConfigurationError:
        message = f"its tables are of version {found}, which this bvt does not know."
        return ConfigurationError(message, file=self.name or "", hint="Use the newer bvt that wrote it.")


def _url(place: str) -> URL:
    if "://" not in place:
        return URL.create("sqlite", database=place)
    try:
        url = make_url(place)
    except ArgumentError:
        raise ConfigurationError("the ledger's URL cannot be read.", hint=FORMS) from None
    kind = url.get_backend_name()
    if kind == "sqlite" and url.database and url.database != ":memory:":
        return url.set(drivername="sqlite")
    if kind in ("postgresql", "postgres"):
        if importlib.util.find_spec("psycopg") is None:
            raise ConfigurationError(
                "a ledger in PostgreSQL needs psycopg, which is not installed.",
                hint="Install it with: pip install 'agent-bvt[postgres]'",
            )
        return url.set(drivername=POSTGRES)
    raise ConfigurationError(f"a ledger cannot be kept in {kind!r}.", hint=FORMS)


FORMS = "Name a file, or postgresql://USER@HOST/DATABASE."


def _engine(url: URL) -> Engine:
    if url.drivername == "sqlite":
        engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": LOCK_S})
        event.listen(engine, "connect", _tune_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    engine = create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": CONNECT_S})
    event.listen(engine, "begin", _begin_postgres)
    return engine


def _tune_sqlite(connection: object, _record: object) -> None:
    connection.isolation_level = None  # type: ignore[attr-defined]  # transactions begin where we say
    # Text that is no UTF-8 is damage to be told of, not a database that cannot be read.
    connection.text_factory = functools.partial(str, encoding="utf-8", errors="replace")  # type: ignore[attr-defined]
    connection.execute("PRAGMA synchronous = EXTRA")  # type: ignore[attr-defined]  # committed is on the disk


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _begin_postgres(connection: Connection) -> None:
    if connection.get_execution_options().get(WRITES):
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_S}s'")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})")
    else:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


def _words(error: SQLAlchemyError) -> str:
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    return (str(cause).strip().splitlines() or [type(cause).__name__])[0].rstrip(".")


def _hint(error: SQLAlchemyError) -> str:
    words = _words(error)
    if "locked" in words or "lock timeout" in words:
        return f"Another process has written for more than {LOCK_S} s; try again."
    return ""

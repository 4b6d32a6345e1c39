"""A database in which one process writes at a time: a file of SQLite, or PostgreSQL by URL.

SQLite keeps its rollback journal (not WAL): it stays one file that can be copied, kept and read from media that cannot
be written. A writer is alone by `BEGIN IMMEDIATE`, or by an advisory lock of PostgreSQL, so that what is decided on the
state at hand is written to that very state.
"""

import functools
import importlib.util
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from harness.model.errors import ConfigurationError, InfrastructureError

LOCK_S = 60
"""How long a writer waits for others."""
CONNECT_S = 10
NOT_OURS = {
    "readonly database": "it may not be written",
    "unable to open database file": "it cannot be opened, or its folder may not be written",
}
"""What SQLite says of a file that this user may not use, by a part of it."""
SQLITE_BEGINS = b"SQLite format 3\0"
"""How a file of SQLite begins that is not empty (Database File Format, section 1.3.1)."""
WRITES = "writes"
"""Option of a connection: whether its transaction is a writer's."""
SQLITE, POSTGRES = "sqlite", "postgresql+psycopg"
FORMS = "Name a file, or postgresql://USER@HOST/DATABASE."


class OneWriter:
    """Nothing is opened before it is used; no connection is kept.

    `what`: how messages call it, as in "a ledger". `lock`: the number of PostgreSQL's lock, another one for each kind.
    `unavailable`: the error of a database that cannot be used.
    Raises `ConfigurationError` for a place where none can be kept.
    """

    def __init__(
        self,
        place: str,
        *,
        what: str,
        lock: int,
        unavailable: type[InfrastructureError] = InfrastructureError,
    ) -> None:
        url = _url(place, what)
        self.file = Path(url.database or "") if url.drivername == SQLITE else None
        self.name = str(url.database or "") if self.file else url.render_as_string(hide_password=True)
        self.engine = _engine(url, lock)
        self._what, self._unavailable = what, unavailable

    def must_be_possible(self, hint: str) -> None:
        """Raises `ConfigurationError` for what is no database and never becomes one: another file was named.

        What is not there yet is possible where a file can be made. `hint`: how to name another.
        """
        if self.file is None:
            return
        if not self.file.exists():
            self._must_be_makeable(self.file, hint)
            return
        if self.file.is_dir():
            found = "a directory"
        elif not self.file.is_file():
            found = "no ordinary file"
        else:
            try:
                with self.file.open("rb") as file:
                    begins = file.read(len(SQLITE_BEGINS))
            except OSError as error:
                raise ConfigurationError(
                    f"it cannot be read: {error.strerror}.", file=self.name, hint=hint
                ) from None
            if begins in (b"", SQLITE_BEGINS):
                return
            found = "no database"
        raise ConfigurationError(f"this is {found}, so it is not {self._what}.", file=self.name, hint=hint)

    def _must_be_makeable(self, file: Path, hint: str) -> None:
        place = next(each for each in file.absolute().parents if os.path.lexists(each))
        if not place.is_dir():
            why = "is no directory"
        elif not os.access(place, os.W_OK | os.X_OK):
            why = "may not be written into"
        else:
            return
        raise ConfigurationError(
            f"{self._what} cannot be made here: {place} {why}.", file=self.name, hint=hint
        )

    @contextmanager
    def transaction(self, *, writes: bool) -> Iterator[Connection]:
        """One transaction: whole, or nothing if an error ends it.

        Raises `unavailable` if the database cannot be reached, or does not do what it should; `ConfigurationError` for a
        file that this user may not write.
        """
        try:
            with self.engine.connect() as connection:
                connection = connection.execution_options(**{WRITES: writes})
                with connection.begin():
                    yield connection
        except SQLAlchemyError as error:
            if self.file is not None and (
                why := next((NOT_OURS[w] for w in NOT_OURS if w in words(error)), "")
            ):
                raise ConfigurationError(f"{why}.", file=self.name, hint="Name another.") from None
            what = self._what.removeprefix("a ")
            raise self._unavailable(
                f"the {what} {self.name} cannot be used: {words(error)}.", hint=_hint(error)
            ) from error


def words(error: SQLAlchemyError) -> str:
    """What the database said, in one line without its full stop."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    return (str(cause).strip().splitlines() or [type(cause).__name__])[0].rstrip(".")


def _hint(error: SQLAlchemyError) -> str:
    """What to do about it; empty if nothing is known."""
    said = words(error)
    if "malformed" in said:
        return "The file is damaged; put back a copy of it."
    if "locked" in said or "lock timeout" in said:
        return f"Another process has written for more than {LOCK_S} s; try again."
    return ""


def _url(place: str, what: str) -> URL:
    if "://" not in place:
        return URL.create(SQLITE, database=place)
    try:
        url = make_url(place)
    except ArgumentError:
        raise ConfigurationError(f"the URL of {what} cannot be read.", hint=FORMS) from None
    kind = url.get_backend_name()
    if kind == "sqlite" and url.database and url.database != ":memory:":
        return url.set(drivername=SQLITE)
    if kind in ("postgresql", "postgres"):
        if importlib.util.find_spec("psycopg") is None:
            raise ConfigurationError(
                f"{what} in PostgreSQL needs psycopg, which is not installed.",
                hint="Install it with: pip install 'agent-bvt[postgres]'",
            )
        return url.set(drivername=POSTGRES)
    raise ConfigurationError(f"{what} cannot be kept in {kind!r}.", hint=FORMS)


def _engine(url: URL, lock: int) -> Engine:
    if url.drivername == SQLITE:
        engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": LOCK_S})
        event.listen(engine, "connect", _tune_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    engine = create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": CONNECT_S})
    event.listen(engine, "begin", functools.partial(_begin_postgres, lock))
    return engine


def _tune_sqlite(connection: object, _record: object) -> None:
    connection.isolation_level = None  # type: ignore[attr-defined]  # transactions begin where we say
    # Text that is no UTF-8 is damage to be told of, not a database that cannot be read.
    connection.text_factory = functools.partial(str, encoding="utf-8", errors="replace")  # type: ignore[attr-defined]
    connection.execute("PRAGMA synchronous = EXTRA")  # type: ignore[attr-defined]  # committed is on the disk


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _begin_postgres(lock: int, connection: Connection) -> None:
    if connection.get_execution_options().get(WRITES):
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_S}s'")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({lock})")
    else:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")

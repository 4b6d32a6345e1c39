"""A file of SQLite that several processes write: opened in WAL mode, also when all of them begin at once."""

import sqlite3
from pathlib import Path

import tenacity

BUSY_S = 15.0
"""How long a writer waits for another one, and an opening for another opening."""
_TAKEN = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def open_wal(path: Path, schema: str, *, check_same_thread: bool = True) -> sqlite3.Connection:
    """Open the file, make what `schema` says and is not there yet. Without transactions of Python's own.

    The busy timeout covers neither the step to WAL nor a reader that turns writer, so the opening is tried again.
    Raises `sqlite3.Error`.
    """
    db = sqlite3.connect(path, BUSY_S, isolation_level=None, check_same_thread=check_same_thread)
    retrying = tenacity.Retrying(
        stop=tenacity.stop_after_delay(BUSY_S),
        wait=tenacity.wait_random_exponential(multiplier=0.01, max=0.5),
        retry=tenacity.retry_if_exception(_taken),
        reraise=True,
    )
    try:
        retrying(_prepare, db, schema)
    except BaseException:
        db.close()
        raise
    return db


def _prepare(db: sqlite3.Connection, schema: str) -> None:
    db.execute("pragma journal_mode = wal")
    db.executescript(f"begin immediate;\n{schema}\ncommit;")


def _taken(error: BaseException) -> bool:
    return isinstance(error, sqlite3.OperationalError) and (error.sqlite_errorcode & 0xFF) in _TAKEN

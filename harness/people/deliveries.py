"""How far each destination has come in the ledger, and what became of every message."""

import sqlite3
import time
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from harness.model.errors import InfrastructureError
from harness.sqlite_file import open_wal

DELIVERIES_FILE = "deliveries.sqlite"
_SCHEMA = """
create table if not exists destination (name text primary key, since integer not null, at integer not null);
create table if not exists delivery (
  destination text not null, number integer not null, title text not null, outcome text not null,
  attempts integer not null, reason text not null, at real not null, primary key (destination, number)
);
"""


class Outcome(StrEnum):
    """What became of a message."""

    SENT = "sent"
    FAILED = "failed"
    OVERTAKEN = "overtaken"


@dataclass(frozen=True)
class Delivery:
    """What became of one message."""

    destination: str
    number: int
    title: str
    outcome: Outcome
    attempts: int
    reason: str = ""
    at: float = 0.0

    def document(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


class Deliveries:
    """One connection, for one thread."""

    def __init__(self, path: Path) -> None:
        try:
            self._db = open_wal(path, _SCHEMA)
        except sqlite3.Error as error:
            raise InfrastructureError(f"{path}: the list of messages cannot be used: {error}.") from error

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def place(self, destination: str, size: int) -> tuple[int, int]:
        """Since which entry the destination is known, and the next one that it is to be told of.

        A new destination is told of what is still open, and else of what is to come.
        """
        self._db.execute("insert or ignore into destination values (?, ?, 0)", (destination, size))
        query = "select since, at from destination where name = ?"
        since, at = self._db.execute(query, (destination,)).fetchone()
        return int(since), int(at)

    def advance(self, destination: str, at: int, delivery: Delivery | None = None) -> None:
        """Go on to entry `at`, with what became of the message before it, in one transaction."""
        self._db.execute("begin immediate")
        if delivery is not None:
            row = (*asdict(delivery).values(),)[:-1]
            self._db.execute(
                "insert or replace into delivery values (?, ?, ?, ?, ?, ?, ?)", (*row, time.time())
            )
        self._db.execute("update destination set at = ? where name = ?", (at, destination))
        self._db.execute("commit")

    def newest(self, most: int = 100) -> list[Delivery]:
        """What became of the newest messages, the newest first."""
        rows = self._db.execute("select * from delivery order by at desc limit ?", (most,)).fetchall()
        return [Delivery(row[0], row[1], row[2], Outcome(row[3]), *row[4:]) for row in rows]

"""Which playbooks are being played on what, and how far each has come."""

import sqlite3
from pathlib import Path

from harness.model.errors import InfrastructureError
from harness.people.playing import End, Progress
from harness.sqlite_file import open_wal

PLAYS_FILE = "plays.sqlite"
_SCHEMA = """
create table if not exists begun (playbook text primary key, since integer not null);
create table if not exists play (
  playbook text not null, number integer not null, step integer not null, since real not null, end text not null,
  primary key (playbook, number)
);
"""


class Plays:
    """One connection, for one thread."""

    def __init__(self, path: Path) -> None:
        try:
            self._db = open_wal(path, _SCHEMA)
        except sqlite3.Error as error:
            raise InfrastructureError(f"{path}: the list of playbooks cannot be used: {error}.") from error

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def since(self, playbook: str, size: int) -> int:
        """From which entry of the ledger on a playbook is played: what was there before it is not played anew."""
        self._db.execute("insert or ignore into begun values (?, ?)", (playbook, size))
        return int(self._db.execute("select since from begun where playbook = ?", (playbook,)).fetchone()[0])

    def progress(self, playbook: str, number: int, now: float) -> Progress:
        """How far it has come on the entry of this number; the beginning if it has not begun."""
        query = "select step, since, end from play where playbook = ? and number = ?"
        row = self._db.execute(query, (playbook, number)).fetchone()
        return Progress(int(row[0]), float(row[1]), End(row[2])) if row else Progress(0, now)

    def keep(self, playbook: str, number: int, progress: Progress) -> None:
        """Remember it."""
        row = (playbook, number, progress.step, progress.since, progress.end.value)
        self._db.execute("insert or replace into play values (?, ?, ?, ?, ?)", row)

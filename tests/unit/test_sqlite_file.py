"""A file that several open at once, none of whom may be sent away."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness.sqlite_file import open_wal

SCHEMA = "create table if not exists t (n integer primary key);\ncreate index if not exists i on t (n);"
FILES = 200
"""With plain `sqlite3` one opening in 14 ended with "database is locked"."""


def _opened(path: Path, number: int) -> int:
    db = open_wal(path, SCHEMA)
    db.execute("insert into t values (?)", (number,))
    db.close()
    return number


def test_all_who_make_the_file_at_once_get_in(tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        for file in range(FILES):
            path = tmp_path / f"{file}.sqlite"
            assert list(pool.map(_opened, [path, path], [1, 2], timeout=60)) == [1, 2]


def test_a_file_of_another_kind_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_text("no database, but long enough that nobody takes it for an empty one. " * 20)
    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        open_wal(path, SCHEMA)

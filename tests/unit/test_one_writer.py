"""A database that one process writes at a time: what is no database, and what this user may not write."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from harness.model.errors import ConfigurationError, InfrastructureError
from harness.one_writer import OneWriter


def test_a_file_that_may_only_be_read_is_the_users_to_change(tmp_path: Path) -> None:
    file = tmp_path / "a.db"
    there = OneWriter(str(file), what="a ledger", lock=1)
    with there.transaction(writes=True) as connection:
        connection.execute(text("CREATE TABLE x (y INTEGER)"))
    there.engine = create_engine(f"sqlite:///file:{file}?mode=ro&uri=true")
    with (
        pytest.raises(ConfigurationError, match=r"a\.db: it may not be written\. Name another\."),
        there.transaction(writes=True) as connection,
    ):
        connection.execute(text("INSERT INTO x VALUES (1)"))


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    there = OneWriter(str(tmp_path / "none" / "a.db"), what="a ledger", lock=1)
    with pytest.raises(ConfigurationError, match="it cannot be opened"), there.transaction(writes=True):
        pass


def test_what_the_database_has_against_it_is_the_labs(tmp_path: Path) -> None:
    there = OneWriter(str(tmp_path / "a.db"), what="a ledger", lock=1)
    with (
        pytest.raises(InfrastructureError, match=r"the ledger .*a\.db cannot be used: no such table: x"),
        there.transaction(writes=False) as connection,
    ):
        connection.execute(text("SELECT * FROM x"))


def test_where_none_can_be_made_is_said_before_anything_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("x")
    there = OneWriter(str(tmp_path / "file" / "below" / "a.db"), what="a ledger", lock=1)
    with pytest.raises(
        ConfigurationError, match=r"a\.db: a ledger cannot be made here: .*/file is no directory\."
    ):
        there.must_be_possible("Name another.")
    there = OneWriter(str(tmp_path / "new" / "a.db"), what="a ledger", lock=1)
    there.must_be_possible("Name another.")
    monkeypatch.setattr("os.access", lambda *_: False)  # root may write anywhere but on a read-only disk
    with pytest.raises(ConfigurationError, match=r"may not be written into\. Name another"):
        there.must_be_possible("Name another.")

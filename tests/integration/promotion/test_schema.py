"""The tables that migrations make are those that the code works with; other versions are refused."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from harness.model.errors import ConfigurationError
from harness.promotion.ledger.schema import metadata
from harness.promotion.ledger.store import Ledger


def test_migrations_and_code_agree(ledger: Ledger) -> None:
    with ledger._database.writing() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": "ledger_version"})
        assert compare_metadata(context, metadata) == []


def test_making_it_twice_changes_nothing(ledger: Ledger) -> None:
    with ledger.writing() as writer:
        writer.append([b"one"])
    ledger.create()
    ledger.upgrade()
    with ledger.reading() as snapshot:
        assert snapshot.size == 1


@pytest.mark.parametrize(("version", "words"), [("9999", "does not know"), (None, "there is no ledger here")])
def test_other_tables_are_refused(ledger: Ledger, place: str, version: str | None, words: str) -> None:
    change = (
        f"UPDATE ledger_version SET version_num = '{version}'" if version else "DELETE FROM ledger_version"
    )
    with ledger._database.writing() as connection:
        connection.execute(text(change))
    ledger = Ledger(place)  # as the next process finds it
    with pytest.raises(ConfigurationError, match=words), ledger.reading():
        pass
    with pytest.raises(ConfigurationError, match=words):
        ledger.upgrade()

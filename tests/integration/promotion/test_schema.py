"""The tables that migrations make are those that the code works with; other versions are refused."""

import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from harness.history import database as history
from harness.migrations import Chain
from harness.model.errors import ConfigurationError
from harness.promotion.ledger import database as ledger_database
from harness.promotion.ledger.schema import metadata
from harness.promotion.ledger.store import Ledger


def test_migrations_and_code_agree(ledger: Ledger) -> None:
    with ledger._database.writing() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": "ledger_version"})
        assert compare_metadata(context, metadata) == []


@pytest.mark.parametrize("chain", [ledger_database.CHAIN, history.CHAIN], ids=["ledger", "history"])
def test_the_names_of_the_files_tell_the_versions_that_alembic_finds(chain: Chain) -> None:
    found = [script.revision for script in ScriptDirectory(str(chain.folder)).walk_revisions()]
    assert chain.revisions == found


def test_the_version_in_the_database_is_the_one_that_alembic_reads(ledger: Ledger) -> None:
    with ledger._database.writing() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": "ledger_version"})
        assert ledger_database.CHAIN.revision(connection) == context.get_current_revision()
        assert Chain(ledger_database.CHAIN.folder, "no_such_table").revision(connection) is None


def test_who_only_reads_loads_no_migrations(ledger: Ledger, place: str) -> None:
    """Alembic takes as long to load as all the rest of a command."""
    script = (
        "import sys; from harness.promotion.ledger.store import Ledger\n"
        "with Ledger(sys.argv[1]).reading() as snapshot: print(snapshot.size)\n"
        "print('alembic' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, place], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout.split() == ["0", "False"], done.stderr


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

"""Tables that change from version to version: the migrations of a folder, run by Alembic in the transaction at hand.

One chain for each store, with a table of its own that holds the version, so that two stores may share a database.
"""

import functools
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, column, inspect, select, table

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext

_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True)
class Chain:
    """The migrations in `folder`; `table` holds which of them the database has had last."""

    folder: Path
    table: str

    def revision(self, connection: Connection) -> str | None:
        """The version of the tables; None if there are none."""
        if not inspect(connection).has_table(self.table):
            return None
        return connection.execute(select(column("version_num")).select_from(table(self.table))).scalar()

    @functools.cached_property
    def revisions(self) -> list[str]:
        """Every version that is known, the newest first."""
        files = sorted((self.folder / "versions").glob("v*_*.py"), reverse=True)
        return [path.name[1:].partition("_")[0] for path in files]

    def upgrade(self, connection: Connection) -> None:
        """Run the migrations that are missing. Whoever calls it is the only one who does so meanwhile."""
        # A quarter of the time of a command that only reads: it asks for the version and no more.
        from alembic.config import Config
        from alembic.runtime.environment import EnvironmentContext
        from alembic.script import ScriptDirectory

        scripts = ScriptDirectory(str(self.folder))

        def missing(revision: object, _: "MigrationContext") -> object:
            return scripts._upgrade_revs("head", revision)  # type: ignore[arg-type]

        # An env.py would begin a transaction of its own. What migrations call is one for the whole process.
        with (
            _ONE_AT_A_TIME,
            EnvironmentContext(Config(), scripts, fn=missing, destination_rev="head") as environment,
        ):
            environment.configure(connection=connection, version_table=self.table, transactional_ddl=False)
            environment.run_migrations()

"""Tables that change from version to version: the migrations of a folder, run by Alembic in the transaction at hand.

One chain for each store, with a table of its own that holds the version, so that two stores may share a database.
"""

import functools
import threading
from dataclasses import dataclass
from pathlib import Path

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True)
class Chain:
    """The migrations in `folder`; `table` holds which of them the database has had last."""

    folder: Path
    table: str

    def revision(self, connection: Connection) -> str | None:
        """The version of the tables; None if there are none."""
        return MigrationContext.configure(
            connection, opts={"version_table": self.table}
        ).get_current_revision()

    @functools.cached_property
    def revisions(self) -> list[str]:
        """Every version that is known, the newest first."""
        return [script.revision for script in self._scripts().walk_revisions()]

    def upgrade(self, connection: Connection) -> None:
        """Run the migrations that are missing. Whoever calls it is the only one who does so meanwhile."""
        scripts = self._scripts()

        def missing(revision: object, _: MigrationContext) -> object:
            return scripts._upgrade_revs("head", revision)  # type: ignore[arg-type]

        # An env.py would begin a transaction of its own. What migrations call is one for the whole process.
        with (
            _ONE_AT_A_TIME,
            EnvironmentContext(Config(), scripts, fn=missing, destination_rev="head") as environment,
        ):
            environment.configure(connection=connection, version_table=self.table, transactional_ddl=False)
            environment.run_migrations()

    def _scripts(self) -> ScriptDirectory:
        return ScriptDirectory(str(self.folder))

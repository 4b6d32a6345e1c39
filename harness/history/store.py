"""The history of runs in SQL: a file of SQLite, or PostgreSQL by URL; it may be the ledger's own database.

Only failures are kept of results, and which cells had one at all.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Column, Connection, MetaData, String, Table, Text, insert, select

from harness.history.database import Database
from harness.model.context import Age
from harness.model.gate import Gate
from harness.model.report import Outcome

metadata = MetaData()
runs = Table(
    "history_run",
    metadata,
    Column("run_id", String(200), primary_key=True),
    Column("created", String(40), nullable=False),  # ISO 8601 in UTC, all of one length: sorts as time does
    Column("profile", String(200), nullable=False),
    Column("pool", String(200), nullable=False),
    Column("version", String(200), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("verdict", String(20), nullable=False),
)
cells = Table(
    "history_cell",
    metadata,
    Column("run_id", String(200), primary_key=True),
    Column("cell", String(200), primary_key=True),
)
failures = Table(
    "history_failure",
    metadata,
    Column("run_id", String(200), primary_key=True),
    Column("cell", String(200), primary_key=True),
    Column("check", String(200), primary_key=True),
    Column("reason", Text, nullable=False),
)
REASON = 2000
"""Characters of a reason that are kept."""


@dataclass(frozen=True)
class Run:
    """One run of the history."""

    run_id: str
    created: datetime
    version: str
    verdict: str


class History:
    """Nothing is opened before it is used. Raises `ConfigurationError` and `InfrastructureError`."""

    def __init__(self, place: str) -> None:
        self.name = place
        self._database = Database(place)

    def exists(self) -> bool:
        """Whether there is a file; of a database the first question shows it."""
        return self._database.exists()

    def append(self, gate: Gate) -> None:
        """Keep what the run came to. A run that is there already stays as it is."""
        with self._database.writing() as connection:
            if connection.execute(select(runs.c.run_id).where(runs.c.run_id == gate.run_id)).first():
                return
            connection.execute(insert(runs).values(**_run(gate)))
            reports = [entry.report for entry in gate.cells if entry.report]
            if reports:
                rows = [{"run_id": gate.run_id, "cell": report.cell_id} for report in reports]
                connection.execute(insert(cells), rows)
            failed = [
                {
                    "run_id": gate.run_id,
                    "cell": report.cell_id,
                    "check": check.check,
                    "reason": check.message[:REASON],
                }
                for report in reports
                for check in report.checks
                if check.outcome is Outcome.FAILED
            ]
            if failed:
                connection.execute(insert(failures), failed)

    def runs(self, profile: str, pool: str, most: int = 200) -> list[Run]:
        """The newest first."""
        with self._database.reading() as connection:
            return self._runs(connection, profile, pool, most)

    def ages(self, profile: str, pool: str, run_id: str) -> tuple[Age, ...]:
        """Since when each failure of this run has been failing, over runs in a row that had a result of its cell."""
        with self._database.reading() as connection:
            every = self._runs(connection, profile, pool, 1000)
            names = [each.run_id for each in every]
            if run_id not in names:
                return ()
            row = every[names.index(run_id) :]
            of_row = [each.run_id for each in row]
            failed = select(failures.c.run_id, failures.c.cell, failures.c.check)
            ran = select(cells.c.run_id, cells.c.cell)
            failing = {
                tuple(each) for each in connection.execute(failed.where(failures.c.run_id.in_(of_row)))
            }
            had = {tuple(each) for each in connection.execute(ran.where(cells.c.run_id.in_(of_row)))}
        mine = sorted((cell, check) for run, cell, check in failing if run == run_id)
        return tuple(_age(row, failing, had, cell, check) for cell, check in mine)

    def _runs(self, connection: Connection, profile: str, pool: str, most: int) -> list[Run]:
        query = (
            select(runs.c.run_id, runs.c.created, runs.c.version, runs.c.verdict)
            .where(runs.c.profile == profile, runs.c.pool == pool)
            .order_by(runs.c.created.desc())
            .limit(most)
        )
        return [Run(run, datetime.fromisoformat(at), *rest) for run, at, *rest in connection.execute(query)]


def _run(gate: Gate) -> dict[str, str]:
    return {
        "run_id": gate.run_id,
        "created": gate.created.astimezone(UTC).isoformat(timespec="microseconds"),
        "profile": gate.plan.profile,
        "pool": gate.plan.pool,
        "version": gate.plan.candidate.version,
        "sha256": gate.plan.candidate.sha256,
        "verdict": gate.verdict.value,
    }


def _age(
    row: list[Run],
    failing: set[tuple[str, ...]],
    had: set[tuple[str, ...]],
    cell: str,
    check: str,
) -> Age:
    """A run without a result of the cell neither ends the row nor counts in it."""
    first, count = row[0], 0
    for run in row:
        if (run.run_id, cell) not in had:
            continue
        if (run.run_id, cell, check) not in failing:
            break
        first, count = run, count + 1
    return Age(
        cell=cell,
        check=check,
        runs=max(count, 1),
        since=first.created,
        first_run=first.run_id,
        first_version=first.version,
    )

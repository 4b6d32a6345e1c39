"""The history of runs in a file and in PostgreSQL: many who begin at once, and tables of other versions."""

from multiprocessing.synchronize import Barrier

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from harness.history.database import CHAIN
from harness.history.store import History, metadata
from harness.model.errors import ConfigurationError
from harness.model.gate import Gate
from harness.promotion.ledger.store import Ledger
from tests.integration.promotion.at_once import DONE_S, WRITERS, all_at_once
from tests.unit.gate.samples import a_cell, a_gate, a_plan, a_report

RUNS = 4
PLAN = a_plan(a_cell())


def run(name: str) -> Gate:
    return a_gate(PLAN, [a_report(PLAN, PLAN.cells[0])]).model_copy(update={"run_id": name})


def _append(place: str, name: int, start: Barrier) -> None:
    start.wait(DONE_S)
    for number in range(RUNS):
        history = History(place)
        history.append(run(f"{name}-{number}"))
        assert history.runs("reference", "embedded")


def test_eight_runs_that_end_at_once_make_one_history(place: str) -> None:
    """The tables are not there yet: all of them want to make them."""
    all_at_once(_append, place)
    kept = {each.run_id for each in History(place).runs("reference", "embedded")}
    assert kept == {f"{name}-{number}" for name in range(WRITERS) for number in range(RUNS)}


def test_migrations_and_code_agree(place: str) -> None:
    history = History(place)
    history.append(run("one"))
    with history._database.writing() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": CHAIN.table})
        assert compare_metadata(context, metadata) == []


def test_tables_without_a_version_are_taken_over(place: str) -> None:
    """Those of the time before there were versions."""
    History(place).append(run("one"))
    with History(place)._database.writing() as connection:
        connection.execute(text("DROP TABLE history_version"))
    assert [each.run_id for each in History(place).runs("reference", "embedded")] == ["one"]
    History(place).append(run("two"))
    with History(place)._database.reading() as connection:
        assert CHAIN.revision(connection) == CHAIN.revisions[0]


def test_tables_of_a_newer_bvt_are_refused(place: str) -> None:
    History(place).append(run("one"))
    with History(place)._database.writing() as connection:
        connection.execute(text("UPDATE history_version SET version_num = '9999'"))
    with pytest.raises(ConfigurationError, match="of version 9999, which this bvt does not know"):
        History(place).runs("reference", "embedded")
    with pytest.raises(ConfigurationError, match="does not know"):
        History(place).append(run("two"))


def test_ledger_and_history_share_a_database_and_not_their_versions(place: str) -> None:
    History(place).append(run("one"))
    ledger = Ledger(place)
    ledger.create()
    with ledger.writing() as writer:
        writer.append([b"one"])
    History(place).append(run("two"))
    with ledger.reading() as snapshot:
        assert snapshot.size == 1
    assert len(History(place).runs("reference", "embedded")) == 2

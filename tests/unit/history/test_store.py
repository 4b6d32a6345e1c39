import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from harness.history.store import History
from harness.model.errors import ConfigurationError, InfrastructureError
from harness.model.gate import Gate
from harness.model.report import Outcome
from harness.reports.news import age_words
from tests.unit.gate.samples import BEGAN, a_cell, a_gate, a_plan, a_report, with_outcome

CELL, OTHER = a_cell("win10/fresh"), a_cell("win11/fresh")
PLAN = a_plan(CELL, OTHER)


def run(day: int, *, fails: bool, ran: bool = True) -> Gate:
    report = a_report(PLAN, CELL)
    bad = with_outcome(report, "install.service", Outcome.FAILED, "it is stopped")
    mine = [bad if fails else report] if ran else []
    gate = a_gate(PLAN, [*mine, a_report(PLAN, OTHER)])
    return gate.model_copy(update={"run_id": f"run-{day}", "created": BEGAN + timedelta(days=day)})


def test_a_failure_is_as_old_as_the_row_of_runs_in_which_it_failed(tmp_path: Path) -> None:
    history = History(str(tmp_path / "deep" / "history.db"))
    told = [run(0, fails=True), run(1, fails=False), run(2, fails=True), run(3, fails=True, ran=False)]
    told.append(run(4, fails=True))
    for each in [*told, told[-1]]:  # the last one twice: it counts once
        history.append(each)
    (age,) = history.ages("reference", "embedded", "run-4")
    assert (age.runs, age.first_run, age.since) == (2, "run-2", BEGAN + timedelta(days=2))
    assert "fails since 2 runs, first seen" in age_words([age], "install.service", [CELL.id])
    (new,) = history.ages("reference", "embedded", "run-2")
    assert age_words([new], "install.service", [CELL.id]) == "new in this run"
    assert history.ages("reference", "embedded", "run-1") == ()
    assert history.ages("another", "embedded", "run-4") == ()
    assert [each.run_id for each in history.runs("reference", "embedded")] == [
        f"run-{n}" for n in (4, 3, 2, 1, 0)
    ]


def test_times_are_kept_in_one_length_so_that_they_sort_whatever_a_database_makes_of_signs(
    tmp_path: Path,
) -> None:
    history = History(str(tmp_path / "history.db"))
    for day, microsecond in ((0, 0), (1, 500)):
        gate = run(day, fails=False)
        history.append(gate.model_copy(update={"created": gate.created.replace(microsecond=microsecond)}))
    with closing(sqlite3.connect(tmp_path / "history.db")) as file:
        kept = [row[0] for row in file.execute("select created from history_run")]
    assert len({len(each) for each in kept}) == 1


def test_what_cannot_keep_a_history_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be kept in 'nonsense'"):
        History("nonsense://x")
    file = tmp_path / "text.db"
    file.write_text("no database, but long enough to be taken for one by its length alone" * 20)
    with pytest.raises(ConfigurationError, match="this is no database, so it is not a history"):
        History(str(file))
    with pytest.raises(ConfigurationError, match="this is a directory, so it is not a history"):
        History(str(tmp_path))
    damaged = tmp_path / "damaged.db"
    History(str(damaged)).append(run(0, fails=True))
    damaged.write_bytes(damaged.read_bytes()[:5000] + bytes(5000))
    with pytest.raises(InfrastructureError, match=r"cannot be used: .* put back a copy of it"):
        History(str(damaged)).append(run(1, fails=True))


def test_a_password_in_the_place_is_in_no_message() -> None:
    history = History("postgresql://gate:secret@nowhere.invalid/runs?connect_timeout=2")
    with pytest.raises(InfrastructureError) as caught:
        history.runs("reference", "embedded")
    assert "secret" not in str(caught.value)
    assert "gate:***@nowhere.invalid" in str(caught.value)

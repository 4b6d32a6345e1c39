"""What a first failure ends, and that what was not run is never taken for a pass."""

from pathlib import Path

import pytest

from harness.cell.check import Blocked
from harness.cell.fail_fast import note_failure, require_going_on
from harness.gate.verdict import judge
from harness.model.errors import ConfigurationError
from harness.model.gate import Verdict
from harness.model.matrix import Requirement
from harness.model.report import Outcome
from harness.rundir.early_end import FirstFailure, ended_by
from harness.rundir.settings import FailFast, keeps_at_failure
from tests.unit.cell.stand_ins import INSTALLED, Lab, a_lab
from tests.unit.gate.samples import RUN, a_cell, a_plan, a_report, with_outcome


def lab_with(place: Path, monkeypatch: pytest.MonkeyPatch, **settings: object) -> Lab:
    place.mkdir(exist_ok=True)
    lab = a_lab(place, monkeypatch)
    lab.session.settings = lab.session.settings.model_copy(update=settings)
    return lab


def fail(lab: Lab, outcome: Outcome = Outcome.FAILED) -> None:
    lab.session.recorder.add(INSTALLED, outcome, "no", 0.1)
    if outcome is Outcome.FAILED:
        note_failure(lab.session, INSTALLED.id)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"fail_fast": FailFast.CELL}, "--fail-fast cell ended the cell at install.exit_code"),
        ({"fail_fast": FailFast.RUN}, "--fail-fast run ended the cell at install.exit_code"),
        ({"keep_at_failure": True}, "--keep-at failure ended the cell at install.exit_code"),
    ],
)
def test_after_a_failure_the_cell_goes_no_further(
    settings: dict[str, object], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = lab_with(tmp_path, monkeypatch, **settings)
    require_going_on(lab.session)
    fail(lab)
    with pytest.raises(Blocked, match=words) as held:
        require_going_on(lab.session)
    assert held.value.by == "install.exit_code"


def test_without_the_option_and_after_a_loss_of_the_lab_it_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = lab_with(tmp_path / "plain", monkeypatch)
    fail(plain)
    require_going_on(plain.session)
    lost = lab_with(tmp_path / "lost", monkeypatch, fail_fast=FailFast.RUN)
    fail(lost, Outcome.INFRA)
    require_going_on(lost.session)
    assert ended_by(lost.session.run) is None


def test_the_first_failure_of_a_cell_that_counts_ends_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = lab_with(tmp_path, monkeypatch, fail_fast=FailFast.RUN)
    advisory = lab.session.cell.model_copy(update={"requirement": Requirement.ADVISORY})
    lab.session.cell, required = advisory, lab.session.cell
    note_failure(lab.session, "install.files")
    assert ended_by(lab.session.run) is None
    lab.session.cell = required
    note_failure(lab.session, "install.exit_code")
    note_failure(lab.session, "install.registry")
    assert ended_by(lab.session.run) == FirstFailure(cell=required.id, check="install.exit_code")
    with pytest.raises(Blocked, match=r"ended the run at install\.exit_code in"):
        require_going_on(lab.session)


def test_cells_that_were_not_run_are_named_so_and_the_verdict_stays_a_fail() -> None:
    ran, rest = a_cell("win11/fresh"), a_cell("win10/fresh")
    plan = a_plan(ran, rest)
    bad = with_outcome(a_report(plan, ran), "install.service", Outcome.FAILED)
    judged = judge(plan, RUN, [bad], ended_early="install.service in win11/fresh")
    assert judged.verdict is Verdict.FAIL
    (missing,) = (reason for reason in judged.reasons if reason.cell == rest.id)
    assert missing.verdict is Verdict.INCOMPLETE
    assert (
        missing.text == "The cell was not run: --fail-fast ended the run at install.service in win11/fresh."
    )


def test_a_choice_that_there_is_not_is_refused() -> None:
    assert FailFast.asked_for("cell") is FailFast.CELL
    assert FailFast.asked_for(None) is None
    assert keeps_at_failure("failure")
    with pytest.raises(ConfigurationError, match="--fail-fast takes cell or run, not 'all'"):
        FailFast.asked_for("all")
    with pytest.raises(ConfigurationError, match="--keep-at takes failure, not 'install'"):
        keeps_at_failure("install")

"""The record of a cell."""

import json
from pathlib import Path

import pytest

from harness.cell.check import Check
from harness.cell.recorder import SEVERITY, CellRecorder
from harness.model.matrix import Requirement
from harness.model.plan import Cell
from harness.model.report import CellReport, Outcome, Phase
from harness.model.substrate import Substrate
from harness.model.windows import WindowsVersion
from harness.rundir.attempts import earlier_attempts, keep_attempts


def _cell() -> Cell:
    return Cell(
        id="win10/fresh",
        image="win10",
        windows=WindowsVersion(product_name="Windows 10", major=10, minor=0, build=19045),
        scenario="fresh",
        phases=(Phase.INSTALL,),
        requirement=Requirement.REQUIRED,
        substrates=(Substrate.WINE,),
        checks=("install.exit_code",),
    )


def _check(name: str = "install.exit_code") -> Check:
    return Check(
        id=name,
        title=name,
        phase=Phase.INSTALL,
        needs=frozenset(),
        features=frozenset(),
        essential=False,
        module="test_install",
        line=1,
    )


@pytest.fixture
def recorder(tmp_path: Path) -> CellRecorder:
    return CellRecorder("run", "0" * 64, _cell(), tmp_path)


def test_a_sealed_report_holds_every_check_and_the_digest_of_every_file(
    recorder: CellRecorder, tmp_path: Path
) -> None:
    (tmp_path / "install").mkdir()
    (tmp_path / "install" / "msi.log").write_text("log")
    recorder.begin_attempt()
    recorder.details["exit code"] = "0"
    recorder.add(_check(), Outcome.PASSED, "", 0.5)
    recorder.end_attempt()
    recorder.seal()
    report = CellReport.model_validate(json.loads((tmp_path / "report.json").read_text()))
    assert [evidence.path for evidence in report.evidence] == ["install/msi.log"]
    assert report.checks[0].details == {"exit code": "0"}
    assert report.attempts[0].outcome is Outcome.PASSED


def test_details_belong_to_one_check_only(recorder: CellRecorder) -> None:
    recorder.details["exit code"] = "0"
    recorder.add(_check(), Outcome.PASSED, "", 0.1)
    assert recorder.add(_check("install.files"), Outcome.PASSED, "", 0.1).details == {}


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.INFRA])
def test_an_attempt_is_as_bad_as_its_worst_check(recorder: CellRecorder, outcome: Outcome) -> None:
    recorder.begin_attempt()
    recorder.add(_check(), outcome, "no", 0.1)
    recorder.end_attempt()
    assert recorder.attempts[-1].outcome is outcome
    assert "install.exit_code" in recorder.attempts[-1].message


def test_harness_time_is_what_neither_guest_nor_waiting_took(recorder: CellRecorder) -> None:
    watch = recorder.stopwatch
    watch.phase = Phase.INSTALL
    watch.add_total(Phase.INSTALL, 3.0)
    watch.add_guest(2.5)
    assert watch.timing(Phase.INSTALL).harness_s == pytest.approx(0.5)


def test_earlier_attempts_survive_on_disk(recorder: CellRecorder, tmp_path: Path) -> None:
    recorder.begin_attempt()
    recorder.end_attempt()
    keep_attempts(tmp_path, recorder.attempts)
    assert earlier_attempts(tmp_path) == tuple(recorder.attempts)
    assert earlier_attempts(tmp_path / "elsewhere") == ()


@pytest.mark.parametrize("worse", [Outcome.FAILED, Outcome.INFRA, Outcome.BLOCKED])
@pytest.mark.parametrize("worse_first", [True, False])
def test_a_check_that_ran_again_keeps_its_worst_outcome_and_says_so(
    recorder: CellRecorder, worse: Outcome, worse_first: bool
) -> None:
    tries = [(worse, "it broke"), (Outcome.PASSED, "")]
    for outcome, message in tries if worse_first else reversed(tries):
        recorder.details["seen"] = outcome.value
        recorder.add(_check(), outcome, message, 0.1)
    (kept,) = recorder.results.values()
    assert kept.outcome is worse
    assert kept.message.startswith("it broke The check ran again")
    assert "it came to passed" in kept.message
    assert kept.details == {"seen": worse.value}


def test_a_failure_of_the_candidate_outlives_one_of_the_lab(recorder: CellRecorder) -> None:
    recorder.add(_check(), Outcome.FAILED, "it broke", 0.1)
    assert recorder.add(_check(), Outcome.INFRA, "lost", 0.1).outcome is Outcome.FAILED


def test_every_outcome_has_its_severity() -> None:
    assert set(SEVERITY) == set(Outcome)

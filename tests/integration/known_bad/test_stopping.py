"""Wine's installer does not wait for services to stop: no candidate's fault, and it hides none."""

from pathlib import Path

import pytest

from harness.model.gate import Verdict
from harness.model.report import Outcome
from tests.integration.known_bad.cells import INSTALLED
from tests.integration.known_bad.conftest import run_bad
from tests.integration.known_bad.known import KnownBad

pytestmark = [pytest.mark.wine, pytest.mark.slow]


def test_a_service_that_takes_its_time_to_stop_leaves_cleanly(tmp_path: Path) -> None:
    slow = KnownBad(defects=frozenset({"stops-slowly"}), phases=INSTALLED, caught={})
    run = run_bad(slow, tmp_path / "slow")
    assert run.gate.verdict is Verdict.PASS, run.said


def test_a_service_that_the_installer_does_not_stop_is_found(tmp_path: Path) -> None:
    running = KnownBad(defects=frozenset({"is-not-stopped"}), phases=INSTALLED, caught={})
    run = run_bad(running, tmp_path / "running")
    assert run.gate.verdict is Verdict.FAIL, run.said
    (cell,) = run.gate.cells
    assert cell.report is not None
    failed = {check.check: check.message for check in cell.report.checks if check.outcome is Outcome.FAILED}
    assert "refagent.exe" in failed["residue.processes"]
    assert "refagent.exe" in failed["residue.files"]

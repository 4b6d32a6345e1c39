"""The good agent passes every scenario in which something goes wrong, and what Wine cannot show is said."""

from pathlib import Path

import pytest
import yaml

from harness.model.gate import Verdict
from harness.model.report import Outcome, Phase
from tests.integration.known_bad.candidates import BAD
from tests.integration.known_bad.conftest import run_bad
from tests.integration.known_bad.known import KnownBad
from tests.integration.known_bad.rotation import chosen
from tests.integration.known_bad.scenes import GOOD_SCENES, MATRIX_FILE, NOT_ON_WINE, OF_SCENES

pytestmark = [pytest.mark.wine, pytest.mark.slow]

PLAIN = {"fresh", "reboot", "reboots", "upgrade", "upgrade-oldest", "repair", "reinstall", "downgrade"}
"""Scenarios of good days; other tests run them with good and bad candidates."""


@pytest.mark.parametrize("name", chosen(GOOD_SCENES, after=len(BAD)))
def test_the_good_agent_passes(name: str, tmp_path: Path) -> None:
    run = run_bad(GOOD_SCENES[name], tmp_path / "good")
    assert run.gate.verdict is Verdict.PASS, run.said


@pytest.mark.parametrize("scenario", chosen(NOT_ON_WINE, after=len(BAD) + len(GOOD_SCENES)))
def test_what_wine_cannot_show_is_not_applicable_with_its_reason(scenario: str, tmp_path: Path) -> None:
    run = run_bad(KnownBad(frozenset(), (), {}, scenario=scenario), tmp_path / "not-on-wine")
    assert run.gate.verdict is Verdict.INCOMPLETE, run.said
    (cell,) = run.gate.cells
    assert cell.report is not None
    for check in cell.report.checks:
        if check.phase is Phase.MACHINE:
            assert check.outcome is Outcome.PASSED, check.message
        else:
            assert check.outcome in (Outcome.NOT_APPLICABLE, Outcome.NOT_TESTED), check
            assert check.outcome is Outcome.NOT_TESTED or NOT_ON_WINE[scenario] in check.message, (
                check.message
            )


def test_every_scenario_that_ships_has_a_defect_of_its_own_or_a_reason() -> None:
    scenarios = yaml.safe_load(MATRIX_FILE.read_text("utf-8"))["scenarios"].keys()
    assert scenarios == PLAIN | {bad.scenario for bad in OF_SCENES.values()} | NOT_ON_WINE.keys()

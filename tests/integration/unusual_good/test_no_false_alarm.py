"""Good candidates pass, however unusual they are: 0 false alarms. A part of them a day; `./dev power` runs all."""

from concurrent.futures import Future
from pathlib import Path

import pytest

from harness.model.gate import Verdict
from harness.model.report import Outcome
from tests.deadlines import RUN_S
from tests.integration.known_bad.rotation import choose_good, chosen
from tests.integration.one_cell import Ended
from tests.integration.unusual_good.conftest import CHOSEN, run_good
from tests.integration.unusual_good.not_on_wine import NOT_ON_WINE
from tests.integration.unusual_good.provident import EVERY

pytestmark = [pytest.mark.wine, pytest.mark.slow]


@pytest.mark.parametrize("name", CHOSEN)
def test_an_unusual_candidate_that_is_good_passes_and_what_is_excused_is_named(
    name: str, ended: dict[str, Future[Ended]]
) -> None:
    done = ended[name].result(RUN_S * len(ended))
    (cell,) = done.gate.cells
    assert cell.report is not None, done.said
    alarms = {
        check.check: check.message
        for check in cell.report.checks
        if check.outcome not in (Outcome.PASSED, Outcome.NOT_APPLICABLE, Outcome.NOT_TESTED)
    }
    assert not alarms, alarms
    assert (done.gate.verdict, done.code) == (Verdict.PASS, 0), done.said
    said = "\n".join(excuse.what for check in cell.report.checks for excuse in check.excuses)
    for words in EVERY[name].excused if name in EVERY else ():
        assert words in said, said


@pytest.mark.parametrize("name", chosen(NOT_ON_WINE, choose_good()))
def test_one_that_counts_on_what_wine_lacks_never_fails(name: str, tmp_path: Path) -> None:
    done = run_good(name, tmp_path / name)
    assert done.gate.verdict in (Verdict.INFRA, Verdict.PASS), done.said
    (cell,) = done.gate.cells
    assert cell.report is not None, done.said
    lost = {check.check: check.message for check in cell.report.checks if check.outcome is Outcome.INFRA}
    assert all(NOT_ON_WINE[name].why in said for said in lost.values()), lost

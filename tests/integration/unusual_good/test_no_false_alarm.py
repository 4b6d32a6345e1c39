"""Good candidates pass, however unusual they are: 0 false alarms. A part of them a day; `./dev power` runs all."""

from concurrent.futures import Future

import pytest

from harness.model.gate import Verdict
from harness.model.report import Outcome
from tests.deadlines import RUN_S
from tests.integration.unusual_good.candidates import GOOD
from tests.integration.unusual_good.conftest import CHOSEN, Ended

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
    for words in GOOD[name].excused if name in GOOD else ():
        assert words in said, said

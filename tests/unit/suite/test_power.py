"""What counts as caught: nothing but the failure of the check that is meant, in the words that name the defect."""

import pytest

from harness.model.gate import Gate
from harness.model.report import Outcome
from tests.integration.known_bad.candidates import KnownBad
from tests.power import Caught, main, of_bad, of_good
from tests.unit.gate.samples import a_cell, a_gate, a_plan, a_report, with_outcome

CELL = a_cell("win11-24h2/bad")
PLAN = a_plan(CELL)
BAD = KnownBad(frozenset(), ("install",), {"install.service": "it is stopped"})


def gate(check: str = "", outcome: Outcome = Outcome.FAILED, words: str = "") -> Gate:
    report = a_report(PLAN, CELL)
    return a_gate(PLAN, [with_outcome(report, check, outcome, words) if check else report])


@pytest.mark.parametrize(
    ("found", "result"),
    [
        (gate("install.service", words="Found: it is stopped."), Caught.BY_ITS_CHECK),
        (gate("install.service", words="something else"), Caught.BY_ANOTHER),
        (gate("check-in.enrolled", words="it is stopped"), Caught.BY_ANOTHER),
        (gate("install.service", Outcome.INFRA, "it is stopped"), Caught.NOT_MEASURED),
        (gate(), Caught.SURVIVED),
        (a_gate(PLAN, []), Caught.NOT_MEASURED),
    ],
)
def test_a_defect_is_caught_by_its_own_check_or_not_at_all(found: Gate, result: Caught) -> None:
    (row,) = of_bad("it", BAD, lambda: found)
    assert row.result is result


def test_a_run_that_met_its_time_limit_caught_nothing() -> None:
    def late() -> Gate:
        raise TimeoutError("600 s")

    (row,) = of_bad("it", BAD, late)
    assert (row.result, row.found) == (Caught.NOT_MEASURED, "TimeoutError: 600 s")
    assert of_good("twin", late)[0].result is Caught.NOT_MEASURED


def test_a_good_twin_that_fails_is_a_false_alarm() -> None:
    assert of_good("twin", gate)[0].result is Caught.PASSED
    assert of_good("twin", lambda: gate("install.service", words="no"))[0].result is Caught.FALSE_ALARM


def test_a_name_that_is_not_there_is_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["nobody"])
    assert caught.value.code == 2
    assert "there is no candidate 'nobody'; known are careless-installer" in capsys.readouterr().err

"""The gate catches what it must: every check of the catalogue is tripped by a candidate that is known to be bad."""

import re
from concurrent.futures import Future

import pytest

from harness.checks.catalogue import catalogue, variants
from harness.config.load import load_profile
from harness.model.gate import Verdict
from harness.model.phases import CHANGING
from harness.model.report import CheckResult, Outcome
from tests.deadlines import RUN_S
from tests.integration.known_bad.candidates import BAD, MACHINE_CHECKS
from tests.integration.known_bad.conftest import CHOSEN, of_today
from tests.integration.known_bad.profile import SHIPPED, wine_cannot
from tests.integration.one_cell import Ended

pytestmark = [pytest.mark.wine, pytest.mark.slow]

CATCHES = [(name, check, words) for name, bad in BAD.items() for check, words in bad.caught.items()]
TODAY = [catch for catch in CATCHES if catch[0] in CHOSEN]
WINE_CANNOT = wine_cannot()


def results(ended: Ended) -> dict[str, CheckResult]:
    (cell,) = ended.gate.cells
    assert cell.report is not None, ended.said
    return {result.check: result for result in cell.report.checks}


def skip_where_nothing_filters_packets(*found: CheckResult) -> None:
    """Only root may set a packet filter, and not every kernel has one: `docs/wine.md`, "Isolation"."""
    if all(each.outcome is Outcome.NOT_APPLICABLE and "no other host" in each.message for each in found):
        pytest.skip(found[0].message)


@pytest.mark.parametrize("name", CHOSEN)
def test_a_known_bad_candidate_ends_with_fail(name: str, ended: dict[str, Future[Ended]]) -> None:
    run = ended[name].result(RUN_S * len(BAD))
    skip_where_nothing_filters_packets(*(results(run)[check] for check in BAD[name].caught))
    assert run.gate.verdict is Verdict.FAIL, run.said
    assert run.code == 1
    assert not [check for check in results(run).values() if check.outcome is Outcome.INFRA], run.said


@pytest.mark.parametrize(("name", "check", "words"), TODAY, ids=[f"{n}-{c}" for n, c, _ in TODAY])
def test_the_failing_check_names_the_defect(
    name: str, check: str, words: str, ended: dict[str, Future[Ended]]
) -> None:
    found = results(ended[name].result(RUN_S * len(BAD)))[check]
    skip_where_nothing_filters_packets(found)
    assert found.outcome is Outcome.FAILED, f"{found.outcome.value}: {found.message}"
    assert re.search(words, found.message), found.message


def test_every_check_is_tripped_by_a_known_bad_candidate_or_cannot_run_on_wine() -> None:
    tripped = {check for _, check, _ in CATCHES}
    # One that is asked again after a later step is the same check: it is tripped once.
    again = {
        each.id: {other.id for other in same}
        for same in variants().values()
        for each in same
        if each.phase in CHANGING and len(same) > 1
    }
    tripped |= {check for check, same in again.items() if same & tripped}
    tripped |= {check for check, same in again.items() if same & set(WINE_CANNOT) - {check}} - set(
        WINE_CANNOT
    )
    everything = {check.id for check in catalogue()}
    assert everything == tripped | MACHINE_CHECKS | set(WINE_CANNOT)
    assert not tripped & set(WINE_CANNOT)


@of_today("blind-and-deaf")
def test_what_wine_cannot_show_is_said_in_the_words_of_its_limits(ended: dict[str, Future[Ended]]) -> None:
    found = results(ended["blind-and-deaf"].result(RUN_S * len(BAD)))
    profile, _ = load_profile(str(SHIPPED))
    undeclared = {check.id: why for check in catalogue() if (why := check.declared(profile))}
    for check, reason in WINE_CANNOT.items():
        if check not in found:
            continue  # of a step that this scenario does not have
        said = (found[check].outcome, found[check].message)
        if check in undeclared:
            assert said == (Outcome.NOT_TESTED, undeclared[check])
        else:
            assert said == (Outcome.NOT_APPLICABLE, reason)

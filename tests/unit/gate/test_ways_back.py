"""A release is a proven way back if the candidate came from it and it took the candidate's place; by signed results."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.gate.ways_back import WayBack, ways_back
from harness.model.gate import Gate
from harness.model.passage import Passage, passages
from harness.model.plan import Cell
from harness.model.release import ReleaseName
from harness.model.report import UNPROVEN, CellReport, Outcome, Phase
from tests.unit.gate.releases import DOWNGRADE, OLD, RELEASES, UPGRADE
from tests.unit.gate.samples import CANDIDATE, a_cell, a_plan, with_outcome
from tests.unit.signing.samples import gate_of

PROOFS = ("upgrade.exit_code", "downgrade.went_back")


def gate(*cells: Cell, change: Callable[[CellReport], CellReport] = lambda report: report) -> Gate:
    return gate_of(cells or (UPGRADE, DOWNGRADE), change, releases=RELEASES)


def way(found: Gate) -> WayBack:
    (one,) = ways_back(found.plan, found.cells)
    return one


def test_both_directions_passed_so_the_way_back_is_proven() -> None:
    found = way(gate())
    assert (found.name, found.release, found.proven) == (ReleaseName.PREVIOUS, OLD, True)


def test_a_cell_says_from_which_release_to_which_it_went() -> None:
    plan = gate(UPGRADE, DOWNGRADE, a_cell()).plan
    assert [passages(plan, cell) for cell in plan.cells] == [
        (Passage(by=Phase.UPGRADE, origin=OLD.sha256, to=CANDIDATE.sha256),),
        (Passage(by=Phase.DOWNGRADE, origin=CANDIDATE.sha256, to=OLD.sha256),),
        (),
    ]
    without = plan.model_copy(update={"releases": {}})
    assert [passages(without, cell) for cell in plan.cells] == [(), (), ()]


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ((UPGRADE,), "No cell of the plan goes back to 1.2.2."),
        ((DOWNGRADE,), "No cell of the plan upgrades from 1.2.2."),
    ],
)
def test_one_direction_alone_proves_nothing(cells: tuple[Cell, ...], words: str) -> None:
    assert way(gate(*cells)).lacks == (words,)


def test_where_an_older_installer_refuses_there_is_no_way_back() -> None:
    words = "the profile does not declare that an older installer takes the candidate's place"
    found = gate(change=lambda report: with_outcome(report, "downgrade.went_back", Outcome.NOT_TESTED, words))
    assert found.verdict.exit_code == 0
    assert way(found).lacks == (f"win11-24h2/downgrade: downgrade.went_back is not-tested: {words}.",)


def test_a_gate_of_before_the_check_shows_no_way_back() -> None:
    old = DOWNGRADE.model_copy(update={"checks": DOWNGRADE.checks[:-1]})
    assert way(gate(UPGRADE, old)).lacks == (
        "win11-24h2/downgrade: downgrade.went_back is none of its checks.",
    )


def test_a_cell_without_a_result_proves_nothing() -> None:
    whole = gate()
    cells = [each.model_copy(update={"report": None}) for each in whole.cells]
    (found,) = ways_back(whole.plan, cells)
    assert found.lacks == (
        "win11-24h2/upgrade: it has no result.",
        "win11-24h2/downgrade: it has no result.",
    )
    assert len(ways_back(whole.plan, ())[0].lacks) == 2


@given(
    place=st.integers(0, 1),
    check=st.integers(0, 3),
    outcome=st.sampled_from([each for each in Outcome if each is not Outcome.PASSED]),
)
def test_no_result_but_a_whole_pass_is_a_proof(place: int, check: int, outcome: Outcome) -> None:
    cell = (UPGRADE, DOWNGRADE)[place]
    name = cell.checks[check % len(cell.checks)]
    found = way(
        gate(
            change=lambda report: with_outcome(report, name, outcome) if report.cell_id == cell.id else report
        )
    )
    if found.proven:
        assert (outcome in UNPROVEN, name in PROOFS) == (True, False)


def test_every_cell_that_went_the_way_counts() -> None:
    another = UPGRADE.model_copy(update={"id": "win10-22h2/upgrade", "image": "win10-22h2"})
    fails = gate(
        UPGRADE,
        DOWNGRADE,
        another,
        change=lambda report: (
            with_outcome(report, "install.service", Outcome.FAILED)
            if report.cell_id == another.id
            else report
        ),
    )
    assert way(fails).lacks == ("win10-22h2/upgrade: it did not pass.",)


def test_a_plan_without_earlier_releases_has_no_ways() -> None:
    plan = a_plan(a_cell())
    assert ways_back(plan, ()) == ()

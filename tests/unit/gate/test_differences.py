from datetime import timedelta

from harness.gate.differences import difference
from harness.model.difference import Turn
from harness.model.gate import Verdict
from harness.model.report import Outcome
from harness.model.substrate import Substrate
from tests.unit.gate.samples import a_cell, a_gate, a_plan, a_report, with_outcome

ONE, TWO, THREE = a_cell("win10/fresh"), a_cell("win11/fresh"), a_cell("win11/reboot")
PLAN = a_plan(ONE, TWO, THREE)
GOOD = [a_report(PLAN, cell) for cell in PLAN.cells]
ALL_GOOD = a_gate(PLAN, GOOD)


def test_a_gate_does_not_differ_from_itself() -> None:
    found = difference(ALL_GOOD, ALL_GOOD)
    assert (found.checks, found.cells, found.exchanges, found.is_worse) == ((), (), (), False)


def test_new_failures_fixed_ones_and_what_is_no_longer_proven_are_told_apart() -> None:
    failed = with_outcome(GOOD[0], "install.service", Outcome.FAILED, "it is stopped")
    unproven = with_outcome(GOOD[1], "install.service", Outcome.NOT_TESTED, "nothing declared")
    bad = a_gate(PLAN, [failed, unproven, GOOD[2]])
    found = difference(ALL_GOOD, bad)
    assert [(each.cell, each.check, each.turn, each.reason) for each in found.checks] == [
        (ONE.id, "install.service", Turn.NEW_FAILURE, "it is stopped"),
        (TWO.id, "install.service", Turn.UNPROVEN, "nothing declared"),
    ]
    assert found.is_worse
    assert [each.cell for each in found.cells] == [ONE.id]
    back = difference(bad, ALL_GOOD)
    assert [each.turn for each in back.checks] == [Turn.FIXED, Turn.PROVEN]
    assert not back.is_worse
    assert difference(bad, bad).still_failing == 1


def test_a_cell_that_lost_its_result_or_its_place_in_the_plan_is_worse_and_an_added_one_is_not() -> None:
    fewer = difference(ALL_GOOD, a_gate(PLAN, GOOD[:2]))
    assert [(each.cell, each.after) for each in fewer.lost] == [(THREE.id, Verdict.INCOMPLETE)]
    assert fewer.is_worse
    small = a_plan(ONE, TWO)
    planned = a_gate(small, [a_report(small, cell) for cell in small.cells])
    assert [each.after for each in difference(ALL_GOOD, planned).lost] == [None]
    added = difference(planned, ALL_GOOD)
    assert ([each.cell for each in added.added], added.is_worse) == ([THREE.id], False)


def test_what_the_results_rest_on_is_compared_and_times_only_where_it_is_the_same() -> None:
    other = GOOD[0].model_copy(update={"substrate": Substrate.TCG, "image_digest": "sha256:" + "d" * 64})
    slow = GOOD[1].model_copy(update={"ended": GOOD[1].ended + timedelta(seconds=60)})
    plan = a_plan(*(cell.model_copy(update={"substrates": tuple(Substrate)}) for cell in PLAN.cells))
    old = a_gate(plan, [each.model_copy(update={"plan_digest": plan.digest}) for each in GOOD])
    new = a_gate(plan, [each.model_copy(update={"plan_digest": plan.digest}) for each in (other, slow)])
    found = difference(old, new)
    assert {(each.what, each.cells) for each in found.exchanges} == {
        ("substrate", (ONE.id,)),
        ("image", (ONE.id,)),
    }
    (whole,) = [each for each in found.times if each.phase == "cell"]
    assert (whole.cells, round(whole.after_s - whole.before_s)) == (1, 60)

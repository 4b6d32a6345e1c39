from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from harness.gate.verdict import judge
from harness.gate.waivers import waive, waived_gate
from harness.model.gate import Verdict
from harness.model.report import CellReport, Outcome
from harness.model.waiver import VersionRange, Waiver, WaiverState
from tests.unit.gate.samples import (
    BEGAN,
    CHECKS,
    RUN,
    a_cell,
    a_gate,
    a_plan,
    a_report,
    a_result,
    with_outcome,
)
from tests.unit.signing.people import a_waiver

CELL, OTHER = a_cell(), a_cell("win10-22h2/fresh")
PLAN = a_plan(CELL, OTHER)
GOOD = a_report(PLAN, OTHER)


def failing(check: str = "check-in.enrolled", outcome: Outcome = Outcome.FAILED) -> CellReport:
    return with_outcome(a_report(PLAN, CELL), check, outcome)


def judged(report: CellReport, *waivers: Waiver, now: Any = BEGAN) -> Any:
    return waive(judge(PLAN, RUN, [report, GOOD]), PLAN, waivers, now)


@pytest.mark.parametrize("scope", [{}, {"cell": CELL.id}, {"check": "", "cell": CELL.id}])
def test_a_waived_failure_lets_the_gate_pass_and_is_named(scope: dict[str, str]) -> None:
    judgement, (debt,) = judged(failing(), a_waiver(**scope))
    assert judgement.verdict is Verdict.PASS
    assert "but for a failure let pass by waiver W-1" in judgement.reasons[0].text
    (waived,) = [reason for reason in judgement.reasons if reason.waived_by]
    assert (waived.verdict, waived.counted) == (Verdict.FAIL, False)
    assert (debt.state, debt.days_old) == (WaiverState.USED, 1.0)
    assert debt.failures == ("win11-24h2/fresh: check-in.enrolled",)


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"check": "install.exit-code"}, WaiverState.UNUSED),
        ({"cell": OTHER.id}, WaiverState.UNUSED),
        ({"candidate_sha256": "cd" * 32}, WaiverState.OTHER_CANDIDATE),
        ({"candidate_sha256": "", "versions": {"since": "1.3", "before": "2"}}, WaiverState.OTHER_CANDIDATE),
        ({"expires": BEGAN}, WaiverState.EXPIRED),
        ({"created": BEGAN + timedelta(days=1)}, WaiverState.NOT_YET),
    ],
)
def test_a_waiver_out_of_its_scope_or_time_lets_nothing_pass(changes: Any, state: WaiverState) -> None:
    judgement, (debt,) = judged(failing(), a_waiver(**changes))
    assert judgement.verdict is Verdict.FAIL
    assert debt.state is state
    assert debt.failures == ()


@pytest.mark.parametrize("outcome", [Outcome.INFRA, Outcome.BLOCKED])
def test_what_the_lab_lost_or_could_not_run_is_never_waived(outcome: Outcome) -> None:
    bare = judge(PLAN, RUN, [failing(outcome=outcome), GOOD])
    judgement, _ = judged(failing(outcome=outcome), a_waiver(check="", cell=CELL.id))
    assert judgement.verdict is bare.verdict is not Verdict.PASS


def test_evidence_that_does_not_fit_is_never_waived() -> None:
    bad = judge(PLAN, RUN, [GOOD], damaged={CELL.id: "The report is damaged."})
    judgement, _ = waive(bad, PLAN, [a_waiver(check="", cell=CELL.id)], BEGAN)
    assert judgement.verdict is Verdict.INVALID


def test_what_follows_from_a_waived_failure_is_not_waived_with_it() -> None:
    """The scope is what the waiver names: what could not run stays a hole, what failed too stays a failure."""
    for outcome, verdict in ((Outcome.BLOCKED, Verdict.INCOMPLETE), (Outcome.FAILED, Verdict.FAIL)):
        checks = tuple(
            a_result(check, Outcome.FAILED)
            if check == "check-in.enrolled"
            else a_result(check, outcome, because="check-in.enrolled")
            if check == "uninstall.exit-code"
            else a_result(check)
            for check in CHECKS
        )
        report = a_report(PLAN, CELL).model_copy(update={"checks": checks})
        judgement, _ = judged(report, a_waiver())
        assert judgement.verdict is verdict
        assert judgement.reasons[0].check == "uninstall.exit-code"
    both, debts = judged(report, a_waiver(), a_waiver(id="W-2", check="uninstall.exit-code"))
    assert both.verdict is Verdict.PASS
    assert [debt.failures for debt in debts] == [
        ("win11-24h2/fresh: check-in.enrolled",),
        ("win11-24h2/fresh: uninstall.exit-code",),
    ]


def test_two_waivers_on_one_check_are_both_shown() -> None:
    judgement, debts = judged(failing(), a_waiver(), a_waiver(id="W-2", cell=CELL.id))
    assert judgement.verdict is Verdict.PASS
    assert "let pass by waiver W-1, W-2" in judgement.reasons[0].text
    assert [debt.state for debt in debts] == [WaiverState.USED, WaiverState.USED]


def test_judging_again_without_the_waiver_takes_the_pass_back() -> None:
    gate = a_gate(PLAN, [failing(), GOOD])
    once = waived_gate(gate, [a_waiver()], BEGAN)
    assert once.verdict is Verdict.PASS
    assert once.waivers[0].state is WaiverState.USED
    again = waived_gate(once, [], BEGAN)
    assert (again.verdict, again.waivers) == (Verdict.FAIL, ())
    assert again.reasons == gate.reasons
    later = waived_gate(once, [a_waiver()], BEGAN + timedelta(days=30))
    assert later.verdict is Verdict.FAIL
    assert later.waivers[0].state is WaiverState.EXPIRED


@given(
    outcomes=st.dictionaries(st.sampled_from(CHECKS), st.sampled_from(Outcome)),
    scopes=st.lists(
        st.tuples(st.sampled_from(["", *CHECKS]), st.sampled_from(["", CELL.id, OTHER.id])).filter(any),
        max_size=3,
    ),
)
def test_waivers_only_ever_take_failures_in_their_scope_away(
    outcomes: dict[str, Outcome], scopes: list[tuple[str, str]]
) -> None:
    report = a_report(PLAN, CELL)
    for check, outcome in outcomes.items():
        report = with_outcome(report, check, outcome)
    waivers = [
        a_waiver(id=f"W-{number}", check=check, cell=cell) for number, (check, cell) in enumerate(scopes)
    ]
    bare = judge(PLAN, RUN, [report, GOOD])
    judgement, _ = waive(bare, PLAN, waivers, BEGAN)
    uncovered = {
        check
        for check, outcome in outcomes.items()
        if outcome is Outcome.FAILED and not any(waiver.covers(CELL.id, check) for waiver in waivers)
    }
    if uncovered:
        assert judgement.verdict in (Verdict.FAIL, Verdict.INVALID)
    if judgement.verdict is Verdict.PASS:
        assert not set(outcomes.values()) & {Outcome.INFRA, Outcome.BLOCKED}
    if not waivers:
        assert judgement.verdict is bare.verdict


def test_a_range_of_versions_holds_what_lies_in_it() -> None:
    versions = VersionRange(since="1.2", before="1.10")
    assert [
        versions.holds(each) for each in ("1.2", "1.2.0.0", "1.9.9", "1.10", "1.1.9", "2.0", "1.2-rc1", "")
    ] == [
        True,
        True,
        True,
        False,
        False,
        False,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"check": ""}, "a check, a cell, or both"),
        ({"versions": {"since": "1", "before": "2"}}, "either candidate_sha256 or versions"),
        ({"candidate_sha256": ""}, "either candidate_sha256 or versions"),
        ({"approver": "Ana"}, "another person"),
        ({"expires": BEGAN - timedelta(days=2)}, "before it was created"),
        ({"issue": "none"}, "should match pattern"),
        ({"reason": "flaky"}, "at least 10"),
        ({"expires": "2026-03-01T00:00:00"}, "timezone"),
    ],
)
def test_a_waiver_that_says_too_little_is_none(changes: Any, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        a_waiver(**changes)

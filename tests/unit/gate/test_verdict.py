from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.gate.verdict import Judgement, judge
from harness.model.gate import SEVERITY, Verdict
from harness.model.matrix import Requirement
from harness.model.plan import Plan
from harness.model.report import UNPROVEN, Attempt, CellReport, Outcome, Phase
from harness.model.substrate import ON_WINDOWS, GuestSystem, Substrate
from tests.unit.gate.samples import (
    CHECKS,
    RUN,
    a_cell,
    a_gate,
    a_plan,
    a_report,
    a_result,
    an_attempt,
    with_outcome,
)

ONE = a_cell()
PLAN = a_plan(ONE)
GOOD = a_report(PLAN, ONE)


def verdict_of(*reports: CellReport, plan: Plan = PLAN, **how: Any) -> Judgement:
    return judge(plan, RUN, reports, **how)


def words(judgement: Judgement) -> str:
    return " ".join(reason.text for reason in judgement.reasons)


def test_a_full_report_passes_and_says_so() -> None:
    judgement = verdict_of(GOOD)
    assert judgement.verdict is Verdict.PASS
    assert words(judgement) == "Every required cell passed (1 of 1): 4 checks passed."
    assert judgement.cells[0].report == GOOD


def bent(**changes: Any) -> Callable[[], CellReport]:
    return lambda: GOOD.model_copy(update=changes)


def outcome(check: str, result: Outcome, message: str = "") -> Callable[[], CellReport]:
    return lambda: with_outcome(GOOD, check, result, message)


def attempts(*given: Attempt) -> Callable[[], CellReport]:
    return bent(attempts=given)


@pytest.mark.parametrize(
    ("report", "verdict", "text"),
    [
        (outcome("install.service", Outcome.FAILED, "it is stopped"), Verdict.FAIL, "it is stopped"),
        (outcome("install.service", Outcome.INFRA, "WinRM is gone"), Verdict.INFRA, "WinRM is gone"),
        (outcome("install.service", Outcome.BLOCKED), Verdict.INCOMPLETE, "1 check could not run"),
        (
            outcome("check-in.enrolled", Outcome.NOT_APPLICABLE),
            Verdict.INCOMPLETE,
            "No check passed in phase",
        ),
        (
            outcome("check-in.enrolled", Outcome.NOT_TESTED, " "),
            Verdict.INCOMPLETE,
            "not to be tested, without",
        ),
        (bent(checks=()), Verdict.INCOMPLETE, "4 planned checks of 4 left no result"),
        (bent(checks=GOOD.checks[1:]), Verdict.INCOMPLETE, "1 planned check of 4 left no result: install"),
        (bent(checks=(*GOOD.checks, a_result("install.more"))), Verdict.INVALID, "has no such check"),
        (bent(checks=(*GOOD.checks, GOOD.checks[0])), Verdict.INVALID, "has 2 results"),
        (bent(plan_digest="0" * 64), Verdict.INVALID, "belongs to another plan"),
        (bent(run_id="other"), Verdict.INVALID, "belongs to run 'other'"),
        (bent(substrate=Substrate.TCG), Verdict.INCOMPLETE, "ran on tcg; the plan counts only wine"),
        (bent(guest_system=GuestSystem.WINDOWS), Verdict.INVALID, "calls a Wine prefix Windows"),
        (bent(image_digest=""), Verdict.INCOMPLETE, "does not say which image"),
        (attempts(), Verdict.INCOMPLETE, "names no attempt"),
        (attempts(an_attempt(2)), Verdict.INVALID, "not numbered from 1"),
        (attempts(an_attempt(1, Outcome.FAILED, "crash")), Verdict.FAIL, "The last attempt failed: crash"),
        (attempts(an_attempt(1, Outcome.FAILED, "x"), an_attempt(2)), Verdict.FAIL, "Attempt 1 failed"),
        (attempts(an_attempt(1, Outcome.INFRA)), Verdict.INFRA, "lost to the lab: it left no message"),
        (attempts(an_attempt(1, Outcome.BLOCKED)), Verdict.INCOMPLETE, "did not run to its end"),
        (
            lambda: GOOD.model_copy(
                update={"checks": (a_result("install.exit-code", phase=Phase.REBOOT), *GOOD.checks[1:])}
            ),
            Verdict.INVALID,
            "claims phase 'reboot'",
        ),
    ],
)
def test_whatever_is_not_proven_denies_the_pass(
    report: Callable[[], CellReport], verdict: Verdict, text: str
) -> None:
    judgement = verdict_of(report())
    assert judgement.verdict is verdict
    assert judgement.cells[0].verdict is verdict
    assert text in words(judgement)
    assert all(reason.remedy for reason in judgement.reasons)


@pytest.mark.parametrize(
    ("message", "said", "remedy"),
    [
        ("WinRM is gone", "WinRM is gone", "repair the lab"),
        (
            f"Wine runs no task. {ON_WINDOWS}.",
            "Wine runs no task.",
            "Gate it in a pool of Windows machines. Repeated here, the cell shows the same.",
        ),
        (
            f"Wine has no sc. {ON_WINDOWS}, or let it not fail.",
            "Wine has no sc.",
            "Gate it in a pool of Windows machines, or let it not fail. Repeated here, the cell shows the same.",
        ),
    ],
)
def test_what_only_other_machines_can_show_is_not_to_be_repeated_on_these(
    message: str, said: str, remedy: str
) -> None:
    (reason,) = verdict_of(with_outcome(GOOD, "install.service", Outcome.INFRA, message)).reasons
    assert remedy in reason.remedy
    assert reason.text.endswith(said), "the advice is given once"


def test_an_attempt_lost_to_the_lab_before_a_good_one_still_passes() -> None:
    assert verdict_of(bent(attempts=(an_attempt(1, Outcome.INFRA), an_attempt(2)))()).verdict is Verdict.PASS


def test_a_check_that_does_not_apply_counts_neither_way_while_its_phase_proves_something() -> None:
    judgement = verdict_of(with_outcome(GOOD, "install.service", Outcome.NOT_APPLICABLE, "Wine cannot"))
    assert judgement.verdict is Verdict.PASS
    assert "1 were not applicable" in words(judgement)


def test_what_the_profile_leaves_undeclared_denies_no_pass_and_is_counted_apart() -> None:
    report = with_outcome(GOOD, "check-in.enrolled", Outcome.NOT_TESTED, "the profile declares no backend")
    report = with_outcome(report, "install.service", Outcome.NOT_APPLICABLE, "Wine cannot")
    judgement = verdict_of(report)
    assert judgement.verdict is Verdict.PASS
    assert "2 checks passed, 1 were not tested and 1 were not applicable" in words(judgement)


WATCHED = a_cell(checks=(*CHECKS, "check-in.protocol", "check-in.identity"), watching=("check-in.protocol",))


@pytest.mark.parametrize(
    ("enrolled", "identity", "verdict"),
    [
        (Outcome.PASSED, Outcome.NOT_TESTED, Verdict.PASS),
        (Outcome.NOT_TESTED, Outcome.NOT_TESTED, Verdict.PASS),
        # What is declared was to be proven; that the rest is not declared does not excuse it.
        (Outcome.NOT_APPLICABLE, Outcome.NOT_TESTED, Verdict.INCOMPLETE),
        (Outcome.NOT_APPLICABLE, Outcome.NOT_APPLICABLE, Verdict.INCOMPLETE),
    ],
)
def test_a_watcher_that_passed_carries_no_phase(
    enrolled: Outcome, identity: Outcome, verdict: Verdict
) -> None:
    plan = a_plan(WATCHED)
    report = with_outcome(a_report(plan, WATCHED), "check-in.enrolled", enrolled)
    report = with_outcome(report, "check-in.identity", identity)
    assert verdict_of(report, plan=plan).verdict is verdict


def test_a_phase_of_watchers_alone_is_not_proven() -> None:
    cell = a_cell(watching=("check-in.enrolled",))
    plan = a_plan(cell)
    judgement = verdict_of(a_report(plan, cell), plan=plan)
    assert judgement.verdict is Verdict.INCOMPLETE
    assert "only watch what others would have done" in words(judgement)


def test_a_check_that_does_not_apply_must_say_why() -> None:
    mute = a_result("install.service", Outcome.NOT_APPLICABLE).model_copy(update={"message": " "})
    report = GOOD.model_copy(
        update={"checks": tuple(mute if r.check == mute.check else r for r in GOOD.checks)}
    )
    assert verdict_of(report).verdict is Verdict.INCOMPLETE


def test_a_phase_for_which_the_plan_has_no_check_is_not_proven() -> None:
    cell = a_cell(phases=(Phase.MACHINE, Phase.INSTALL, Phase.RESIDUE), checks=CHECKS[:2])
    plan = a_plan(cell)
    judgement = verdict_of(a_report(plan, cell), plan=plan)
    assert judgement.verdict is Verdict.INCOMPLETE
    assert "No check passed in phase residue: the plan has no check for it." in words(judgement)


def test_a_cell_that_never_got_a_machine_is_a_lab_failure_not_a_forgery() -> None:
    report = with_outcome(GOOD, "install.exit-code", Outcome.INFRA).model_copy(
        update={
            "guest_system": GuestSystem.WINDOWS,
            "image_digest": "",
            "attempts": (an_attempt(1, Outcome.INFRA),),
        }
    )
    assert verdict_of(report).verdict is Verdict.INFRA


@pytest.mark.parametrize(
    ("how", "verdict", "text"),
    [
        ({}, Verdict.INCOMPLETE, "never begun"),
        ({"started": {ONE.id}}, Verdict.INFRA, "begun but never sealed"),
        ({"selected": set()}, Verdict.INCOMPLETE, "not selected by --cells"),
        ({"selected": {ONE.id}}, Verdict.INCOMPLETE, "never begun"),
        ({"started": {ONE.id}, "selected": set()}, Verdict.INFRA, "begun but never sealed"),
        ({"damaged": {ONE.id: "The report is torn."}}, Verdict.INVALID, "The report is torn."),
        ({"damaged": {"x/y": "The report is torn."}}, Verdict.INVALID, "The report is torn."),
    ],
)
def test_a_missing_report_is_named_by_its_cause(how: dict[str, Any], verdict: Verdict, text: str) -> None:
    judgement = verdict_of(**how)
    assert judgement.verdict is verdict
    assert text in words(judgement)


def test_damage_outweighs_a_good_report() -> None:
    assert verdict_of(GOOD, damaged={ONE.id: "changed"}).verdict is Verdict.INVALID


def test_two_reports_of_one_cell_are_invalid() -> None:
    judgement = verdict_of(GOOD, GOOD)
    assert judgement.verdict is Verdict.INVALID
    assert judgement.cells[0].report is None


def test_a_report_of_an_unplanned_cell_is_invalid() -> None:
    judgement = verdict_of(GOOD, GOOD.model_copy(update={"cell_id": "win95/fresh"}))
    assert judgement.verdict is Verdict.INVALID
    assert judgement.reasons[0].cell == "win95/fresh"


ADVISORY = a_cell("win7/fresh", requirement=Requirement.ADVISORY, reason="out of support")
BOTH = a_plan(ONE, ADVISORY)


def test_an_advisory_failure_is_shown_and_not_counted() -> None:
    bad = with_outcome(a_report(BOTH, ADVISORY), "install.service", Outcome.FAILED, "stopped")
    judgement = verdict_of(a_report(BOTH, ONE), bad, plan=BOTH)
    assert judgement.verdict is Verdict.PASS
    assert judgement.cells[1].verdict is Verdict.FAIL
    assert [(reason.verdict, reason.counted) for reason in judgement.reasons] == [
        (Verdict.PASS, True),
        (Verdict.FAIL, False),
    ]


def test_an_advisory_cell_without_a_report_does_not_deny() -> None:
    assert verdict_of(a_report(BOTH, ONE), plan=BOTH).verdict is Verdict.PASS


def test_an_advisory_report_that_cannot_be_believed_denies() -> None:
    forged = a_report(BOTH, ADVISORY, plan_digest="0" * 64)
    assert verdict_of(a_report(BOTH, ONE), forged, plan=BOTH).verdict is Verdict.INVALID


def test_a_plan_that_requires_nothing_proves_nothing() -> None:
    plan = a_plan(ADVISORY)
    assert verdict_of(a_report(plan, ADVISORY), plan=plan).verdict is Verdict.INCOMPLETE
    assert verdict_of(plan=a_plan()).verdict is Verdict.INCOMPLETE


def test_the_worst_verdict_wins_and_leads() -> None:
    cells = [a_cell(f"win{n}/fresh") for n in range(4)]
    plan = a_plan(*cells)
    reports = [a_report(plan, cell) for cell in cells]
    reports[1] = with_outcome(reports[1], "install.service", Outcome.INFRA)
    reports[2] = with_outcome(reports[2], "install.service", Outcome.FAILED)
    judgement = judge(plan, RUN, reports[:3])
    assert judgement.verdict is Verdict.FAIL
    assert [reason.verdict for reason in judgement.reasons] == [
        Verdict.FAIL,
        Verdict.INFRA,
        Verdict.INCOMPLETE,
    ]


CELLS = tuple(
    a_cell(f"win{n}/fresh", requirement=Requirement.ADVISORY if n == 2 else Requirement.REQUIRED)
    for n in range(3)
)
WIDE = a_plan(*CELLS)
MOSTLY_PASSED = st.one_of(st.just(Outcome.PASSED), st.sampled_from(Outcome))


@st.composite
def some_reports(draw: st.DrawFn) -> list[CellReport]:
    found = []
    for cell in CELLS:
        if draw(st.integers(0, 5)) == 0:
            continue
        results = tuple(a_result(check, draw(MOSTLY_PASSED)) for check in cell.checks)
        last = draw(MOSTLY_PASSED)
        found.append(a_report(WIDE, cell, checks=results, attempts=(an_attempt(1, last),)))
    return found


def judged(reports: list[CellReport]) -> Judgement:
    return judge(WIDE, RUN, reports)


@given(some_reports(), st.randoms())
def test_the_order_of_reports_and_results_does_not_matter(reports: list[CellReport], random: Any) -> None:
    shuffled = []
    for report in reports:
        checks = list(report.checks)
        random.shuffle(checks)
        shuffled.append(report.model_copy(update={"checks": tuple(checks)}))
    random.shuffle(shuffled)
    first, second = judged(reports), judged(shuffled)
    assert first.verdict is second.verdict
    assert [cell.verdict for cell in first.cells] == [cell.verdict for cell in second.cells]


@given(some_reports(), st.data())
def test_leaving_something_out_never_makes_a_pass(reports: list[CellReport], data: st.DataObject) -> None:
    if not reports:
        assert judged(reports).verdict is not Verdict.PASS
        return
    index = data.draw(st.integers(0, len(reports) - 1))
    victim = reports[index]
    fewer = [*reports[:index], *reports[index + 1 :]]
    if data.draw(st.booleans()):
        gone = data.draw(st.integers(0, len(victim.checks) - 1))
        checks = (*victim.checks[:gone], *victim.checks[gone + 1 :])
        fewer.append(victim.model_copy(update={"checks": checks}))
    before, after = judged(reports).verdict, judged(fewer).verdict
    assert after is not Verdict.PASS or before is Verdict.PASS
    if victim.cell_id != CELLS[2].id:
        assert after is not Verdict.PASS


@given(some_reports())
def test_a_failed_check_in_a_required_cell_is_always_a_fail(reports: list[CellReport]) -> None:
    required = [report for report in reports if report.cell_id != CELLS[2].id]
    failed = any(check.outcome is Outcome.FAILED for report in required for check in report.checks)
    if failed:
        assert judged(reports).verdict is Verdict.FAIL


@given(some_reports())
def test_a_pass_means_that_every_required_check_passed_or_does_not_apply(reports: list[CellReport]) -> None:
    if judged(reports).verdict is Verdict.PASS:
        required = {report.cell_id: report for report in reports if report.cell_id != CELLS[2].id}
        assert set(required) == {CELLS[0].id, CELLS[1].id}
        for report in required.values():
            outcomes = {check.check: check.outcome for check in report.checks}
            assert set(outcomes) == set(CHECKS)
            assert set(outcomes.values()) <= {Outcome.PASSED, *UNPROVEN}
            assert outcomes["check-in.enrolled"] in (Outcome.PASSED, Outcome.NOT_TESTED)


@given(some_reports())
def test_the_verdict_is_the_worst_counted_reason_and_every_denial_has_one(reports: list[CellReport]) -> None:
    judgement = judged(reports)
    counted = [reason.verdict for reason in judgement.reasons if reason.counted]
    assert judgement.verdict is min(counted, key=SEVERITY.index)
    assert len(judgement.cells) == len(CELLS)


@given(some_reports())
def test_a_gate_survives_being_written_and_read(reports: list[CellReport]) -> None:
    gate = a_gate(WIDE, reports)
    assert type(gate).model_validate_json(gate.model_dump_json()) == gate


@pytest.mark.parametrize(
    ("started", "words"), [((), "before this cell began"), ((ONE.id,), "before this cell ended")]
)
def test_what_an_interruption_left_undone_is_missing_and_not_lost_to_the_lab(
    started: tuple[str, ...], words: str
) -> None:
    judgement = judge(PLAN, RUN, [], started=started, interrupted=True)
    assert judgement.verdict is Verdict.INCOMPLETE
    assert f"The run was interrupted {words}." in " ".join(reason.text for reason in judgement.reasons)
    lost = judge(PLAN, RUN, [], started=(ONE.id,))
    assert lost.verdict is Verdict.INFRA

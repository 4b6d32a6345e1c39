"""One failure is one reason, with what follows from it in the order of time."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from harness.gate.causes import causes_of
from harness.gate.verdict import judge
from harness.model.gate import Verdict
from harness.model.report import CheckResult, Outcome
from tests.unit.gate.samples import RUN, a_cell, a_plan, a_report, a_result

HANGS = a_result("uninstall.exit_code", Outcome.FAILED, "it hangs")


def blocked(check: str, because: str = "uninstall.exit_code") -> CheckResult:
    return a_result(check, Outcome.BLOCKED, because=because)


def names(results: list[CheckResult]) -> list[tuple[str, list[str]]]:
    return [(cause.result.check, [each.check for each in cause.follows]) for cause in causes_of(results)]


def test_a_hanging_uninstall_is_one_cause_with_all_that_it_blocks() -> None:
    later = [blocked("reboot-clean.once"), blocked("residue.files"), blocked("residue.services")]
    assert names([*later, HANGS]) == [
        ("uninstall.exit_code", ["residue.files", "residue.services", "reboot-clean.once"])
    ]


def test_causes_come_in_the_order_of_time_and_not_of_the_alphabet() -> None:
    late, early = a_result("check-in.heartbeat", Outcome.FAILED), a_result("install.files", Outcome.FAILED)
    assert [name for name, _ in names([late, early])] == ["install.files", "check-in.heartbeat"]


def test_what_follows_from_a_consequence_follows_from_its_cause() -> None:
    left = a_result("residue.files", Outcome.FAILED, because="uninstall.exit_code")
    again = a_result("reboot-clean.files", Outcome.FAILED, because="residue.files")
    assert names([HANGS, left, again]) == [("uninstall.exit_code", ["residue.files", "reboot-clean.files"])]


def test_a_failure_of_the_candidate_is_never_hidden_under_one_of_the_lab() -> None:
    lost = a_result("uninstall.exit_code", Outcome.INFRA)
    left = a_result("residue.files", Outcome.FAILED, because="uninstall.exit_code")
    assert [name for name, _ in names([lost, left])] == ["uninstall.exit_code", "residue.files"]


def test_causes_that_name_each_other_do_not_vanish() -> None:
    one = a_result("install.a", Outcome.FAILED, because="install.b")
    other = a_result("install.b", Outcome.FAILED, because="install.a")
    assert {name for name, _ in names([one, other])} | {x for _, xs in names([one, other]) for x in xs} == {
        "install.a",
        "install.b",
    }


def test_the_gate_tells_the_cause_and_counts_what_could_not_run_under_it() -> None:
    checks = ("install.exit_code", "check-in.enrolled", "uninstall.exit_code")
    cell = a_cell(checks=checks)
    plan = a_plan(cell)
    results = (
        a_result("install.exit_code", Outcome.FAILED, "it ended with 1603"),
        blocked("check-in.enrolled", "install.exit_code"),
        blocked("uninstall.exit_code", "install.exit_code"),
    )
    judged = judge(plan, RUN, [a_report(plan, cell, checks=results)])
    assert judged.verdict is Verdict.FAIL
    (reason,) = judged.reasons
    assert reason.check == "install.exit_code"
    assert [each.check for each in reason.follows] == ["check-in.enrolled", "uninstall.exit_code"]


@st.composite
def some_results(draw: st.DrawFn) -> list[CheckResult]:
    phases = ("install", "check-in", "functions", "uninstall", "residue")
    checks = [f"{phase}.{number}" for phase in phases for number in range(3)]
    return [
        a_result(check, draw(st.sampled_from(Outcome)), because=draw(st.sampled_from(["", *checks])))
        for check in checks
    ]


@given(some_results())
def test_every_failed_or_lost_check_is_a_cause_or_follows_from_one(results: list[CheckResult]) -> None:
    causes = causes_of(results)
    shown: list[Any] = [each.check for cause in causes for each in (cause.result, *cause.follows)]
    assert len(set(shown)) == len(shown)
    assert {r.check for r in results if r.outcome in (Outcome.FAILED, Outcome.INFRA)} <= set(shown)

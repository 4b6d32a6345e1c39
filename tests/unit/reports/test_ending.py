"""The last lines of a run's output are few, and begin with the cause."""

from pathlib import PurePath

from harness.model.gate import Gate
from harness.model.report import Outcome
from harness.reports.ending import CAUSES, ending_text, first_causes
from tests.unit.gate.samples import a_cell, a_gate, a_plan, a_report, a_result, with_outcome

CELLS = [a_cell(f"win{number}/fresh") for number in range(20)]
PLAN = a_plan(*CELLS)
PAGE, RUN = PurePath("reports/x/gate.html"), PurePath("reports/x y")


def ending(gate: Gate) -> list[str]:
    return ending_text(gate, page=PAGE, run=RUN).splitlines()


def hanging() -> Gate:
    bad = [
        a_result("uninstall.exit-code", Outcome.FAILED, "it hangs"),
        *(a_result(c) for c in CELLS[0].checks[:-1]),
    ]
    return a_gate(PLAN, [a_report(PLAN, cell, checks=tuple(bad)) for cell in CELLS])


def test_it_ends_with_verdict_cause_page_and_the_way_back() -> None:
    lines = ending(hanging())
    assert lines[0] == "FAIL"
    assert lines[1].startswith("  FAIL uninstall.exit-code in 20 cells (win0/fresh, ")
    assert lines[-2] == f"page: {PAGE}"
    assert lines[-1] == ("reproduce: bvt repro 'reports/x y' --cell win0/fresh --check uninstall.exit-code")


def test_it_stays_short_however_many_reasons_there_are() -> None:
    reports = []
    for number, cell in enumerate(CELLS):
        check = CELLS[0].checks[number % 4]
        failed = with_outcome(a_report(PLAN, cell), check, Outcome.FAILED, "no " * 2000)
        reports.append(with_outcome(failed, CELLS[0].checks[(number + 1) % 4], Outcome.FAILED))
    lines = ending(a_gate(PLAN, reports))
    assert len(lines) <= CAUSES + 5
    assert max(map(len, lines)) < 600


def test_the_first_cause_of_a_cell_is_its_earliest() -> None:
    report = with_outcome(a_report(PLAN, CELLS[0]), "uninstall.exit-code", Outcome.FAILED)
    report = with_outcome(report, "install.service", Outcome.FAILED)
    plan = a_plan(CELLS[0])
    gate = a_gate(plan, [report.model_copy(update={"plan_digest": plan.digest})])
    assert [each.reason.check for each in first_causes(gate.reasons)] == ["install.service"]


def test_a_pass_ends_with_its_page() -> None:
    gate = a_gate(PLAN, [a_report(PLAN, cell) for cell in CELLS])
    assert ending(gate) == ["PASS", f"page: {PAGE}"]


def test_nothing_from_a_guest_moves_the_cursor() -> None:
    report = with_outcome(a_report(PLAN, CELLS[0]), "install.service", Outcome.FAILED, "\x1b[2J\r\nhi")
    assert "\x1b" not in ending_text(a_gate(PLAN, [report]), page=PAGE, run=RUN)

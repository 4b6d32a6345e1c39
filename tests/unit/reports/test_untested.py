"""What the profile leaves undeclared stands beside the verdict, apart from what the substrate cannot show."""

from lxml import etree

from harness.model.gate import Gate, Verdict
from harness.model.matrix import Requirement
from harness.model.report import Outcome, Phase
from harness.reports import junit_xml, render_page, summary_markdown, summary_text
from harness.reports.facts import cell_facts, headline, untested_phases
from harness.reports.untested import not_tested_line
from tests.unit.gate.samples import CHECKS, PHASES, a_cell, a_gate, a_plan, a_report, with_outcome

FUNCTIONS = ("functions.service", "functions.user", "functions.live_query", "functions.protocol")
CELL = a_cell(
    phases=(*PHASES, Phase.FUNCTIONS), checks=(*CHECKS, *FUNCTIONS), watching=("functions.protocol",)
)


def gate(
    undeclared: dict[str, str], *, failed: bool = False, requirement: Requirement = Requirement.REQUIRED
) -> Gate:
    cell = CELL.model_copy(update={"requirement": requirement})
    plan = a_plan(cell, a_cell("win10-22h2/fresh"))
    report = a_report(plan, cell)
    for check, reason in undeclared.items():
        report = with_outcome(report, check, Outcome.NOT_TESTED, reason)
    report = with_outcome(report, "install.service", Outcome.NOT_APPLICABLE, "Wine cannot")
    if failed:
        report = with_outcome(report, "uninstall.exit-code", Outcome.FAILED, "1603")
    return a_gate(plan, [report, a_report(plan, plan.cells[1])])


NOTHING = {
    "functions.service": "the profile declares no telemetry",
    "functions.user": "the profile declares no telemetry",
    "functions.live_query": "the profile declares no live query",
}
"""The watcher passed, as it does where nothing is said."""
LINE = "Not tested: 3 checks; the profile declares no telemetry (2), no live query (1)."


def test_a_phase_in_which_nothing_was_tested_is_named_beside_the_verdict_in_the_first_line() -> None:
    bare = gate(NOTHING)
    assert bare.verdict is Verdict.PASS
    assert untested_phases(bare) == (Phase.FUNCTIONS,)
    first, *rest = summary_text(bare).splitlines()
    assert first.startswith("PASS (functions not tested)  ")
    assert LINE in rest
    assert summary_markdown(bare).startswith(r"## PASS \(functions not tested\): ")
    assert '>PASS <span class="beside">functions not tested</span></div>' in render_page(bare)
    assert LINE in render_page(bare)


def test_it_never_looks_green() -> None:
    (functions,) = [phase for phase in cell_facts(gate(NOTHING))[0].phases if phase.phase is Phase.FUNCTIONS]
    assert functions.outcome is Outcome.NOT_TESTED
    assert not functions.proven
    assert '<span class="o o-not-tested" title="not tested">not tested</span>' in render_page(gate(NOTHING))


def test_where_some_of_it_was_tested_the_number_is_said_and_the_verdict_stands_alone() -> None:
    some = gate({"functions.user": "the profile declares no telemetry for user"})
    assert untested_phases(some) == ()
    assert summary_text(some).startswith("PASS  ")
    assert not_tested_line(some) == "Not tested: 1 check; the profile declares no telemetry for user (1)."


def test_where_everything_was_tested_nothing_is_said_of_it() -> None:
    assert not_tested_line(gate({})) == ""
    assert "Not tested" not in summary_text(gate({}))


def test_an_advisory_cell_does_not_speak_for_the_required_ones() -> None:
    assert headline(gate(NOTHING, requirement=Requirement.ADVISORY)) == ""


def test_a_verdict_that_is_no_pass_needs_no_reservation() -> None:
    assert headline(gate(NOTHING, failed=True)) == ""
    assert LINE in summary_text(gate(NOTHING, failed=True))


def test_there_are_two_numbers_and_two_lists() -> None:
    bare = gate(NOTHING)
    assert "3 not tested (3 different checks), 1 not applicable (1 different check)" in summary_text(bare)
    page = render_page(bare)
    assert page.index("Not tested, and why") < page.index("Not applicable, and why")
    assert "| 4 | 0 | 3 | 1 |" in summary_markdown(bare)


def test_junit_tells_both_apart() -> None:
    root = etree.fromstring(junit_xml(gate(NOTHING)))
    suite = root[0]
    skipped = {case.get("name"): case.find("skipped") for case in suite.findall("testcase")}
    said = {name: note.get("message", "") for name, note in skipped.items() if note is not None}
    assert said["functions.user"].startswith("not tested: ")
    assert said["install.service"].startswith("not applicable: ")
    properties = {item.get("name"): item.get("value") for item in suite.iter("property")}
    assert properties["not-tested"] == "3"
    assert properties["not-applicable"] == "1"
    assert properties["phases-not-tested"] == "functions"


def test_many_reasons_are_cut_short_by_number() -> None:
    reasons = {check: f"the profile declares no thing {number}" for number, check in enumerate(CELL.checks)}
    assert not_tested_line(gate(reasons)).endswith("no thing 4 (1) and what 3 more would look at.")


def test_a_reason_that_is_no_missing_declaration_is_said_as_it_is() -> None:
    said = not_tested_line(gate({**NOTHING, "functions.protocol": "no process of the agent runs"}))
    assert said == (
        "Not tested: 4 checks; the profile declares no telemetry (2), no live query (1);"
        " no process of the agent runs (1)."
    )

"""What does not count against the candidate stands beside the verdict."""

from harness.model.report import Excuse, ExcusedBy
from harness.reports import render_page, summary_markdown, summary_text
from harness.reports.excused import excused
from tests.unit.gate.samples import a_cell, a_gate, a_plan, a_report

CELLS = (a_cell("win10-22h2/fresh"), a_cell("win11-24h2/fresh"))
PLAN = a_plan(*CELLS)
UNSIGNED = Excuse(
    what="agent.msi carries no <signature>", by=ExcusedBy.PROFILE, reason="built before signing"
)
FOLDER = Excuse(what="c:\\program files\\acme", by=ExcusedBy.SUBSTRATE, reason="Wine leaves it")


def test_excuses_are_gathered_over_cells_and_said_with_whose_they_are() -> None:
    reports = []
    for cell in CELLS:
        report = a_report(PLAN, cell)
        first = report.checks[0].model_copy(update={"excuses": (FOLDER, UNSIGNED)})
        reports.append(report.model_copy(update={"checks": (first, *report.checks[1:])}))
    gate = a_gate(PLAN, reports)
    assert [(each.excuse, len(each.cells)) for each in excused(gate)] == [(UNSIGNED, 2), (FOLDER, 2)]
    text, page = summary_text(gate), render_page(gate)
    assert "declared by the profile: agent.msi carries no <signature> (built before signing)" in text
    assert "the substrate's own: 1 finding, see gate.html" in text
    assert "c:\\program files\\acme" in page
    assert "built before signing" in summary_markdown(gate)
    assert "no &lt;signature&gt;" in page
    assert page.index("Found, but not counted against the candidate") < page.index(">Cells</h2>")


def test_a_gate_without_excuses_says_nothing_of_them() -> None:
    gate = a_gate(PLAN, [a_report(PLAN, cell) for cell in CELLS])
    assert "held against" not in summary_text(gate) + render_page(gate)

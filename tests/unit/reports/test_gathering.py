"""One defect in many cells is one reason, wherever people read."""

from harness.model.gate import Gate, Reason, Verdict
from harness.model.report import Outcome
from harness.reports import render_page, summary_markdown, summary_text
from harness.reports.gathering import gathered
from tests.unit.gate.samples import a_cell, a_gate, a_plan, a_report, with_outcome

CELLS = tuple(a_cell(f"win{number}/fresh") for number in range(10, 18))
PLAN = a_plan(*CELLS)
NAMES = tuple(cell.id for cell in CELLS)


def failing(check: str, words: str = "it is stopped") -> Gate:
    reports = [
        with_outcome(a_report(PLAN, cell), check, Outcome.FAILED, words.format(cell.id)) for cell in CELLS
    ]
    return a_gate(PLAN, reports)


def reason(cell: str, text: str = "gone", check: str = "", **changes: object) -> Reason:
    return Reason.model_validate(
        {"verdict": Verdict.FAIL, "cell": cell, "check": check, "text": text} | changes
    )


def test_a_check_that_fails_everywhere_is_read_once() -> None:
    gate = failing("install.service")
    (each,) = gathered(gate.reasons)
    assert (each.cells, each.differs) == (NAMES, False)
    above, _, below = render_page(gate).split("Each cell in detail")[0].partition('id="why"')
    assert (above.count("it is stopped"), below.count("it is stopped")) == (1, 1)
    for text in (summary_text(gate), summary_markdown(gate)):
        assert text.count("it is stopped") == 1
        assert "install.service in 8 cells" in text
        assert f"{', '.join(NAMES[:6])} and 2 more" in text


def test_the_page_links_every_cell_of_a_reason() -> None:
    why = render_page(failing("install.service")).split("<h2>Candidate")[0]
    assert [f'href="#cell-{name.replace("/", "--")}"' in why for name in NAMES] == [True] * len(NAMES)


def test_a_check_that_fails_in_other_words_says_whose_words_are_shown() -> None:
    gate = failing("install.service", "no row with pid {}")
    (each,) = gathered(gate.reasons)
    assert each.differs
    assert "In the first of them:" in render_page(gate)
    assert "and 2 more), in the first: Check install.service: no row with pid win10/fresh" in summary_text(
        gate
    )


def test_what_says_something_else_stays_apart() -> None:
    apart = (
        reason("a", check="x"),
        reason("b", check="y"),
        reason("c", check="x", counted=False),
        reason("d", check="x", verdict=Verdict.INFRA),
        reason("e", check="x", remedy="another"),
        reason("f", "gone"),
        reason("g", "lost"),
        reason("", "gone"),
    )
    assert len(gathered(apart)) == len(apart)


def test_the_worst_stays_first_and_among_equals_what_is_found_most() -> None:
    found = gathered(
        [
            reason("a", check="once"),
            *(reason(cell, check="thrice") for cell in "abc"),
            *(reason(cell, "lab", verdict=Verdict.INFRA) for cell in "abcd"),
            *(reason(cell, check="old", counted=False) for cell in "abcde"),
        ]
    )
    assert [(each.reason.check or each.reason.text, len(each.cells)) for each in found] == [
        ("thrice", 3),
        ("once", 1),
        ("lab", 4),
        ("old", 5),
    ]

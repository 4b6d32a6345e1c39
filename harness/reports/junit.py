"""JUnit XML for CI systems: one test suite per cell.

A failed check is a `failure`, a lab failure an `error`. A check that could not run because of one of those is
`skipped`, for it says nothing new; without such a cause in the same suite it is an `error`, so that no reader of JUnit
takes a hole for a pass. What is not tested or does not apply is `skipped`, and its message begins with which of the two.
"""

import re
from collections.abc import Collection, Iterable

from lxml import etree

from harness.model.gate import SEVERITY, Gate, Reason, Verdict
from harness.model.report import UNPROVEN, CheckResult, Outcome
from harness.reports.facts import CellFacts, cell_facts
from harness.reports.words import WORDS

NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold (section 2.2, "Characters")."""

ELEMENTS = {
    Outcome.FAILED: "failure",
    Outcome.INFRA: "error",
    Outcome.BLOCKED: "error",
    Outcome.NOT_TESTED: "skipped",
    Outcome.NOT_APPLICABLE: "skipped",
}


def junit_xml(gate: Gate) -> bytes:
    """The whole gate as a UTF-8 document."""
    root = etree.Element("testsuites")
    cells = cell_facts(gate)
    for item in cells:
        root.append(_suite(item, gate))
    known = {item.cell.id for item in cells}
    of_no_cell = [reason for reason in _whole(gate.reasons) if reason.cell not in known]
    if of_no_cell:
        suite = etree.SubElement(root, "testsuite", name="gate")
        for reason in of_no_cell:
            case = _case(suite, "gate", reason.cell or "plan", 0.0)
            _note(case, "error", reason.verdict.value, reason.text)
        _count(suite)
    for name in ("tests", "failures", "errors", "skipped"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    root.set("name", _clean(f"{gate.plan.candidate.product_name} {gate.plan.candidate.version}"))
    root.set("time", f"{gate.duration_s:.3f}")
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _whole(reasons: Iterable[Reason]) -> list[Reason]:
    """Reasons against a cell, or the run, as a whole: those that name no check."""
    return [reason for reason in reasons if not reason.check and reason.verdict is not Verdict.PASS]


def _suite(item: CellFacts, gate: Gate) -> etree._Element:
    suite = etree.Element("testsuite", name=item.cell.id, time=f"{item.duration_s:.3f}")
    if item.report:
        suite.set("timestamp", item.report.began.isoformat())
    properties = etree.SubElement(suite, "properties")
    facts = {
        "run": gate.run_id,
        "suite": gate.plan.suite,
        "requirement": item.cell.requirement.value,
        "substrate": item.report.substrate.value if item.report else "none",
        "guest-system": item.report.guest_system.value if item.report else "none",
        "verdict": item.verdict.verdict.value,
    }
    checks = item.report.checks if item.report else ()
    for outcome in UNPROVEN:
        facts[outcome.value] = str(sum(check.outcome is outcome for check in checks))
    facts["phases-not-tested"] = ", ".join(
        phase.phase.value for phase in item.phases if phase.outcome is Outcome.NOT_TESTED
    )
    for name, value in facts.items():
        etree.SubElement(properties, "property", name=name, value=_clean(value))
    explained = {each.check for reason in item.reasons for each in reason.follows}
    for check in checks:
        _result(suite, item.cell.id, check, explained)
    done = {check.check for check in checks}
    if item.report:  # a cell without a report has one case for the whole of it
        _missing_results(suite, item, done)
    _cell_itself(suite, item, done)
    _count(suite)
    return suite


def _missing_results(suite: etree._Element, item: CellFacts, done: set[str]) -> None:
    """A planned check without a result is an error, with the reason of the cell."""
    why = " ".join(reason.text for reason in item.reasons if not reason.check) or "The check left no result."
    for name in item.cell.checks:
        if name not in done:
            _note(_case(suite, item.cell.id, name, 0.0), "error", "no-result", why)


def _cell_itself(suite: etree._Element, item: CellFacts, done: set[str]) -> None:
    """A case `cell` for what is wrong with the cell as a whole, and for checks that were never planned."""
    whole = _whole(item.reasons)
    told = {reason.check for reason in item.reasons if reason.check}
    if not whole and not told - done - set(item.cell.checks):
        return
    worst = min((reason.verdict for reason in whole), key=SEVERITY.index, default=Verdict.INVALID)
    text = (
        "\n".join(reason.text for reason in whole) or "The report holds checks that the plan does not know."
    )
    case = _case(suite, item.cell.id, "cell", 0.0)
    _note(case, "failure" if worst is Verdict.FAIL else "error", worst.value, text)


def _result(suite: etree._Element, cell: str, check: CheckResult, explained: Collection[str]) -> None:
    case = _case(suite, cell, check.check, check.duration_s)
    if check.outcome is Outcome.PASSED:
        return
    text = f"{check.title}: {check.message}" if check.message else check.title
    text = f"{WORDS[check.outcome]}: {text}" if check.outcome in UNPROVEN else text
    element = ELEMENTS[check.outcome]
    if check.check in explained and check.outcome is Outcome.FAILED:
        text = f"{text}\nThis follows from {check.because}."
    elif check.check in explained:
        element = "skipped"
    _note(case, element, check.outcome.value, text)


def _case(suite: etree._Element, cell: str, name: str, duration_s: float) -> etree._Element:
    return etree.SubElement(
        suite,
        "testcase",
        classname=_clean(cell.replace("/", ".")),
        name=_clean(name),
        time=f"{duration_s:.3f}",
    )


def _note(case: etree._Element, element: str, kind: str, text: str) -> None:
    note = etree.SubElement(case, element, message=_clean(text.splitlines()[0] if text.strip() else kind))
    if element != "skipped":
        note.set("type", kind)
    note.text = _clean(text)


def _count(suite: etree._Element) -> None:
    cases = suite.findall("testcase")
    suite.set("tests", str(len(cases)))
    for attribute, element in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(attribute, str(sum(case.find(element) is not None for case in cases)))


def _clean(text: str) -> str:
    return NOT_XML.sub("\ufffd", text)

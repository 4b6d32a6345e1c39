import base64
import hashlib
import json
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from harness.model.gate import Gate, Reason, Verdict
from harness.model.matrix import Requirement
from harness.model.plural import plural
from harness.model.report import Evidence, Outcome
from harness.model.substrate import GuestSystem, Substrate
from harness.reports import junit_xml, render_page, summary_markdown, summary_text, write_reports
from harness.reports.facts import cell_facts, substrate_words, unproven
from harness.reports.notices import substrate_notice
from harness.reports.words import MEANINGS, megabytes, seconds
from tests.unit.gate.samples import a_cell, a_gate, a_plan, a_report, an_attempt, with_outcome

WIN10, WIN11 = a_cell("win10-22h2/fresh"), a_cell("win11-24h2/fresh")
WIN7 = a_cell("win7-sp1/fresh", requirement=Requirement.ADVISORY, reason="out of support")
PLAN = a_plan(WIN10, WIN11, WIN7)
HOSTILE = "</p><script>alert(1)</script><img src=x onerror=alert(2)>\" ' `x` | **b** [a](javascript:x) & \x1b[31m\x00"


def passing() -> Gate:
    reports = [a_report(PLAN, cell) for cell in (WIN10, WIN11, WIN7)]
    reports[0] = with_outcome(reports[0], "install.service", Outcome.NOT_APPLICABLE, "Wine cannot")
    return a_gate(PLAN, reports)


def failing() -> Gate:
    bad = with_outcome(a_report(PLAN, WIN10), "install.service", Outcome.FAILED, "it is stopped")
    bad = with_outcome(bad, "check-in.enrolled", Outcome.BLOCKED, "Blocked by install.service.")
    advisory = with_outcome(a_report(PLAN, WIN7), "install.service", Outcome.FAILED, "too old")
    return a_gate(PLAN, [bad, advisory], selected={WIN10.id, WIN7.id})


def hostile() -> Gate:
    evidence = Evidence(path='javascript:alert(1)/"><script>.log', sha256="d" * 64, size=3, what=HOSTILE)
    report = a_report(PLAN, WIN10, attempts=(an_attempt(1, Outcome.FAILED, HOSTILE),), evidence=(evidence,))
    report = with_outcome(report, "install.service", Outcome.FAILED, HOSTILE)
    gate = a_gate(PLAN, [report])
    candidate = PLAN.candidate.model_copy(
        update={"product_name": HOSTILE, "version": HOSTILE, "manufacturer": HOSTILE}
    )
    return gate.model_copy(
        update={"plan": PLAN.model_copy(update={"candidate": candidate}), "run_id": HOSTILE}
    )


class Tags(HTMLParser):
    """What a browser would take for elements, and every link and source."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "action", "srcset")]
        self.ids += [value or "" for name, value in attrs if name == "id"]
        assert not [name for name, _ in attrs if name.startswith("on")]


@pytest.mark.parametrize("gate", [passing(), failing(), hostile()], ids=["pass", "fail", "hostile"])
def test_the_page_needs_no_network_and_no_second_file_and_runs_no_script_but_its_own(gate: Gate) -> None:
    page = render_page(gate)
    tags = Tags(page)
    assert not {"link", "iframe", "img", "object", "form"} & set(tags.names)
    assert tags.names.count("script") == 1
    script = page.partition("<script>")[2].partition("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert (
        f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-{digest}'\""
        in page
    )
    assert all(link.startswith(("#", "./")) for link in tags.links)
    assert {link[1:] for link in tags.links if link.startswith("#")} <= set(tags.ids)
    assert len(tags.ids) == len(set(tags.ids))


def test_hostile_text_is_shown_as_text() -> None:
    page = render_page(hostile())
    assert page.count("<script") == 1
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert 'href="./cells/win10-22h2__fresh/javascript%3Aalert%281%29/%22%3E%3Cscript%3E.log"' in page


def test_the_page_says_verdict_exit_code_identity_and_substrate() -> None:
    page = render_page(passing())
    candidate = PLAN.candidate
    for text in ("PASS", "Exit code 0", candidate.version, candidate.sha256, candidate.product_code, "/CN=Test",
                 "ran on Wine, not on Windows", "2 / 2", PLAN.digest):  # fmt: skip
        assert text in page


def test_the_page_says_what_is_wrong_and_what_would_make_it_pass() -> None:
    page = render_page(failing())
    for text in ("it is stopped", "Fix the candidate", "not selected by --cells", "Run without --cells",
                 "Advisory cells: shown, not counted", "too old", "Cells without a result"):  # fmt: skip
        assert text in page


def test_a_broken_signature_and_none_are_told_apart() -> None:
    def page(**signature: bool) -> str:
        changed = PLAN.candidate.signature.model_copy(update=signature)
        candidate = PLAN.candidate.model_copy(update={"signature": changed})
        return render_page(
            passing().model_copy(update={"plan": PLAN.model_copy(update={"candidate": candidate})})
        )

    assert "the file was changed after it was signed" in page(intact=False)
    assert "not signed" in page(present=False)


@pytest.mark.parametrize("verdict", list(Verdict))
def test_every_verdict_has_a_page(verdict: Verdict) -> None:
    page = render_page(passing().model_copy(update={"verdict": verdict}))
    assert MEANINGS[verdict] in page
    assert f"Exit code {verdict.exit_code}" in page


def test_the_notice_says_how_many_cells_were_emulated_and_is_silent_for_windows() -> None:
    plan = a_plan(WIN10, WIN11)
    wine = a_report(plan, WIN10)
    windows = a_report(plan, WIN11, substrate=Substrate.KVM, guest_system=GuestSystem.WINDOWS)
    inside = a_report(plan, WIN11, substrate=Substrate.TCG)
    assert "1 of 2 cells ran on Wine" in substrate_notice(a_gate(plan, [wine, windows]))
    assert "these cells ran on Wine" in substrate_notice(a_gate(plan, [wine, inside]))
    assert substrate_notice(a_gate(plan, [windows])) == ""
    assert substrate_words(inside) == "emulated virtual machine (TCG), Wine inside"
    assert "emulated processor" in render_page(a_gate(plan, [wine, inside]))


def test_a_phase_stands_for_its_worst_check_and_a_hole_is_no_pass() -> None:
    facts = {item.cell.id: item for item in cell_facts(failing())}
    install = next(phase for phase in facts[WIN10.id].phases if phase.title == "Install")
    assert (install.outcome, install.passed, install.applicable) == (Outcome.FAILED, 1, 2)
    missing = next(phase for phase in facts[WIN11.id].phases if phase.title == "Install")
    assert (missing.outcome, missing.passed, missing.applicable) == (None, 0, 2)
    report = a_report(PLAN, WIN10)
    holed = a_gate(PLAN, [report.model_copy(update={"checks": report.checks[1:]})])
    assert next(phase for phase in cell_facts(holed)[0].phases if phase.title == "Install").outcome is None


def test_what_a_reader_looks_for_is_apart_from_the_rest_of_a_phase() -> None:
    bad = with_outcome(a_report(PLAN, WIN10), "install.service", Outcome.FAILED, "it is stopped")
    gate = a_gate(PLAN, [bad.model_copy(update={"checks": bad.checks[:2]})])
    install, check_in = cell_facts(gate)[0].phases[1:3]
    assert [check.check for check in install.trouble] == ["install.service"]
    assert install.rest_words == "1 passed"
    assert (check_in.trouble, check_in.rest_words) == ((), "1 without a result")


def test_what_does_not_apply_is_gathered_by_reason() -> None:
    (entry,) = unproven(passing(), Outcome.NOT_APPLICABLE)
    assert (entry.check, entry.reason, entry.cells) == ("install.service", "Wine cannot", (WIN10.id,))


def suites(gate: Gate) -> dict[str, etree._Element]:
    root = etree.fromstring(junit_xml(gate))
    assert root.tag == "testsuites"
    for attribute in ("tests", "failures", "errors", "skipped"):
        assert int(root.get(attribute, "-1")) == sum(int(suite.get(attribute, "-1")) for suite in root)
    return {suite.get("name", ""): suite for suite in root}


def test_junit_has_a_suite_per_cell_and_a_passing_gate_has_no_failure() -> None:
    found = suites(passing())
    assert set(found) == {WIN10.id, WIN11.id, WIN7.id}
    assert [found[WIN10.id].get(name) for name in ("tests", "failures", "errors", "skipped")] == [
        "4",
        "0",
        "0",
        "1",
    ]
    substrate = found[WIN10.id].find("properties/property[@name='substrate']")
    assert substrate is not None
    assert substrate.get("value") == "wine"


def test_junit_takes_no_hole_for_a_pass() -> None:
    found = suites(failing())
    assert found[WIN10.id].get("failures") == "1"
    assert int(found[WIN10.id].get("errors", "0")) >= 1
    (case,) = found[WIN11.id].iter(
        "testcase"
    )  # not selected: one entry for the cell, however many its checks
    assert case.get("name") == "cell"
    note = found[WIN11.id].find("testcase/error")
    assert note is not None
    assert "not selected by --cells" in (note.text or "")


def test_junit_shows_what_belongs_to_no_planned_cell() -> None:
    stranger = a_report(PLAN, WIN10).model_copy(update={"cell_id": "win95/fresh"})
    found = suites(a_gate(PLAN, [stranger]))
    assert found["gate"].get("errors") == "1"


@pytest.mark.parametrize("gate", [passing(), failing(), hostile()], ids=["pass", "fail", "hostile"])
def test_junit_fails_exactly_when_the_required_cells_do(gate: Gate) -> None:
    required = {cell.id for cell in PLAN.cells if cell.required}
    bad = [
        name
        for name, suite in suites(gate).items()
        if int(suite.get("failures", "0")) + int(suite.get("errors", "0"))
    ]
    assert bool(required & set(bad)) == (gate.verdict is not Verdict.PASS)


@given(st.text())
def test_any_message_makes_a_well_formed_page_and_junit(message: str) -> None:
    gate = a_gate(PLAN, [with_outcome(a_report(PLAN, WIN10), "install.service", Outcome.FAILED, message)])
    etree.fromstring(junit_xml(gate))
    assert Tags(render_page(gate)).names.count("script") == 1
    assert "\x1b" not in summary_text(gate)
    summary_markdown(gate)


def test_the_text_summary_leads_with_the_verdict_and_ends_with_the_counts() -> None:
    lines = summary_text(failing()).splitlines()
    assert lines[0].startswith("FAIL  Example Agent 1.2.3")
    assert any("FAIL: win10-22h2/fresh install.service: " in line for line in lines)
    assert any("FAIL (advisory, not counted): win7-sp1/fresh" in line for line in lines)
    assert lines[-1].startswith("0 of 2 required cells passed; checks: ")


def test_a_summary_shows_the_first_reasons_and_says_how_many_more() -> None:
    reasons = tuple(Reason(verdict=Verdict.FAIL, text=f"reason {n}") for n in range(50))
    gate = failing().model_copy(update={"reasons": reasons})
    for summary in (summary_text(gate), summary_markdown(gate)):
        assert "and 30 more reasons; see gate.html" in summary


def test_markdown_escapes_what_comes_from_outside() -> None:
    summary = summary_markdown(hostile())
    assert "<script>" not in summary.replace("\\<", "").replace("\\>", "")
    assert "[a](javascript" not in summary
    assert all(line.count("|") - line.count("\\|") in (0, 10) for line in summary.splitlines())


def test_the_reports_are_written_beside_the_gate(tmp_path: Path) -> None:
    page, junit, summary = write_reports(tmp_path, passing())
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["gate.html", "junit.xml", "summary.md"]
    assert page.read_text().startswith("<!DOCTYPE html>")
    assert etree.fromstring(junit.read_bytes()).tag == "testsuites"
    assert summary.read_text().startswith("## PASS")


def test_reports_come_from_the_gate_alone() -> None:
    gate = failing()
    again = Gate.model_validate(json.loads(gate.model_dump_json()))
    assert render_page(again) == render_page(gate)
    assert junit_xml(again) == junit_xml(gate)


def test_figures_read_well() -> None:
    assert [seconds(value) for value in (0.0404, 12.34, 245, 3725)] == [
        "40 ms",
        "12.3 s",
        "4 min 05 s",
        "1 h 02 min",
    ]
    assert [megabytes(value) for value in (12, 20_481, 2_345_678)] == ["12 B", "20.5 kB", "2.3 MB"]
    assert [plural(value, "cell") for value in (0, 1, 2)] == ["0 cells", "1 cell", "2 cells"]

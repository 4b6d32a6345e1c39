"""Page, terminal and JUnit of a known-bad candidate name the cause in their first reason, and what follows under it."""

import re
from concurrent.futures import Future

import pytest
from lxml import etree

from harness.model.gate import Gate
from harness.reports import junit_xml, render_page
from harness.reports.ending import first_causes
from tests.deadlines import RUN_S
from tests.integration.known_bad.candidates import BAD
from tests.integration.known_bad.conftest import CHOSEN, of_today
from tests.integration.one_cell import Ended

pytestmark = [pytest.mark.wine, pytest.mark.slow]

CAUSES = {
    "never-leaves": ("uninstall.exit_code", "the uninstaller ends within 20 s. Found: it did not end"),
    "falls-silent": ("check-in.heartbeat", "a further sign of life within"),
    "dead-service": ("install.exit_code", "Action StartServices failed at service BVT Reference Agent"),
    "quitter": ("install.service_running", "runs within 3 s. Found: it is stopped"),
    "ruins-path": ("install.environment", "all programs share keeps what it had. Found: ComSpec is"),
    "tampered-with": ("install.package_intact", "it was changed or damaged after"),
    "broken-cabinet": ("install.exit_code", "The package itself may be why: "),
}
ALONE = ("never-leaves", "falls-silent", "dead-service", "quitter", "tampered-with", "broken-cabinet")
"""Candidates with one defect: all else that is wrong follows from it."""
MORE_S = 60.0
"""What a silent agent may cost its cell after it was found silent."""


@pytest.mark.parametrize("name", [name for name in CAUSES if name in CHOSEN])
def test_the_first_reason_is_the_cause(name: str, ended: dict[str, Future[Ended]]) -> None:
    run, (check, words) = ended[name].result(RUN_S * len(BAD)), CAUSES[name]
    assert_named_first(run.gate, run.said, check, words)


def assert_named_first(gate: Gate, said: str, check: str, words: str) -> None:
    (first, *_) = first_causes(gate.reasons)
    assert first.reason.check == check
    assert words in first.reason.text
    ending = said.rstrip().splitlines()[-4:]
    assert ending[0] == "FAIL"
    assert re.match(rf"  FAIL \S+ {re.escape(check)}: .*{re.escape(words)}", ending[1]), ending
    assert ending[2].startswith("page: ")
    assert ending[3].startswith("reproduce: bvt repro ")
    assert ending[3].endswith(f"--check {check}")
    page = render_page(gate)
    reasons = page[page.index('<ul class="reasons">') :]
    assert f"<code>{check}</code>" in reasons[: reasons.index("</li>")]
    failures = etree.fromstring(junit_xml(gate)).findall(".//testcase/failure")
    case = failures[0].getparent()
    assert case is not None
    assert case.get("name") == check
    assert words in (failures[0].text or "")


@pytest.mark.parametrize("name", [name for name in ALONE if name in CHOSEN])
def test_one_defect_is_one_reason_in_every_report(name: str, ended: dict[str, Future[Ended]]) -> None:
    gate = ended[name].result(RUN_S * len(BAD)).gate
    assert [reason.check for reason in gate.reasons] == [CAUSES[name][0]]
    junit = etree.fromstring(junit_xml(gate))
    assert [len(junit.findall(f".//testcase/{kind}")) for kind in ("failure", "error")] == [1, 0]


@of_today("falls-silent")
def test_a_silent_agent_costs_its_cell_at_most_a_minute_more(ended: dict[str, Future[Ended]]) -> None:
    (cell,) = ended["falls-silent"].result(RUN_S * len(BAD)).gate.cells
    assert cell.report is not None
    blocked = [check for check in cell.report.checks if check.because == "check-in.heartbeat"]
    assert len(blocked) > 10
    assert sum(check.duration_s for check in blocked) < MORE_S


@of_today("mute")
def test_an_agent_that_never_enrols_stands_after_what_was_wrong_before_it(
    ended: dict[str, Future[Ended]],
) -> None:
    causes = ended["mute"].result(RUN_S * len(BAD)).gate.reasons
    assert [cause.check for cause in causes[:2]] == ["install.extraction_leftovers", "check-in.enrolled"]
    assert "Found: it did not; the backend saw nothing at all of it" in causes[1].text

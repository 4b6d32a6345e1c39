"""One good candidate through `./dev bvt run`, and everything that a team reads afterwards."""

import json
import os
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest
from allure_commons.utils import md5
from playwright.sync_api import sync_playwright

from harness.gate.schema import SCHEMA_FILE
from harness.model.report import Phase
from harness.signing.keys import KeyKind, new_key_pair
from tests.e2e.conftest import BvtCommand
from tests.e2e.running import BVT, Done

pytestmark = [pytest.mark.wine, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
PASSPHRASE = "open sesame"
CELLS = {"win11-24h2/short", "server-2022/short"}


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("passing") / "run"


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """CI's own key; the public half lies beside it."""
    private = tmp_path_factory.mktemp("keys") / "ci.key"
    new_key_pair(KeyKind.ED25519, private, PASSPHRASE)
    return private


@pytest.fixture(scope="module")
def passed(out: Path, candidate: Path, two_cells: Path, key: Path, bvt: BvtCommand) -> Done:
    """The run itself, signed at its end."""
    return bvt.program(
        [
            *(str(ROOT / "dev"), "bvt", "run", str(candidate), "--profile", "reference"),
            *("--matrix", str(two_cells), "-n", "2", "--out", str(out), "--sign", str(key)),
        ],
        os.environ | {"BVT_KEY_PASSPHRASE": PASSPHRASE},
    )


def test_it_passes_with_exit_code_0(passed: Done) -> None:
    assert passed.code == 0, passed.out + passed.err
    assert "\nPASS  BVT Reference Agent 1.0.0\n" in passed.out


def test_what_it_signed_lets_this_candidate_through_and_no_other(
    passed: Done, out: Path, candidate: Path, key: Path, bvt: BvtCommand, tmp_path: Path
) -> None:
    other = tmp_path / candidate.name
    other.write_bytes(candidate.read_bytes() + b"x")
    verify = [BVT, "gate", "verify", str(out), "--key", str(key.with_suffix(".pub")), "--candidate"]
    done = bvt.program([*verify, str(candidate)], dict(os.environ))
    assert done.code == 0, done.out + done.err
    assert "ACCEPTED  BVT Reference Agent 1.0.0" in done.out
    assert "ran on Wine (not Windows)" in done.out
    assert bvt.program([*verify, str(other)], dict(os.environ)).code == 5


def test_each_cell_says_its_phases_as_they_end_and_then_that_it_ended(passed: Done) -> None:
    for cell in CELLS:
        lines = [line for line in passed.out.splitlines() if f" {cell} " in line]
        for phase, line in zip(("machine", "install", "uninstall", "residue"), lines, strict=False):
            assert phase in line
        assert "ended after" in lines[4]
    assert passed.out.index("ended after") < passed.out.rindex("residue")


def test_the_gate_keeps_its_published_schema(passed: Done, out: Path) -> None:
    gate = json.loads((out / "gate.json").read_text())
    jsonschema.validate(gate, json.loads(SCHEMA_FILE.read_text()))
    assert gate["verdict"] == "PASS"
    assert {cell["cell"] for cell in gate["cells"]} == CELLS


def test_the_junit_report_has_a_suite_for_each_cell(passed: Done, out: Path) -> None:
    root = ElementTree.parse(out / "junit.xml").getroot()
    assert {suite.get("name") for suite in root.iter("testsuite")} >= CELLS
    assert not list(root.iter("failure"))


def test_allure_shows_cells_as_parent_suites_and_phases_as_features(passed: Done, out: Path) -> None:
    results = [json.loads(path.read_text()) for path in out.glob("allure/*-result.json")]
    assert results
    for result in results:
        labels = {label["name"]: label["value"] for label in result["labels"]}
        assert labels["parentSuite"] in CELLS
        assert labels["feature"] in {phase.value for phase in Phase}
    names = {result["name"] for result in results}
    assert {f"The installer succeeds [{cell}]" for cell in CELLS} <= names


def test_allure_tells_a_checks_history_by_its_name_and_its_cells(passed: Done, out: Path) -> None:
    for path in out.glob("allure/*-result.json"):
        result = json.loads(path.read_text())
        labels = {label["name"]: label["value"] for label in result["labels"]}
        # Of a whole cell, which holds the ids of all checks, each release would begin a new history.
        assert result["historyId"] == md5(result["fullName"], labels["parentSuite"])


def test_allure_holds_the_evidence_of_every_cell(passed: Done, out: Path) -> None:
    attached = [
        (attachment["name"], attachment["source"])
        for path in out.glob("allure/*.json")
        for attachment in _attachments(json.loads(path.read_text()))
    ]
    for name in ("report.json", "transcript.jsonl", "backend.jsonl"):
        assert sum(attachment == name for attachment, _ in attached) == len(CELLS), attached
    assert all((out / "allure" / source).stat().st_size for _, source in attached)


def test_the_agents_logs_are_evidence_although_the_uninstall_took_them_away(passed: Done, out: Path) -> None:
    for cell in CELLS:
        log = out / "cells" / cell.replace("/", "__") / "logs" / "agent.log"
        assert "configuration accepted" in log.read_text()


def _attachments(document: object) -> list[dict[str, str]]:
    """Every attachment anywhere in an Allure document."""
    if isinstance(document, list):
        return [found for entry in document for found in _attachments(entry)]
    if not isinstance(document, dict):
        return []
    own: list[dict[str, str]] = document.get("attachments", [])
    return own + [
        found for name, entry in document.items() if name != "attachments" for found in _attachments(entry)
    ]


def test_the_page_shows_the_verdict_in_a_browser(passed: Done, out: Path) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page()
        page.goto((out / "gate.html").as_uri())
        word = page.locator("header .word")
        assert word.is_visible()
        assert word.inner_text() == "PASS"
        browser.close()


def test_plain_pytest_does_the_same(candidate: Path, two_cells: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    # Plain pytest takes the conftest.py of where it is called, as any pytest does: here there is none.
    done = BvtCommand(tmp_path).program(
        [
            *(
                str(Path(BVT).with_name("pytest")),
                "--pyargs",
                "harness.checks",
                "--candidate",
                str(candidate),
            ),
            *("--profile", "reference", "--matrix", str(two_cells), "--out", str(out), "-n", "2"),
            *("-p", "no:cacheprovider"),
        ],
        dict(os.environ),
    )
    assert done.code == 0, done.out + done.err
    assert json.loads((out / "gate.json").read_text())["verdict"] == "PASS"
    assert "PASS: BVT Reference Agent 1.0.0" in done.out


def test_a_part_of_the_cells_is_incomplete(
    candidate: Path, two_cells: Path, bvt: BvtCommand, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    done = bvt("run", candidate, "-p", "reference", "-m", two_cells, "--cells", "win11*", "--out", out)
    assert done.code == 3, done.out + done.err
    gate = json.loads((out / "gate.json").read_text())
    assert gate["verdict"] == "INCOMPLETE"
    assert {cell["cell"]: cell["verdict"] for cell in gate["cells"]} == {
        "win11-24h2/short": "PASS",
        "server-2022/short": "INCOMPLETE",
    }

"""`bvt diff` and `bvt gate page`, over runs, gates and bundles."""

import json
from pathlib import Path

import pytest

from harness.gate.artifact import publish
from harness.model.report import CellReport, Outcome
from harness.reports.publish import write_reports
from tests.unit.gate.samples import a_cell, with_outcome
from tests.unit.signing.samples import gate_of
from tests.unit.signing.test_commands import Bvt

SECRET = "open sesame"


@pytest.fixture
def bvt(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Bvt:
    """Two runs in the current directory: one passed and is signed, the newer one has a failure."""
    monkeypatch.chdir(tmp_path)
    bvt = Bvt(monkeypatch)

    def bad(report: CellReport) -> CellReport:
        return with_outcome(report, "check-in.enrolled", Outcome.FAILED, "nobody <came>")

    for name, gate in (("old", gate_of([a_cell()])), ("new", gate_of([a_cell()], bad))):
        publish(Path(name), gate)
        write_reports(Path(name), gate)
    assert bvt("keys", "new", "ci", passphrase=SECRET)[0] == 0
    assert bvt("gate", "sign", "old", "--key", "ci.key", passphrase=SECRET)[0] == 0
    return bvt


@pytest.mark.parametrize("old", ["old", "old/gate.json", "old/gate.intoto.jsonl"])
def test_a_new_failure_is_said_and_ends_with_1_and_its_repair_with_0(bvt: Bvt, old: str) -> None:
    code, out = bvt("diff", old, "new")
    assert code == 1
    assert "failing now: check-in.enrolled (passed -> failed) in win11-24h2/fresh: nobody <came>" in out
    code, out = bvt("diff", "new", old, "--json")
    assert (code, json.loads(out)["checks"][0]["turn"]) == (0, "fixed")
    assert bvt("diff", old, old)[0] == 0


def test_what_is_no_gate_is_said(bvt: Bvt) -> None:
    Path("damaged.jsonl").write_text("{}\n")
    for wrong in ("nowhere", "damaged.jsonl"):
        code, out = bvt("diff", "old", wrong)
        assert (code, wrong in out) == (2, True)


def test_the_page_shows_who_signed_what_is_new_and_whose_it_is(bvt: Bvt) -> None:
    assert "This gate is not signed" in Path("new/gate.html").read_text()
    page = Path("old/gate.html").read_text()
    assert "signed the plan, 1 cell, the seal, the summary of gate: PASS" in page
    given = ("--baseline", "old", "--meta", "owner=Agent team", "--meta", "build=https://ci.example.org/7")
    assert bvt("gate", "page", "new", *given)[0] == 0
    page = Path("new/gate.html").read_text()
    assert "1 result failing now" in page
    assert "its signatures not verified here" in page
    assert "Agent team" in page
    assert 'href="https://ci.example.org/7"' in page
    assert bvt("gate", "page", "new")[0] == 0  # what was said stays
    assert "Agent team" in Path("new/gate.html").read_text()
    code, out = bvt("gate", "page", "new", "--meta", "owner")
    assert (code, "KEY=VALUE" in out) == (2, True)


def test_a_history_tells_since_when_it_fails_and_what_is_none_is_refused_first(
    bvt: Bvt,
) -> None:
    code, out = bvt("trend", "-p", "reference", "--history", "runs.db")
    assert (code, "there is no history here" in out) == (2, True)
    for run in ("old", "new"):
        assert bvt("gate", "page", run, "--history", "runs.db")[0] == 0
    code, out = bvt("trend", "-p", "reference", "--history", "runs.db")
    assert (code, "PASS" in out or "FAIL" in out) == (0, True)
    Path("text.db").write_text("no database " * 500)
    code, out = bvt("gate", "page", "new", "--history", "text.db")
    assert (code, "text.db: this is no database, so it is not a history" in out) == (2, True)
    (damaged := Path("damaged.db")).write_bytes(Path("runs.db").read_bytes()[:5000] + bytes(5000))
    code, out = bvt("gate", "page", "new", "--history", str(damaged))
    assert (code, "the history was not kept" in out) == (0, True)

"""What a candidate is the first to bring, as `bvt diff`, `bvt gate explain` and the page say it."""

import json
from pathlib import Path

import pytest

from harness.gate.artifact import publish
from harness.model.inventory import Inventory, Kind
from harness.reports.publish import write_reports
from tests.unit.gate.releases import DOWNGRADE, RELEASES, UPGRADE
from tests.unit.gate.samples import CANDIDATE, a_cell
from tests.unit.signing.samples import gate_of
from tests.unit.signing.test_commands import Bvt

OLD = Inventory.of({Kind.SERVICE: {"Agent"}, Kind.DRIVER: set()})
NEW = Inventory.of({Kind.SERVICE: {"Agent"}, Kind.DRIVER: {"<b>flt</b>"}})


@pytest.fixture
def bvt(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Bvt:
    """A run without drivers, and a newer one with one, which was upgraded to and gone back from."""
    monkeypatch.chdir(tmp_path)
    first = CANDIDATE.model_copy(update={"version": "7.1.0", "sha256": "71" * 32, "inventory": OLD})
    second = CANDIDATE.model_copy(update={"version": "7.2.0", "sha256": "72" * 32, "inventory": NEW})
    for name, gate in (
        ("old", gate_of([a_cell()], candidate=first)),
        ("new", gate_of([UPGRADE, DOWNGRADE], candidate=second, releases=RELEASES)),
    ):
        publish(Path(name), gate)
        write_reports(Path(name), gate)
    return Bvt(monkeypatch)


SAID = "New since 7.1.0: driver <b>flt</b>. Not known whether new: privileges, certificates, content fields."


def test_diff_says_it(bvt: Bvt) -> None:
    assert SAID in bvt("diff", "old", "new")[1]
    found = json.loads(bvt("diff", "old", "new", "--json")[1])
    assert found["novelty"]["first_used"] == [{"kind": "driver", "name": "<b>flt</b>"}]
    assert "New since" not in bvt("diff", "new", "old")[1]


def test_explain_says_it_once_it_was_compared_and_what_ways_back_there_are(bvt: Bvt) -> None:
    code, out = bvt("gate", "explain", "new")
    assert (code, "What is new was not compared: run with --baseline or --ledger." in out) == (0, True)
    assert "previous release 1.2.2 is a proven way back" in out
    assert bvt("gate", "page", "new", "--baseline", "old")[0] == 0
    assert SAID in bvt("gate", "explain", "new")[1]
    (found,) = json.loads(bvt("gate", "explain", "new", "--json")[1])
    assert (found["novelty"]["since"], found["ways_back"]) == ("7.1.0", {"0a" * 32: []})


def test_the_page_names_each(bvt: Bvt) -> None:
    assert bvt("gate", "page", "new", "--baseline", "old")[0] == 0
    page = Path("new/gate.html").read_text()
    assert "First used since 7.1.0:" in page
    assert "driver &lt;b&gt;flt&lt;/b&gt;" in page
    assert "Not known whether new, as one of the two gates does not say: privilege, certificate" in page

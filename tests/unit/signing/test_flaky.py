"""Known flaky checks: always said, for a time that ends, counted by tiers; and no failure passes because of one."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.gate.artifact import publish
from harness.gate.flaky import flaky_notes
from harness.gate.refusals import Ground
from harness.model.errors import ConfigurationError
from harness.model.flaky import KnownFlaky
from harness.model.gate import Gate, Verdict
from harness.model.report import CellReport, Outcome
from harness.reports.publish import write_reports
from harness.signing.policy_file import policy_of
from tests.unit.gate.samples import a_cell, with_outcome
from tests.unit.promotion.world import POLICY
from tests.unit.signing.people import a_policy
from tests.unit.signing.samples import NOW, bundle_of, gate_of, verified
from tests.unit.signing.test_commands import Bvt

CHECK = "check-in.enrolled"
CELLS = [a_cell("win11-24h2/fresh"), a_cell("win10-22h2/fresh"), a_cell("server-2022/fresh")]


def known(**changes: Any) -> KnownFlaky:
    fields: dict[str, Any] = {
        "check": CHECK,
        "reason": "The lab's resolver answers late.",
        "issue": "https://issues.example.org/42",
        "owner": "ana",
        "expires": NOW + timedelta(days=10),
    }
    return KnownFlaky(**(fields | changes))


def failing(*cells: str) -> Gate:
    def change(report: CellReport) -> CellReport:
        return with_outcome(report, CHECK, Outcome.FAILED) if report.cell_id in cells else report

    return gate_of(CELLS, change)


def said(entry: KnownFlaky, gate: Gate) -> str:
    (note,) = flaky_notes([entry], gate.cells, NOW)
    return str(note)


def test_it_is_said_with_what_it_came_to_whose_it_is_and_until_when() -> None:
    assert said(known(), failing("win10-22h2/fresh")) == (
        "Flaky check-in.enrolled (known until 2026-01-11; ana): failed in win10-22h2/fresh, passed in 2 cells."
        " The lab's resolver answers late. https://issues.example.org/42"
    )
    assert "passed in 3 cells" in said(known(), failing())
    assert "passed in 1 cell." in said(known(cells=("server-*/fresh",)), failing())
    assert "no cell of this gate has it" in said(known(check="functions.process"), failing())
    assert "not proven in 3" in said(known(check="install.service"), failing())


def test_once_expired_it_says_so() -> None:
    late = known(expires=NOW)
    assert "EXPIRED on 2026-01-01: mend it, or have it looked at again" in said(late, failing())


def test_no_failure_passes_because_of_it_and_an_expired_one_still_counts() -> None:
    bundle = bundle_of(failing("win10-22h2/fresh"))
    for entry in (known(), known(expires=NOW)):
        found = verified(bundle, tier="beta", policy=a_policy(flaky=[entry.model_dump()]))
        assert found.verdict is Verdict.FAIL
        assert [each.check for each in found.refusals] == [CHECK]
        assert len(found.flaky) == 1
        bound = a_policy(tier={"flaky": {"most": 0}}, flaky=[entry.model_dump()])
        refused = verified(bundle_of(failing()), tier="beta", policy=bound)
        assert [(each.ground, each.verdict) for each in refused.refusals] == [(Ground.FLAKY, Verdict.FAIL)]
        assert "has 1 known flaky checks (check-in.enrolled); tier beta takes at most 0" in str(
            refused.refusals[0]
        )
    elsewhere = a_policy(tier={"flaky": {"most": 0}}, flaky=[known(cells=("win7*",)).model_dump()])
    assert verified(bundle_of(failing()), tier="beta", policy=elsewhere).accepted


@given(
    st.sets(st.sampled_from([cell.id for cell in CELLS])),
    st.sets(st.sampled_from([cell.id for cell in CELLS]), min_size=1),
)
def test_every_cell_that_it_names_is_counted_once(failed: set[str], named: set[str]) -> None:
    (note,) = flaky_notes([known(cells=tuple(sorted(named)))], failing(*failed).cells, NOW)
    assert set(note.failed) == failed & named
    assert note.passed == len(named - failed)
    assert note.unproven == 0


ENTRY = """\
flaky:
  - check: functions.process
    cells: ["win10-*/*"]
    reason: The event arrives late on a slow disk.
    issue: https://issues.example.org/42
    owner: ana
    expires: "2099-12-31T00:00:00Z"
"""


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("https://issues.example.org/42", "later", "issue"),
        ('    expires: "2099-12-31T00:00:00Z"\n', "", "expires"),
        ('"2099-12-31T00:00:00Z"', '"2099-12-31T00:00:00"', "expires"),
        ("    owner: ana\n", "", "owner"),
        ("reason: The", "reasons: The", "reasons"),
    ],
)
def test_a_mistake_is_one_sentence_with_its_line(old: str, new: str, words: str) -> None:
    policy_of((POLICY + ENTRY).encode(), Path("gate-policy.yaml"))
    with pytest.raises(ConfigurationError, match=words) as refused:
        policy_of((POLICY + ENTRY.replace(old, new, 1)).encode(), Path("gate-policy.yaml"))
    assert "gate-policy.yaml:" in str(refused.value)


def test_the_same_twice_is_one_too_many() -> None:
    twice = ENTRY + ENTRY.partition("flaky:\n")[2]
    with pytest.raises(ConfigurationError, match=r"functions\.process is named twice"):
        policy_of((POLICY + twice).encode(), Path("gate-policy.yaml"))


def test_page_and_explain_say_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    bvt, now = Bvt(monkeypatch), datetime.now(UTC)
    gate = failing("win10-22h2/fresh").model_copy(update={"created": now})
    publish(Path("run"), gate)
    write_reports(Path("run"), gate)
    entry = ENTRY.replace("functions.process", CHECK).replace("The event", "<b>The event</b>")
    Path("policy.yaml").write_text(POLICY + entry)
    _, out = bvt("gate", "explain", "run", "--policy", "policy.yaml")
    assert f"Flaky {CHECK} (known until 2099-12-31; ana): failed in win10-22h2/fresh" in out
    assert bvt("gate", "page", "run", "--policy", "policy.yaml")[0] == 0
    page = Path("run/gate.html").read_text()
    assert "Known flaky" in page
    assert "&lt;b&gt;The event&lt;/b&gt;" in page
    assert "None of this lets a failure pass" in page

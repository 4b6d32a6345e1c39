"""Policies and waivers as a user's commands: from a failed gate to a beta that takes it, and every way not to."""

import json
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
import yaml

from harness.files import sha256_of
from harness.gate.artifact import publish, read_gate
from harness.model.gate import Verdict
from harness.model.report import CellReport, Outcome
from harness.reports.publish import write_reports
from tests.unit.gate.samples import CANDIDATE, a_cell, with_outcome
from tests.unit.signing.samples import gate_of
from tests.unit.signing.test_commands import Bvt

SECRET = "open sesame"


@pytest.fixture
def bvt(monkeypatch: pytest.MonkeyPatch) -> Bvt:
    return Bvt(monkeypatch)


@pytest.fixture
def place(tmp_path: Path, bvt: Bvt, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run whose candidate failed a check, the candidate, keys of CI and of two people, policy and waiver."""
    monkeypatch.chdir(tmp_path)
    for name in ("ci", "ana", "ben"):
        assert bvt("keys", "new", name, passphrase=SECRET)[0] == 0
    Path("agent.msi").write_bytes(b"MSI")
    now = datetime.now(UTC)

    def fresh(report: CellReport) -> CellReport:
        report = with_outcome(report, "check-in.enrolled", Outcome.FAILED)
        return report.model_copy(update={"began": now, "ended": now})

    candidate = CANDIDATE.model_copy(
        update={"path": Path("agent.msi"), "sha256": sha256_of(Path("agent.msi"))}
    )
    gate = gate_of([a_cell()], fresh, candidate=candidate).model_copy(update={"created": now})
    publish(Path("run"), gate)
    write_reports(Path("run"), gate)
    write_policy(coverage=50, most=1)
    waiver = {
        "schema_version": 1,
        "id": "W-17",
        "check": "check-in.enrolled",
        "candidate_sha256": candidate.sha256,
        "reason": "The backend of the test lab answers late.",
        "issue": "https://issues.example.org/17",
        "author": "ana",
        "approver": "ben",
        "created": (now - timedelta(days=3)).isoformat(),
        "expires": (now + timedelta(days=9)).isoformat(),
    }
    Path("w17.yaml").write_text(yaml.safe_dump(waiver, default_style='"').replace('"1"', "1"))
    return tmp_path


def write_policy(name: str = "gate-policy.yaml", *, coverage: float, most: int) -> None:
    policy = {
        "schema_version": 1,
        "expires": "2099-01-01T00:00:00Z",
        "fleet": {"win11-24h2": 50, "win10-22h2": 30},
        "people": {
            "ana": {"key": Path("ana.pub").read_text()},
            "ben": {"key": Path("ben.pub").read_text(), "approves": True},
        },
        "tiers": {"beta": {"coverage": coverage, "waivers": {"most": most}}},
    }
    text = yaml.safe_dump(policy).replace("'2099", '"2099').replace("Z'", 'Z"')
    Path(name).write_text(text)


def good(bvt: Bvt, *arguments: object) -> str:
    code, out = bvt(*arguments, passphrase=SECRET)
    assert code == 0, out
    return out


VERIFY = ("gate", "verify", "run", "--candidate", "agent.msi", "--key", "ci.pub", "--tier", "beta")
POLICY = ("--policy", "gate-policy.yaml")


def test_a_failed_gate_passes_through_a_waiver_of_two_people_and_shows_the_debt(
    place: Path, bvt: Bvt
) -> None:
    good(bvt, "gate", "sign", "run", "--key", "ci.key", *POLICY)
    code, out = bvt(*VERIFY, *POLICY)
    assert code == Verdict.FAIL.exit_code
    assert "check-in.enrolled" in out
    good(bvt, "waiver", "sign", "w17.yaml", "--key", "ana.key")
    code, out = bvt("gate", "sign", "run", "--key", "ci.key", *POLICY, "--waivers", ".", passphrase=SECRET)
    assert code == 2  # ben has not signed yet
    good(bvt, "waiver", "sign", "w17.waiver", "--key", "ben.key")
    assert "it counts" in good(bvt, "waiver", "show", "w17.waiver", *POLICY)
    good(bvt, "gate", "sign", "run", "--key", "ci.key", *POLICY, "--waivers", ".")
    out = good(bvt, *VERIFY, *POLICY)
    assert "ACCEPTED for tier beta" in out
    assert "Waiver W-17 (3 days old" in out
    assert "covers 50 % of the fleet; not covered: win10-22h2 (30 %); 20 % unknown" in out
    gate = read_gate(Path("run"))
    assert (gate.verdict, gate.waivers[0].failures) == (
        Verdict.PASS,
        ("win11-24h2/fresh: check-in.enrolled",),
    )
    summary = Path("run/summary.md").read_text()
    assert "PASS \\(1 failure waived\\)" in summary
    page = Path("run/gate.html").read_text()
    assert "<h3>Waived</h3>" in page
    assert "https://issues.example.org/17" in page
    found = json.loads(good(bvt, *VERIFY, *POLICY, "--json"))
    assert found["waivers"][0]["waiver"]["id"] == "W-17"
    # A policy that takes no debt does not take this one; without any policy no waiver counts.
    write_policy("strict.yaml", coverage=50, most=0)
    code, out = bvt(*VERIFY, "--policy", "strict.yaml")
    assert (code, "takes at most 0" in out) == (Verdict.FAIL.exit_code, True)
    assert bvt(*VERIFY)[0] == Verdict.FAIL.exit_code


def test_a_bundle_carries_a_summary_for_each_tier_so_that_others_need_no_policy(
    place: Path, bvt: Bvt
) -> None:
    gate = gate_of(
        [a_cell()], partial(_now, moment=datetime.now(UTC)), candidate=read_gate(Path("run")).plan.candidate
    )
    publish(Path("run"), gate)
    good(bvt, "gate", "sign", "run", "--key", "ci.key", *POLICY)
    assert "ACCEPTED for tier beta" in good(bvt, *VERIFY)
    write_policy("wide.yaml", coverage=80, most=0)
    good(bvt, "gate", "sign", "run", "--key", "ci.key", "--policy", "wide.yaml")
    code, out = bvt(*VERIFY)
    assert code == Verdict.INCOMPLETE.exit_code
    assert "covers 50 % of the fleet, tier beta needs 80 %" in out


def _now(report: CellReport, moment: datetime) -> CellReport:
    return report.model_copy(update={"began": moment, "ended": moment})


def test_a_changed_policy_is_replayed_on_the_last_gates(place: Path, bvt: Bvt) -> None:
    gate = gate_of([a_cell()])
    publish(Path("runs/one"), gate)
    write_policy("wide.yaml", coverage=80, most=0)
    found = json.loads(
        good(bvt, "policy", "replay", "wide.yaml", "runs", "--against", "gate-policy.yaml", "--json")
    )
    assert [(each["before"], each["verdict"]) for each in found] == [("PASS", "INCOMPLETE")]
    out = good(bvt, "policy", "replay", "wide.yaml", "runs", "--against", "gate-policy.yaml")
    assert "beta: INCOMPLETE (was PASS)" in out
    assert "1 gate, 1 decision changed" in out


def test_a_signed_policy_must_be_signed_by_the_key_that_is_asked_for(
    place: Path, bvt: Bvt, capsys: pytest.CaptureFixture[str]
) -> None:
    good(bvt, "policy", "sign", "gate-policy.yaml", "--key", "ben.key")
    good(bvt, "gate", "sign", "run", "--key", "ci.key")
    signed = ("--policy", "gate-policy.yaml.signed")
    assert (
        bvt(*VERIFY, *signed, "--policy-key", "ben.pub")[0] == Verdict.FAIL.exit_code
    )  # read; the gate failed
    for arguments, words in (
        ((*signed, "--policy-key", "ana.pub"), "signed by none of the keys given"),
        ((*POLICY, "--policy-key", "ben.pub"), "is not signed"),
        (("--policy-key", "ben.pub"), "there is no --policy"),
        (("--policy", "nowhere.yaml"), "no such file"),
    ):
        code, out = bvt(*VERIFY, *arguments)
        out += capsys.readouterr().err
        assert (code, words in out) == (2, True), out
    assert "tier beta: suite full" in good(bvt, "policy", "check", "gate-policy.yaml.signed")


def test_a_gate_that_does_not_pass_is_explained_with_what_would_make_it_pass(place: Path, bvt: Bvt) -> None:
    code, out = bvt("gate", "explain", "run")
    assert code == Verdict.FAIL.exit_code
    assert "FAIL: win11-24h2/fresh check-in.enrolled: Check check-in.enrolled" in out
    assert "1. Fix the candidate and gate the new build." in out
    assert "bvt repro run --cell win11-24h2/fresh --check check-in.enrolled" in out
    write_policy("wide.yaml", coverage=80, most=0)
    code, out = bvt("gate", "explain", "run", "--policy", "wide.yaml", "--json")
    (found,) = json.loads(out)
    assert (code, found["tier"], found["verdict"]) == (Verdict.FAIL.exit_code, "beta", "FAIL")
    assert any("covers 0 % of the fleet" in reason["text"] for reason in found["reasons"])
    gate = gate_of([a_cell()], partial(_now, moment=datetime.now(UTC)))
    publish(Path("good"), gate)
    code, out = bvt("gate", "explain", "good", *POLICY, "--tier", "beta")
    assert (code, "Nothing stands against it." in out) == (0, True)
    assert bvt("gate", "explain", "run", "--tier", "beta")[0] == 2
    assert bvt("gate", "merge", "run", "--out", "all")[0] == 2

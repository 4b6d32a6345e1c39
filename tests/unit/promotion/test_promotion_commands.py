"""The commands as people give them: from a signed gate to the first per cent, a halt, and each refusal's exit code."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from harness.cli.main import application
from harness.files import sha256_of
from harness.model.report import CellReport
from harness.signing.bundle import BUNDLE_FILE
from harness.signing.keys import KeyKind, new_key_pair
from tests.unit.gate.samples import CANDIDATE, a_cell
from tests.unit.promotion.world import POLICY
from tests.unit.signing.people import pem_of
from tests.unit.signing.samples import SIGNER, bundle_of, gate_of

NAMES = ("ci", "ann", "bob", "own", "bot")


class Bvt:
    def __init__(self, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capfd = folder, capfd

    def __call__(self, *arguments: object, by: str = "") -> tuple[int, str]:
        words = [str(each) for each in arguments] + (["--sign", str(self.folder / f"{by}.key")] if by else [])
        done = CliRunner().invoke(application(words), words)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.output + self._capfd.readouterr().err


def body_of(pem: str) -> str:
    return "".join(pem.splitlines()[1:-1])


@pytest.fixture
def bvt(folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Bvt:
    monkeypatch.setenv("BVT_KEY_PASSPHRASE", "open sesame")
    monkeypatch.setenv("BVT_LEDGER", str(folder / "ledger.db"))
    for name in NAMES:
        new_key_pair(KeyKind.ED25519, folder / f"{name}.key", "open sesame")
    keys = {name: body_of((folder / f"{name}.pub").read_text()) for name in NAMES}
    (folder / "tiers.yaml").write_text(
        f"""\
schema_version: 1
people:
  ci: {{key: {keys["ci"]}, roles: [builder]}}
  ann: {{key: {keys["ann"]}, roles: [release-manager]}}
  bob: {{key: {keys["bob"]}, roles: [release-manager]}}
  own: {{key: {keys["own"]}, roles: [owner]}}
  bot: {{key: {keys["bot"]}, roles: [health]}}
gates: {{keys: [{body_of(pem_of(SIGNER))}]}}
change_tiers: [{{role: release-manager}}]
action_hosts: 10
tiers:
  - {{name: internal, request: [builder], health: {{min_hosts: 5}}}}
  - {{name: beta, request: [builder], approvals: [{{role: release-manager, count: 2}}], steps: [1, 100]}}
"""
    )
    (folder / "gate-policy.yaml").write_text(POLICY)
    (folder / "agent.msi").write_bytes(b"MSI")
    now = datetime.now(UTC)

    def fresh(report: CellReport) -> CellReport:
        return report.model_copy(update={"began": now, "ended": now})

    candidate = CANDIDATE.model_copy(
        update={"path": folder / "agent.msi", "sha256": sha256_of(folder / "agent.msi")}
    )
    (folder / "run").mkdir()
    (folder / "run" / BUNDLE_FILE).write_bytes(
        bundle_of(gate_of([a_cell()], fresh, candidate=candidate), now=now)
    )
    found = Bvt(folder, capfd)
    code, out = found(
        "ledger", "init", folder / "tiers.yaml", "--policy", folder / "gate-policy.yaml", by="own"
    )
    assert (code, out.startswith("founded:")) == (0, True), out
    return found


def asked_for(bvt: Bvt) -> str:
    """The candidate, as sentences name it."""
    return f"Example Agent 1.2.3 ({sha256_of(bvt.folder / 'agent.msi')[:12]})"


def test_from_a_signed_gate_to_one_per_cent_and_a_halt(bvt: Bvt) -> None:
    agent, gate = bvt.folder / "agent.msi", ("--gate", bvt.folder / "run")
    code, out = bvt("promote", agent, "--to", "beta", *gate, by="ci")
    assert (code, "REFUSED: Example Agent 1.2.3" in out, "has not been in tier internal" in out) == (
        3,
        True,
        True,
    ), out
    code, out = bvt("promote", agent, "--to", "internal", *gate, by="ci")
    assert (code, out.startswith("PROMOTED: Example Agent 1.2.3 (")) == (0, True), out
    code, out = bvt("promote", agent, "--to", "beta", *gate, "--json", by="ci")
    asked = json.loads(out)
    assert (code, asked["state"], asked["exit_code"]) == (3, "open", 3)
    assert [each["cause"] for each in asked["waits"]] == ["approvals", "health"]
    request = asked["request"][:12]
    code, out = bvt("approve", request, by="ann")
    assert (code, out.splitlines()[0]) == (
        3,
        f"WAITS: request {request}: promote {asked_for(bvt)} in tier beta",
    )
    assert f"To go on: bvt approve {request} --sign NAME.key" in out
    code, out = bvt("approve", request, by="ci")
    assert (code, "nobody approves what they asked for" in out) == (5, True)
    assert bvt("approve", "1.2.3", by="bob")[0] == 3  # the only open one about it; health is still missing
    code, out = bvt("explain", "1.2.3")
    assert (code, "No health of Example Agent 1.2.3" in out, "way back: No earlier version" in out) == (
        3,
        True,
        True,
    )
    assert "Not known whether new: drivers" in out  # its gate was made without an inventory
    report = ("health", "1.2.3", "--tier", "internal", "--hosts", 9, "--host-hours", 90)
    assert bvt(*report, by="bot") == (0, "REPORTED: 9 hosts, 90 host hours\n")
    code, out = bvt("status")
    assert (code, "nothing is missing: ask again" in out) == (0, True), out
    assert "; 9 hosts, 90 h, 0 crashed, 0 silent, 0 removed it" in out
    assert bvt("promote", agent, "--to", "beta", *gate, by="ci")[0] == 0
    code, out = bvt("status", "--json")
    tiers = json.loads(out)["tiers"]
    assert [[each["percent"] for each in tier["candidates"]] for tier in tiers] == [[100], [1]]
    code, out = bvt("raise", "1.2.3", "--tier", "beta", "--to", "50%", by="ci")
    assert (code, "is 100 %, not 50 %" in out) == (5, True), out
    code, out = bvt("halt", "1.2.3", "--tier", "beta", "--reason", "blue screens", by="bot")
    assert (code, out.startswith("HALTED: Example Agent 1.2.3")) == (0, True)
    code, out = bvt("rollback", "1.2.3", "--tier", "beta", by="ann")
    assert (code, "No earlier version in tier beta passed" in out) == (3, True)
    code, out = bvt("resume", "1.2.3", "--tier", "beta", "--json", by="ci")
    assert (code, json.loads(out)["waits"][0]["cause"]) == (3, "approvals")
    code, out = bvt("reject", json.loads(out)["request"][:8], "--reason", "not yet", by="ann")
    assert (code, out.startswith("REJECTED")) == (0, True)
    code, out = bvt("history")
    assert [line.split()[0] for line in out.splitlines()] == [str(number) for number in range(11)], out
    for words in (
        "founded the ledger",
        "asks to promote",
        "approval: promote",
        "done: promote",
        "blue screens",
        "not yet",
    ):
        assert words in out
    code, out = bvt("history", "--candidate", "1.2.3", "--json")
    assert {each["action"] for each in json.loads(out)} >= {
        "request",
        "approval",
        "rejection",
        "done",
        "halt",
        "health",
    }
    code, out = bvt("ledger", "verify", "--json")
    found = json.loads(out)
    assert (code, found["findings"], found["entries_without_effect"], found["broken_gates"]) == (
        0,
        [],
        [],
        [],
    )


def test_each_refusal_has_the_exit_code_of_its_meaning(bvt: Bvt) -> None:
    agent, gate = bvt.folder / "agent.msi", ("--gate", bvt.folder / "run")
    for arguments, by, code, words in (
        (("promote", agent, "--to", "gamma", *gate), "ci", 2, "there is no tier 'gamma'"),
        (("promote", bvt.folder / "none", "--to", "beta", *gate), "ci", 2, "no such file"),
        (("promote", agent, "--to", "internal", "--gate", bvt.folder), "ci", 2, "no such file"),
        (("promote", agent, "--to", "internal"), "ci", 3, "There is no gate for"),
        (("promote", agent, "--to", "internal", *gate), "ann", 5, "that takes the role builder"),
        (
            ("promote", bvt.folder / "tiers.yaml", "--to", "internal", *gate),
            "ci",
            5,
            "is about another candidate",
        ),
        (
            ("approve", "abcdef"),
            "ann",
            2,
            "no request begins with or is about 'abcdef'. Open requests: none.",
        ),
        (("halt", "1.2.3", "--tier", "beta"), "ann", 2, "there is no candidate '1.2.3' in tier beta"),
        (("raise", "1.2.3", "--tier", "beta", "--to", "many"), "ci", 2, "Write it like 5%"),
        (("change", agent, "--hosts", 11), "ann", 3, "it is a release, not an action"),
        (("change", agent, "--hosts", 10), "ann", 0, "RECORDED: agent.msi may go to 10 hosts"),
        (("explain", "9.9"), "", 3, "Nothing was ever asked for 9.9"),
        (("status", "--ledger", bvt.folder / "none.db"), "", 2, "there is no ledger here"),
    ):
        found, out = bvt(*arguments, by=by)
        assert (found, words in out) == (code, True), (arguments, found, out)


def test_other_tiers_are_proposed_and_a_mistake_in_them_has_its_line(bvt: Bvt) -> None:
    file, policy = bvt.folder / "tiers.yaml", ("--policy", bvt.folder / "gate-policy.yaml")
    file.write_text(file.read_text().replace("action_hosts: 10", "action_hosts: 20"))
    code, out = bvt("ledger", "tiers", file, *policy, "--json", by="own")
    assert (code, json.loads(out)["state"]) == (3, "open")
    assert bvt("approve", json.loads(out)["request"][:12], by="ann")[0] == 0
    file.write_text(file.read_text().replace("action_hosts: 20", "action_hosts: many"))
    code, out = bvt("ledger", "tiers", file, *policy, by="own")
    assert (code, "tiers.yaml:10: action_hosts: expected a whole number, found 'many'" in out) == (2, True), (
        out
    )
    code, out = bvt("ledger", "init", file, *policy, by="own")
    assert code == 2

"""The end of a cell: whatever goes wrong with its evidence, machine and report are not lost."""

import errno
from pathlib import Path

import pytest

from harness.cell.check import Check
from harness.model.errors import BackendError, MachineLost
from harness.model.report import CellReport, Outcome, Phase
from tests.unit.cell.stand_ins import (
    ACCESS,
    NODE_KEY,
    Lab,
    StandInBackend,
    StandInGuest,
    StandInMachine,
    a_lab,
)

CHECK = Check(
    id="install.files",
    title="Every file is there",
    phase=Phase.INSTALL,
    needs=frozenset(),
    features=frozenset(),
    essential=False,
    module="test_install",
    line=1,
)


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    lab = a_lab(tmp_path, monkeypatch)
    _ = lab.session.guest
    lab.session.recorder.add(CHECK, Outcome.FAILED, "a file is missing", 0.1)
    return lab


def full(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def broken(*_: object) -> None:
    raise BackendError("The backend does not answer; its password is enrol-secret.")


def unforeseen(*_: object) -> None:
    raise ValueError("a parser that nobody asked")


def gone(*_: object) -> None:
    raise MachineLost("it has ended")


def sealed(lab: Lab) -> CellReport:
    lab.session.close()
    return CellReport.model_validate_json((lab.session.directory / "report.json").read_bytes())


def test_the_report_says_what_each_piece_of_evidence_is(lab: Lab) -> None:
    said = {piece.path: piece.what for piece in sealed(lab).evidence}
    assert said["machine/server.log"] == "what its server said"
    assert said["backend.jsonl"] == ""


@pytest.mark.parametrize(
    ("owner", "method", "failure", "words"),
    [
        (StandInGuest, "collect", full, "the agent's logs: OSError"),
        (StandInGuest, "run", full, "the profile's diagnostics 'status': OSError"),
        (StandInBackend, "export", broken, "from the backend: The backend does not answer"),
        (StandInMachine, "collect", full, "from outside the machine: OSError"),
        (StandInMachine, "collect", unforeseen, "from outside the machine: ValueError"),
    ],
)
def test_evidence_that_cannot_be_had_costs_neither_report_nor_machine(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, owner: type, method: str, failure: object, words: str
) -> None:
    monkeypatch.setattr(owner, method, failure)
    report = sealed(lab)
    assert lab.machines[0].ended
    assert report.checks[0].outcome is Outcome.FAILED
    assert report.attempts[-1].outcome is Outcome.FAILED
    assert words in report.attempts[-1].message
    assert "not-collected.txt" in {evidence.path for evidence in report.evidence}


def test_what_is_said_of_missing_evidence_holds_no_secret(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    _ = lab.session.enrolment
    monkeypatch.setattr(StandInBackend, "export", broken)
    assert "enrol-secret" not in sealed(lab).attempts[-1].message
    assert "enrol-secret" not in (lab.session.directory / "not-collected.txt").read_text()


def test_what_the_backend_gave_the_agent_is_masked_in_what_it_leaves(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    def collect(_: StandInMachine, into: Path) -> list[object]:
        (into / "system.reg").write_text(f'"NodeKey"="{NODE_KEY}"')
        return []

    monkeypatch.setattr(StandInMachine, "collect", collect)
    sealed(lab)
    assert (
        lab.session.directory / "machine" / "system.reg"
    ).read_text() == f'"NodeKey"="{"*" * len(NODE_KEY)}"'


def test_secrets_are_masked_even_if_the_backend_cannot_say_what_it_gave(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    def collect(_: StandInMachine, into: Path) -> list[object]:
        (into / "winrm.log").write_text(ACCESS.password.get_secret_value())
        return []

    monkeypatch.setattr(StandInMachine, "collect", collect)
    monkeypatch.setattr(StandInBackend, "credentials", broken)
    assert "what the backend gave the agent" in sealed(lab).attempts[-1].message
    assert set((lab.session.directory / "machine" / "winrm.log").read_text()) == {"*"}


def test_one_piece_of_evidence_missing_is_no_reason_to_miss_the_next(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(StandInGuest, "collect", full)
    assert {"backend.jsonl", "machine/server.log"} <= {found.path for found in sealed(lab).evidence}


def test_an_undisturbed_end_says_nothing_is_missing(lab: Lab) -> None:
    report = sealed(lab)
    assert "not-collected.txt" not in {found.path for found in report.evidence}
    assert report.attempts[-1].message == "1 check: install.files"


@pytest.mark.parametrize("failure", [gone, full])
def test_a_machine_that_cannot_be_kept_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: object
) -> None:
    lab = a_lab(tmp_path, monkeypatch, keep="always")
    _ = lab.session.guest
    monkeypatch.setattr(StandInMachine, "keep", failure)
    assert "Not kept" in sealed(lab).attempts[-1].message
    assert lab.machines[0].ended


def test_a_machine_that_cannot_be_ended_still_leaves_a_report(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(StandInMachine, "destroy", full)
    assert "bvt clean" in sealed(lab).attempts[-1].message


def test_an_interruption_ends_the_machine_too(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(StandInGuest, "collect", interrupted)
    with pytest.raises(KeyboardInterrupt):
        lab.session.close()
    assert lab.machines[0].ended

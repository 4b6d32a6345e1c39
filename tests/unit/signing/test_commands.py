"""The commands as a user gives them, in processes of their own; verifying in a network namespace without a network."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from harness.cli.main import application
from harness.files import sha256_of
from harness.gate.artifact import publish
from tests.unit.gate.samples import CANDIDATE, a_cell
from tests.unit.signing.samples import gate_of

BVT = str(Path(sys.executable).with_name("bvt"))


class Bvt:
    """`bvt`, in this process, or in one of its own if it is to stand `without_network`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def __call__(self, *arguments: object, passphrase: str | None = None) -> tuple[int, str]:
        self._monkeypatch.delenv("BVT_KEY_PASSPHRASE", raising=False)
        if passphrase is not None:
            self._monkeypatch.setenv("BVT_KEY_PASSPHRASE", passphrase)
        words = [str(each) for each in arguments]
        done = CliRunner().invoke(application(words), words)
        assert done.exception is None or isinstance(done.exception, SystemExit)
        return done.exit_code, done.output

    def without_network(self, *arguments: object) -> tuple[int, str]:
        done = subprocess.run(
            ["unshare", "--map-root-user", "--net", BVT, *map(str, arguments)],
            env=dict(os.environ),
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=120,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def bvt(monkeypatch: pytest.MonkeyPatch) -> Bvt:
    return Bvt(monkeypatch)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run directory with a gate that passes just now, and the candidate beside it."""
    candidate = tmp_path / "agent.msi"
    candidate.write_bytes(b"MSI")
    now = datetime.now(UTC)
    gate = gate_of(
        [a_cell()],
        lambda report: report.model_copy(update={"began": now, "ended": now}),
        candidate=CANDIDATE.model_copy(update={"path": candidate, "sha256": sha256_of(candidate)}),
    )
    publish(tmp_path / "run", gate)
    return tmp_path / "run"


def test_from_a_new_key_to_an_accepted_candidate_without_a_network(run: Path, bvt: Bvt) -> None:
    folder = run.parent
    code, out = bvt("keys", "new", folder / "ci", passphrase="open sesame")
    assert code == 0, out
    assert b"ENCRYPTED" in (folder / "ci.key").read_bytes()
    assert (folder / "ci.key").stat().st_mode & 0o077 == 0
    code, out = bvt("gate", "sign", run, "--key", folder / "ci.key", passphrase="open sesame")
    assert code == 0, out
    verify = ("gate", "verify", run, "--candidate", folder / "agent.msi", "--key", folder / "ci.pub")
    code, out = bvt.without_network(*verify, "--json")
    assert code == 0, out
    assert json.loads(out)["accepted"] is True
    (folder / "agent.msi").write_bytes(b"another")
    code, out = bvt(*verify)
    assert code == 5
    assert "another candidate" in out


def test_what_a_user_gets_wrong_is_one_sentence_and_exit_code_2(
    run: Path, bvt: Bvt, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = run.parent
    bvt("keys", "new", folder / "ci", passphrase="open sesame")
    candidate = ("--candidate", folder / "agent.msi")
    mistakes: list[tuple[tuple[object, ...], str | None, str]] = [
        (("keys", "new", folder / "ci"), "x", "never overwritten"),
        (("keys", "new", folder / "b"), None, "no passphrase is given"),
        (("keys", "new", folder / "b"), "", "is empty"),
        (("keys", "new", folder / "b", "--type", "rsa"), None, "ed25519, ecdsa"),
        (("keys", "new", ""), "x", "names no file"),
        (("keys", "new", folder / "ci.pub" / "b"), "x", "the key cannot be written here"),
        (("gate", "sign", run, "--key", folder / "ci.key"), "no", "passphrase right"),
        (("gate", "sign", run, "--key", folder / "ci.pub"), None, "no private key"),
        (("gate", "sign", run, "--key", folder / "none"), None, "no such file"),
        (("gate", "sign", run, "--key", "hsm:2"), None, "needs its public half"),
        (("gate", "verify", run, *candidate, "--key", folder / "ci.pub"), None, "no such file"),
        (("gate", "verify", run, *candidate, "--key", folder / "ci.key"), None, "this is a private key"),
    ]
    for arguments, passphrase, words in mistakes:
        code, out = bvt(*arguments, passphrase=passphrase)
        out += capsys.readouterr().err
        assert (code, words in out) == (2, True), out
    assert not (folder / "b.key").exists()


def test_a_key_is_shown_as_tiers_yaml_holds_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bvt = Bvt(monkeypatch)
    code, made = bvt("keys", "new", tmp_path / "ann", passphrase="open sesame")
    pem = (tmp_path / "ann.pub").read_text().splitlines()
    line = f"in one line  {''.join(pem[1:-1])}"
    assert (code, line in made.splitlines()) == (0, True), made
    assert line in bvt("keys", "show", tmp_path / "ann.pub")[1].splitlines()

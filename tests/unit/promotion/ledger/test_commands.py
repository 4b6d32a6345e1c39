"""`bvt ledger`: from a new key to a proof that somebody else checks offline."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from harness.cli.main import application
from harness.promotion.ledger.store import Ledger
from harness.signing.keys import KeyKind, new_key_pair

BVT = str(Path(sys.executable).with_name("bvt"))
NAME = "example.com/releases"


class Bvt:
    """`bvt ledger …` in this process, with what it said on standard error."""

    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self._capfd = capfd

    def __call__(self, *arguments: object) -> tuple[int, str]:
        words = ["ledger", *map(str, arguments)]
        done = CliRunner().invoke(application(words), words)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.output + self._capfd.readouterr().err


@pytest.fixture
def bvt(capfd: pytest.CaptureFixture[str]) -> Bvt:
    return Bvt(capfd)


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a ledger of three entries, a key of its own and a witness's."""
    monkeypatch.setenv("BVT_KEY_PASSPHRASE", "open sesame")
    monkeypatch.setenv("BVT_LEDGER", str(tmp_path / "ledger.db"))
    for name in ("log", "witness"):
        new_key_pair(KeyKind.ED25519, tmp_path / f"{name}.key", "open sesame")
    new_key_pair(KeyKind.ECDSA, tmp_path / "other.key", "open sesame")
    ledger = Ledger(str(tmp_path / "ledger.db"))
    ledger.create()
    with ledger.writing() as writer:
        writer.append([b"one", b"two", b"three"])
    return tmp_path


def test_sign_witness_prove_and_check_without_ledger_or_network(there: Path, bvt: Bvt) -> None:
    log, witness = f"{NAME}={there / 'log.pub'}", f"w.example={there / 'witness.pub'}"
    assert bvt("checkpoint", "--sign", there / "log.key", "--name", NAME, "--out", there / "c3")[0] == 0
    assert bvt("prove", "--first", "--out", there / "request")[0] == 0
    sign = ("--sign", there / "witness.key", "--name", "w.example", "--known", there / "known", "--key", log)
    code, out = bvt("witness", there / "request", *sign)
    assert (code, "3 entries" in out) == (0, True), out
    assert bvt("cosign", there / "known", "--key", log)[0] == 0
    with Ledger(str(there / "ledger.db")).writing() as writer:
        writer.append([b"four"])
    code, out = bvt("verify", "--key", log, "--witness", witness, "--checkpoint", there / "c3", "--quorum", 0)
    assert code == 0
    assert "Entries from 3 on are under no signature yet" in out
    code, out = bvt("prove", 3)
    assert (code, "not under a checkpoint yet" in out) == (2, True)
    assert bvt("prove", 1, "--out", there / "p", "--entry-out", there / "e")[0] == 0
    assert (there / "e").read_bytes() == b"two"
    assert bvt("checkpoint", "--sign", there / "log.key")[0] == 0  # by the name of the last
    assert bvt("prove", "--since", there / "c3", "--out", there / "step")[0] == 0
    # Somebody else, with the proof, the entry and two public keys.
    (there / "ledger.db").unlink()
    check = ("check", there / "p", "--entry", there / "e", "--key", log, "--witness", witness)
    done = subprocess.run(
        ["unshare", "--map-root-user", "--net", BVT, "ledger", *map(str, check)],
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout) == (
        0,
        f"PROVEN: entry 1 is in {NAME}, of 3 entries; 1 witnesses\n",
    ), done
    code, out = bvt("check", there / "step", "--since", there / "c3", "--key", log)
    assert (code, out.startswith("PROVEN: the 3 entries of")) == (0, True)
    (there / "e").write_bytes(b"forged")
    code, out = bvt(*check)
    assert (code, out) == (5, "NOT PROVEN: This is not entry 1 of the 3 that the checkpoint speaks of.\n")


def test_a_witness_signs_nothing_that_leaves_its_history(there: Path, bvt: Bvt) -> None:
    log = f"{NAME}={there / 'log.pub'}"
    sign = ("--sign", there / "witness.key", "--name", "w.example", "--known", there / "known", "--key", log)
    bvt("checkpoint", "--sign", there / "log.key", "--name", NAME)
    bvt("prove", "--first", "--out", there / "request")
    assert bvt("witness", there / "request", *sign)[0] == 0
    code, out = bvt("witness", there / "request", *sign)
    assert (code, "begins at 0 entries; the known checkpoint has 3" in out) == (5, True), out
    code, out = bvt("witness", there / "request", *sign[:-1], f"{NAME}={there / 'witness.pub'}")
    assert (code, "not signed by the key" in out) == (5, True), out


def test_damage_is_exit_code_5(there: Path, bvt: Bvt) -> None:
    assert bvt("checkpoint", "--sign", there / "log.key", "--name", NAME, "--out", there / "c3")[0] == 0
    (there / "ledger.db").unlink()
    ledger = Ledger(str(there / "ledger.db"))
    ledger.create()
    with ledger.writing() as writer:
        writer.append([b"one", b"two"])
    code, out = bvt("verify", "--checkpoint", there / "c3")
    assert (code, "truncated: The checkpoint" in out, "DAMAGED" in out) == (5, True, True)
    code, out = bvt("verify", "--checkpoint", there / "c3", "--json")
    assert (code, '"damage": "truncated"' in out) == (5, True)
    code, out = bvt("checkpoint", "--sign", there / "log.key", "--name", NAME, "--checkpoint", there / "c3")
    assert (code, "bvt ledger verify" in out) == (5, True)


def test_what_a_user_gets_wrong_is_one_sentence_and_exit_code_2(
    there: Path, bvt: Bvt, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = f"{NAME}={there / 'log.pub'}"
    (there / "empty").touch()
    mistakes: list[tuple[tuple[object, ...], str]] = [
        (("verify", "--ledger", there / "none.db"), "there is no ledger here. Begin one with"),
        (("verify", "--ledger", there / "empty"), "there is no ledger here"),
        (("verify", "--ledger", "mysql://host/db"), "cannot be kept in 'mysql'"),
        (("verify", "--ledger", "post gres://"), "Name a file, or postgresql://"),
        (("verify", "--key", "nonsense"), "NAME=FILE.pub"),
        (("verify", "--key", f"{NAME}={there / 'other.pub'}"), "ed25519 keys only"),
        (("verify", "--key", f"two words={there / 'log.pub'}"), "is no name of a key"),
        (("verify", "--key", log, "--quorum", 1), "1 witnesses are needed and 0 are named"),
        (("verify", "--checkpoint", there / "log.pub"), "no signed note"),
        (("verify", "--checkpoint", there / "none"), "no such file"),
        (("prove",), "one of them"),
        (("prove", 0), "no checkpoint, so nothing can be proven"),
        (("prove", "--first"), "no checkpoint, so nothing can be proven"),
        (("checkpoint", "--sign", there / "log.key"), "its name is needed"),
        (("checkpoint", "--sign", there / "other.key", "--name", NAME), "ed25519 keys only"),
        (("check", there / "empty", "--key", log), "name what is proven"),
        (("check", there / "empty", "--entry", there / "empty"), "public key is needed"),
        (
            ("witness", there / "empty", "--sign", there / "log.key", "--name", "w", "--known", there / "k"),
            "--key",
        ),
        (("cosign", there / "empty"), "public key is needed"),
        (("upgrade", "--ledger", there / "none.db"), "there is no ledger here"),
    ]
    for arguments, words in mistakes:
        code, out = bvt(*arguments)
        assert (code, words in out) == (2, True), (arguments, out)
    assert not (there / "none.db").exists()
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    code, out = bvt("verify", "--ledger", "postgresql://user@host/db")
    assert (code, "pip install 'agent-bvt[postgres]'" in out) == (2, True)


def test_a_database_that_cannot_be_reached_or_is_none_is_one_sentence(there: Path, bvt: Bvt) -> None:
    (there / "log.db").write_bytes(b"this is no database" * 100)
    code, out = bvt("verify", "--ledger", there / "log.db")
    assert (code, "this is no database, so it is not a ledger" in out) == (2, True), out
    secret = "postgresql://user:hunter2@127.0.0.1:1/db"
    code, out = bvt("verify", "--ledger", secret)
    assert (code, "cannot be used" in out, "hunter2" in out) == (4, True, False), out


def test_a_published_key_names_the_ledger_as_well_as_the_file_does(there: Path, bvt: Bvt) -> None:
    code, out = bvt("key", there / "log.pub", "--name", NAME)
    assert code == 0
    assert out.startswith(f"{NAME}+")
    bvt("checkpoint", "--sign", there / "log.key", "--name", NAME)
    code, text = bvt("verify", "--key", out.strip())
    assert (code, "no signature" in text) == (0, False), text

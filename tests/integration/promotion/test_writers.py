"""Eight processes at once, and processes that are killed at every write: whole, or not there at all."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
from collections import Counter
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
from sqlalchemy import event

from harness import one_writer
from harness.promotion.ledger.audit import Trust, audit
from harness.promotion.ledger.checkpoints import sign_checkpoint
from harness.promotion.ledger.database import LedgerUnavailable
from harness.promotion.ledger.note import SignedNote
from harness.promotion.ledger.store import Ledger
from tests.integration.promotion.at_once import DONE_S, WRITERS, all_at_once
from tests.unit.promotion.ledger.signers import signer

APPENDS = 8
HERE = Path(__file__).parent
SIGNER = signer()


def _append(place: str, name: int, start: Barrier) -> None:
    ledger = Ledger(place)
    start.wait(DONE_S)
    for number in range(APPENDS):
        with ledger.writing() as writer:
            writer.append([f"{name} {number} {part}".encode() for part in "ab"])


def test_eight_processes_at_once_lose_and_mix_nothing(ledger: Ledger, place: str) -> None:
    all_at_once(_append, place)
    with ledger.reading() as snapshot:
        bodies = [body.decode().split() for _, body in snapshot.bodies()]
        found = audit(snapshot, Trust())
    assert (found.findings, found.size) == ((), WRITERS * APPENDS * 2)
    # Each one's own entries are there once, in its order; what was written at once stays together.
    for name in range(WRITERS):
        own = [(int(number), part) for writer, number, part in bodies if writer == str(name)]
        assert own == [(number, part) for number in range(APPENDS) for part in "ab"]
    assert all(bodies[at][:2] == bodies[at + 1][:2] for at in range(0, len(bodies), 2))
    assert len(Counter(body[0] for body in bodies)) == WRITERS


def _write_and_die(place: str, statement: int) -> None:
    """One transaction of everything that a ledger writes; SIGKILL before the given statement, or before the commit."""
    seen = 0
    ledger = Ledger(place)
    engine = ledger._database._place.engine

    def count(*_: object) -> None:
        nonlocal seen
        seen += 1
        if seen == statement:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(engine, "before_cursor_execute", count)
    event.listen(engine, "commit", count)
    with ledger.writing() as writer:
        writer.append([b"one", b"two", b"three"])
        writer.attach(os.urandom(100_000))


def test_killed_at_every_statement_all_or_nothing_is_there(ledger: Ledger, place: str) -> None:
    context = multiprocessing.get_context("fork")
    kills, statement, size = 0, 0, 0
    while True:
        statement += 1
        process = context.Process(target=_write_and_die, args=(place, statement))
        process.start()
        process.join(DONE_S)
        with ledger.reading() as snapshot:
            found = audit(snapshot, Trust())
        assert found.findings == ()
        if process.exitcode == 0:
            break
        assert process.exitcode == -signal.SIGKILL
        assert found.size == size, "killed before the commit, so nothing is there"
        kills += 1
    assert found.size == size + 3
    assert kills >= 6


SHIM = HERE / "dies_at_write.c"


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    library = tmp_path_factory.mktemp("shim") / "dies_at_write.so"
    subprocess.run(
        ["gcc", "-shared", "-fPIC", "-O1", "-o", library, SHIM, "-ldl"], check=True, timeout=DONE_S
    )
    return library


@pytest.mark.parametrize("half", [False, True], ids=["before each write", "in the middle of each write"])
def test_killed_at_every_write_of_sqlites(folder: Path, shim: Path, half: bool) -> None:
    """Below SQL: every write, truncation, sync and removal that SQLite asks the system for, journal included."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.integration.promotion.dying_writer",
            str(folder / "ledger.db"),
            str(int(half)),
        ],
        env={**os.environ, "LD_PRELOAD": str(shim)},
        capture_output=True,
        text=True,
        timeout=DONE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["problems"] == []
    # The kill after the journal is gone is one after the commit: then all three entries are there.
    assert found["kills"] >= 10
    assert set(found["grown_by"]) <= {0, 3}


def test_a_writer_whose_decision_fails_leaves_nothing(ledger: Ledger) -> None:
    class ChangedItsMindError(Exception):
        pass

    def fail() -> None:
        with ledger.writing() as writer:
            writer.append([b"one"])
            raise ChangedItsMindError

    with pytest.raises(ChangedItsMindError):
        fail()
    with ledger.reading() as snapshot:
        assert snapshot.size == 0


def test_a_reader_sees_one_moment(ledger: Ledger, place: str, request: pytest.FixtureRequest) -> None:
    """What is appended meanwhile is not there. (SQLite lets the writer wait for the reader instead.)"""
    with ledger.writing() as writer:
        writer.append([b"one"])
    if "://" not in place:
        return
    with ledger.reading() as snapshot:
        assert snapshot.size == 1
        with Ledger(place).writing() as writer:
            writer.append([b"two"])
        assert snapshot.size == 1
        assert [body for _, body in snapshot.bodies()] == [b"one"]


def test_two_who_sign_at_once_sign_one_ledger(ledger: Ledger, place: str) -> None:
    with ledger.writing() as writer:
        writer.append([b"one"])
    notes = {str(sign_checkpoint(Ledger(place), SIGNER)) for _ in range(3)}
    assert len(notes) == 1
    assert SignedNote.parse(notes.pop()).checkpoint.size == 1


def test_a_writer_that_holds_the_ledger_too_long_is_named(
    ledger: Ledger, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(one_writer, "LOCK_S", 1)
    with (
        ledger.writing(),
        pytest.raises(LedgerUnavailable, match="Another process has written"),
        Ledger(place).writing(),
    ):
        pass

"""What a worker writes down, in batches."""

import asyncio
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.model.errors import InfrastructureError
from harness.rollout.halt import HaltRule
from harness.server.recorder import Recorder
from harness.server.store import Entry, Sign, Store

ENTRY = Entry("r", "host", candidate=True, cohort="fast at 1", at=1.0)


def failing(_: Store) -> None:
    raise sqlite3.OperationalError("database or disk is full")


def recorded(path: Path, tick: Callable[[Store], None], *, entries: int, signs: int) -> list[object]:
    """What came of entries, each in a batch of its own, beside check-ins, for which nobody waits."""
    store = Store(path)
    recorder = Recorder(store, HaltRule, tick)
    for number in range(signs):
        recorder.sign(Sign(f"host-{number}", 1.0))

    async def enter() -> list[object]:
        recorder.start()
        waiting = (asyncio.gather(recorder.enter(ENTRY), return_exceptions=True) for _ in range(entries))
        return [(await each)[0] for each in waiting]

    found = asyncio.run(enter())
    recorder.close()
    store.close()
    return found


def test_an_entry_is_answered_once_it_is_on_record(tmp_path: Path) -> None:
    assert recorded(tmp_path / "store", lambda _: None, entries=1, signs=0) == [True]


def test_a_store_that_fails_is_said_once_for_each_reason_though_nobody_waits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded(tmp_path / "store", failing, entries=0, signs=3)
    (line,) = capsys.readouterr().err.splitlines()
    said = json.loads(line)
    assert (said["event"], said["reason"]) == ("store failed", "database or disk is full")


def test_whoever_waits_for_a_store_that_fails_hears_of_it(tmp_path: Path) -> None:
    for answer in recorded(tmp_path / "store", failing, entries=2, signs=1):
        assert isinstance(answer, InfrastructureError)
        assert str(answer) == "The store cannot be written: database or disk is full."

"""Finding one event among 100 000, and writing them all as evidence, against reading every row."""

import json
import sqlite3
import tempfile
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.measure import Result, interleaved
from harness.backend.embedded.admissions import Admissions
from harness.backend.embedded.backend import EmbeddedBackend
from harness.backend.embedded.pki import make_authority
from harness.backend.embedded.records import Row, records_of
from harness.backend.embedded.store import Kind
from harness.backend.matching import columns_match
from harness.model.deadline import Deadline

ROWS, CELL, RUNS = 100_000, "win11-24h2/fresh", 5
WANTED = {"pid": "99990", "cmdline": "~nonce-99990 "}


def measure() -> Iterator[Result]:
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        backend = EmbeddedBackend(make_authority(place / "authority"), place / "ours.sqlite")
        backend.admit(CELL, None)
        _fill(backend._admissions)
        plain = _plain(place / "plain.sqlite")
        try:
            peer, note = "reads every row", f"among {ROWS} rows of one query; {RUNS} runs"
            yield interleaved(
                "wait_event", lambda: _ours(backend), peer, lambda: _theirs(plain), runs=RUNS, note=note
            )
            ours, theirs = (
                _peak_mib(lambda: backend.export(CELL, place / "ours.jsonl")),
                _peak_mib(lambda: _dump(plain, place / "plain.jsonl")),
            )
            note = "MiB at most, not seconds; Python's own memory"
            yield Result(
                "backend_export_mib",
                round(ours, 1),
                "the whole in memory",
                round(theirs, 1),
                round(theirs / ours, 2),
                note,
            )
        finally:
            backend.close()
            plain.close()


def rows() -> Iterator[dict[str, str]]:
    """As the processes of a busy machine look."""
    for number in range(ROWS):
        yield {
            "pid": str(number),
            "path": r"C:\Program Files\Example\Agent\bin\worker.exe",
            "cmdline": f"worker.exe --job nonce-{number} --queue default --log C:\\ProgramData\\Example\\worker.log",
        }


def _fill(admissions: Admissions) -> None:
    shared = {"query": "processes", "action": "added", "host_identifier": "H", "unix_time": 1462228052}
    packed = records_of(
        Row(shared, {"columns": each}, tuple(each.values()), "processes", "added") for each in rows()
    )
    with admissions._changed:
        admissions._store_records(CELL, Kind.EVENT, 1.0, list(packed))


def _ours(backend: EmbeddedBackend) -> None:
    found = backend.wait_event(CELL, "processes", WANTED, Deadline.after(30))
    assert found is not None


def _plain(database: Path) -> sqlite3.Connection:
    store = sqlite3.connect(database)
    store.execute("CREATE TABLE event (number INTEGER PRIMARY KEY, query, action, body)")
    bodies = (
        ("processes", "added", json.dumps({"columns": each, "host_identifier": "H"})) for each in rows()
    )
    with store:
        store.executemany("INSERT INTO event (query, action, body) VALUES (?, ?, ?)", bodies)
    return store


def _theirs(store: sqlite3.Connection) -> None:
    for (body,) in store.execute("SELECT body FROM event WHERE query = 'processes' AND action = 'added'"):
        if columns_match(WANTED, json.loads(body)["columns"]):
            return
    raise AssertionError("not found")


def _dump(store: sqlite3.Connection, path: Path) -> None:
    found = [json.loads(body) for (body,) in store.execute("SELECT body FROM event").fetchall()]
    path.write_text("\n".join(json.dumps(each) for each in found))


def _peak_mib(action: Any) -> float:
    tracemalloc.start()
    action()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / 2**20

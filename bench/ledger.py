"""The ledger beside what one would use instead: a table whose rows are chained by their hashes.

Appending costs the same sync of the disk. Proving one entry costs the tree 20 hashes, and the chain all of its entries.
"""

import hashlib
import sqlite3
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from bench.measure import Result, interleaved
from harness.promotion.ledger.merkle import (
    HASH_SIZE,
    inclusion_path,
    leaf_hash,
    node_hash,
    root_from_inclusion,
    root_of,
)
from harness.promotion.ledger.store import Ledger

APPENDS = 20
ENTRIES = 1_000_000
ASKED = 777_777


def measure() -> Iterator[Result]:
    """Appends, one transaction each; then a proof among a million entries."""
    with tempfile.TemporaryDirectory() as folder:
        yield _appending(Path(folder))
    yield _proving()


def _appending(folder: Path) -> Result:
    ledger = Ledger(str(folder / "ledger.db"))
    ledger.create()
    chain = sqlite3.connect(folder / "chain.db", isolation_level=None)
    chain.execute("PRAGMA synchronous = EXTRA")
    chain.execute("CREATE TABLE entry (number INTEGER PRIMARY KEY, body BLOB, hash BLOB)")
    numbers = count()

    def ours() -> None:
        for number in range(APPENDS):
            with ledger.writing() as writer:
                writer.append([b"entry %d" % number])

    def theirs() -> None:
        for number in range(APPENDS):
            chain.execute("BEGIN IMMEDIATE")
            last = chain.execute("SELECT hash FROM entry ORDER BY number DESC LIMIT 1").fetchone()
            body = b"entry %d" % number
            found = hashlib.sha256((last[0] if last else b"") + body).digest()
            chain.execute("INSERT INTO entry VALUES (?, ?, ?)", (next(numbers), body, found))
            chain.execute("COMMIT")

    try:
        note = f"{APPENDS} durable appends"
        return interleaved("ledger append", ours, "hash chain in sqlite3", theirs, runs=5, note=note)
    finally:
        chain.close()


def _proving() -> Result:
    bodies = [b"entry %d" % number for number in range(ENTRIES)]
    levels = [b"".join(leaf_hash(body) for body in bodies)]
    while len(levels[-1]) > HASH_SIZE:
        below = levels[-1]
        pairs = range(0, len(below) - HASH_SIZE, 2 * HASH_SIZE)
        levels.append(
            b"".join(
                node_hash(below[at : at + HASH_SIZE], below[at + HASH_SIZE : at + 2 * HASH_SIZE])
                for at in pairs
            )
        )

    def read(level: int, position: int) -> bytes:
        return levels[level][position * HASH_SIZE : (position + 1) * HASH_SIZE]

    root = root_of(ENTRIES, read)
    size = 0

    def ours() -> None:
        nonlocal size
        path = inclusion_path(ASKED, ENTRIES, read)
        size = len(path)
        if root_from_inclusion(leaf_hash(bodies[ASKED]), ASKED, ENTRIES, path) != root:
            raise AssertionError("the proof does not hold")

    def theirs() -> None:
        found = b""
        for body in bodies:
            found = hashlib.sha256(found + body).digest()

    result = interleaved("ledger proof of 1 million", ours, "hash chain, all entries", theirs, runs=3)
    return Result(**{**vars(result), "note": f"{size} hashes"})

"""What must outlive the server: watched hosts, orders to halt, and the settings that all workers share. SQLite, WAL.

Plain `sqlite3`: every write is one immediate transaction of a batch, which is all that is asked of it.
"""

import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from harness.model.errors import InfrastructureError
from harness.rollout.decision import Maximum, Rollout
from harness.rollout.halt import HaltRule, Harm
from harness.rollout.health import Watched, heard
from harness.sqlite_file import open_wal

_SCHEMA = """
create table if not exists watched (
  release text not null, host text not null, candidate integer not null, cohort text not null,
  entered real not null, last_seen real not null, harm text, harmed_at real not null, released real,
  primary key (host, release, candidate)
) without rowid;
create index if not exists watched_release on watched (release, candidate, entered);
create index if not exists watched_entered on watched (entered);
create table if not exists orders (
  number integer primary key, release text not null, who text not null, reason text not null, at real not null
);
create table if not exists settings (generation integer primary key, document text not null, at real not null);
"""


Key = tuple[str, str, bool]
"""Release, host, and whether it is a candidate host."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A host that is to be watched from now on."""

    release: str
    host: str
    candidate: bool
    cohort: str
    at: float
    maximum: Maximum | None = None


@dataclass(frozen=True, slots=True)
class Sign:
    """Something that was heard of a host."""

    host: str
    at: float
    harm: Harm | None = None


@dataclass(frozen=True)
class Order:
    """A halt: by whom, and why."""

    release: str
    who: str
    reason: str
    at: float


def cohort_of(ring: str, share: str) -> str:
    """What a host shares with those it is compared with: ring and percentage."""
    return f"{ring} at {share}"


def ring_of(cohort: str) -> str:
    """The ring of a cohort."""
    return cohort.rpartition(" at ")[0]


class Store:
    """One connection. It may be used from one thread at a time."""

    def __init__(self, path: Path) -> None:
        try:
            self._db = open_wal(path, _SCHEMA, check_same_thread=False)
        except sqlite3.Error as error:
            raise InfrastructureError(
                f"{path}: the store of the roll-out cannot be used: {error}."
            ) from error

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    @contextmanager
    def _transaction(self, *, survives_power_cut: bool = False) -> Iterator[sqlite3.Connection]:
        """All or nothing, and nobody else writes meanwhile.

        What is committed survives a killed server. A power cut too, where a sync is worth its time: offers are many, and
        of a few seconds' offers only the silent ones would be missed.
        """
        self._db.execute(f"pragma synchronous = {'full' if survives_power_cut else 'normal'}")
        self._db.execute("begin immediate")
        try:
            yield self._db
            self._db.execute("commit")
        except BaseException:
            if self._db.in_transaction:  # a full disk has ended it already
                self._db.execute("rollback")
            raise

    def record(self, entries: Sequence[Entry], signs: Iterable[Sign], rule: HaltRule) -> list[bool]:
        """Keep a batch. For each entry: whether the host may have it, which the maximum of its period can forbid."""
        with self._transaction() as db:
            admitted = [self._enter(db, entry) for entry in entries]
            for sign in signs:
                self._hear(db, sign, rule)
        return admitted

    def _enter(self, db: sqlite3.Connection, entry: Entry) -> bool:
        key = (entry.host, entry.release, entry.candidate)
        known = "select 1 from watched where host = ? and release = ? and candidate = ?"
        if db.execute(known, key).fetchone():
            return True
        if entry.candidate and entry.maximum is not None:
            begin = entry.maximum.period(entry.at) * entry.maximum.period_s
            if self.spent(entry.release, begin) >= entry.maximum.hosts:
                return False
        row = (entry.release, entry.host, entry.candidate, entry.cohort, entry.at, entry.at)
        db.execute("insert into watched values (?, ?, ?, ?, ?, ?, null, 0, null)", row)
        return True

    def _hear(self, db: sqlite3.Connection, sign: Sign, rule: HaltRule) -> None:
        for release, was in self._rows("host = ?", (sign.host,)):
            now = heard(was, sign.at, rule, sign.harm)
            if now != was:
                db.execute(
                    "update watched set last_seen = ?, harm = ?, harmed_at = ?"
                    " where host = ? and release = ? and candidate = ?",
                    (now.last_seen, now.harm, now.harmed_at, was.host, release, was.candidate),
                )

    def spent(self, release: str, since: float) -> int:
        """How many hosts got the release anew since then."""
        query = "select count(*) from watched where release = ? and candidate = 1 and entered >= ?"
        return int(self._db.execute(query, (release, since)).fetchone()[0])

    def watched(self, release: str) -> list[Watched]:
        """All hosts that were ever watched for a release."""
        return [host for _, host in self._rows("release = ?", (release,))]

    def _rows(self, where: str, values: tuple[str, ...]) -> list[tuple[str, Watched]]:
        query = f"select * from watched where {where}"  # noqa: S608 - `where` is written above
        return [
            (
                row[0],
                Watched(
                    row[1],
                    bool(row[2]),
                    row[3],
                    row[4],
                    row[5],
                    Harm(row[6]) if row[6] else None,
                    row[7],
                    float("inf") if row[8] is None else row[8],
                ),
            )
            for row in self._db.execute(query, values).fetchall()
        ]

    def entered(self, since: float = 0.0) -> set[Key]:
        """Who has been watched since then."""
        query = "select release, host, candidate from watched where entered >= ?"
        return {(row[0], row[1], bool(row[2])) for row in self._db.execute(query, (since,))}

    def release_controls(self, rollout: Rollout, at: float) -> None:
        """Let the control hosts go that a higher percentage reaches: all at once, whatever became of them."""
        with self._transaction() as db:
            gone = [
                (at, host.host, rollout.release)
                for host in self.watched(rollout.release)
                if not host.candidate
                and host.released == float("inf")
                and rollout.within(host.host, ring_of(host.cohort))
            ]
            db.executemany(
                "update watched set released = ? where host = ? and release = ? and candidate = 0", gone
            )

    def order(self, order: Order) -> bool:
        """Halt a release. False: it was halted already."""
        with self._transaction(survives_power_cut=True) as db:
            if order.release in self.orders():
                return False
            db.execute(
                "insert into orders (release, who, reason, at) values (?, ?, ?, ?)",
                (order.release, order.who, order.reason, order.at),
            )
        return True

    def orders(self) -> Mapping[str, Order]:
        """Halts, by release."""
        rows = self._db.execute("select release, who, reason, at from orders").fetchall()
        return {row[0]: Order(*row) for row in rows}

    def publish(self, document: str) -> None:
        """Give settings to all workers."""
        with self._transaction(survives_power_cut=True) as db:
            db.execute("insert into settings (document, at) values (?, ?)", (document, time.time()))

    def settings(self) -> tuple[int, str]:
        """The newest settings, and their number."""
        row = self._db.execute("select * from settings order by generation desc limit 1").fetchone()
        if row is None:
            raise InfrastructureError("the store of the roll-out has no settings: start it with bvt serve.")
        return int(row[0]), str(row[1])


def without_duplicates(signs: Iterable[Sign]) -> list[Sign]:
    """The newest check-in of each host, and every harm. In the order of time."""
    kept: dict[tuple[str, Harm | None], Sign] = {}
    for sign in signs:
        key = (sign.host, sign.harm)
        if key not in kept or sign.harm is None:
            kept[key] = replace(sign)
    return sorted(kept.values(), key=lambda sign: sign.at)

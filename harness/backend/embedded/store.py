"""Everything the embedded backend received or did, in SQLite, in the order in which it happened."""

import threading
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    Select,
    String,
    Table,
    create_engine,
    event,
    func,
    insert,
    select,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import StaticPool

from harness.backend.embedded.records import Record, unpacked
from harness.model.errors import BackendError

PAGE_BYTES, PAGE, TEXTS = 1_000_000, 256, 64
"""Whole records, or texts of records, read at once: some megabytes at most, for some milliseconds."""


class Kind(StrEnum):
    """What an item is."""

    ADMISSION = "admission"
    ENROLMENT = "enrolment"
    EVENT = "event"
    STATUS = "status"
    CONFIGURATION = "configuration"
    QUESTION = "question"
    ANSWER = "answer"
    FAULT = "fault"
    REFUSAL = "refusal"
    PROTOCOL_ERROR = "protocol-error"
    ADDRESS = "address"


@dataclass(frozen=True)
class Item:
    """One thing that happened. `cell` is empty where no cell could be named."""

    number: int
    cell: str
    kind: Kind
    at: float
    body: Mapping[str, Any]


@dataclass(frozen=True)
class Wanted:
    """Which items to look for. A record is read only if its text holds all of `parts` (see `records`)."""

    cell: str
    kind: Kind
    query: str | None = None
    action: str | None = None
    parts: Sequence[bytes] = ()


_metadata = MetaData()
_records = Table(
    "record",
    _metadata,
    Column("number", Integer, primary_key=True),  # of its first item; the others count on from there
    Column("size", Integer, nullable=False),
    Column("cell", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("query", String, nullable=False),
    Column("action", String, nullable=False),
    Column("at", Float, nullable=False),
    Column("text", LargeBinary, nullable=False),  # before the body, which need not be read to search
    Column("body", String, nullable=False),
    Index("record_by_cell", "cell", "kind", "number"),
    Index("record_by_query", "cell", "kind", "query", "action", "number"),
)
_of_record = _records.c


class Store:
    """An append-only journal in one SQLite file. Thread-safe. Raises `BackendError`.

    Nothing holds it for longer than some milliseconds, so that the server can always write.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._engine = create_engine(
            f"sqlite:///{path}", poolclass=StaticPool, connect_args={"check_same_thread": False}
        )
        event.listen(self._engine, "connect", _tune)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(
                mode=0o600
            )  # what an agent sends may hold its secrets; SQLite keeps the mode for its log
            _metadata.create_all(self._engine)
            self._connection = self._engine.connect()
            with self._connection.begin():
                last = select(func.max(_of_record.number + _of_record.size))
                self._next = self._connection.execute(last).scalar() or 1
        except (SQLAlchemyError, OSError) as error:
            raise self._failed("opened", error) from error

    def append(self, cell: str, kind: Kind, at: float, records: Sequence[Record]) -> int:
        """Store the records in one transaction; returns the number of the last item, 0 if there were none."""
        if not records:
            return 0
        with self._lock:
            rows, number = [], self._next
            for record in records:
                rows.append(
                    {
                        "number": number,
                        "size": record.size,
                        "cell": cell,
                        "kind": kind.value,
                        "query": record.query,
                        "action": record.action,
                        "at": at,
                        "text": record.text.encode(),
                        "body": record.body,
                    }
                )
                number += record.size
            try:
                with self._connection.begin():
                    self._connection.execute(insert(_records), rows)
            except SQLAlchemyError as error:
                raise self._failed("written", error) from error
            self._next = number
            return number - 1

    def pages(
        self, cell: str, kind: Kind | None = None, *, query: str | None = None, after: int = 0
    ) -> Iterator[list[Item]]:
        """The cell's items numbered above `after`, oldest first, a record at a time. `after` ends a record."""
        chosen = select(_records).where(_of_record.cell == cell)
        if kind is not None:
            chosen = chosen.where(_of_record.kind == kind.value)
        if query is not None:
            chosen = chosen.where(_of_record.query == query)
        sizes = chosen.with_only_columns(_of_record.number, func.length(_of_record.body).label("length"))
        while lengths := self._page(sizes, after, PAGE):
            taken = _within(PAGE_BYTES, [each.length for each in lengths])
            for row in self._page(chosen, after, taken):
                yield _items(row)
                after = row.number
            if taken == len(lengths) < PAGE:
                return

    def search(self, wanted: Wanted, *, after: int = 0) -> Iterator[tuple[int, list[Item]]]:
        """Items that may be what is wanted, oldest first, and the number of the last one looked at.

        What is not wanted is passed over by the records' texts; the caller compares what is left.
        """
        chosen = select(_of_record.number, _of_record.size, _of_record.text).where(
            _of_record.cell == wanted.cell, _of_record.kind == wanted.kind.value
        )
        if wanted.query is not None:
            chosen = chosen.where(_of_record.query == wanted.query)
        if wanted.action is not None:
            chosen = chosen.where(_of_record.action == wanted.action)
        while rows := self._page(chosen, after, TEXTS):
            for row in rows:
                if all(part in row.text for part in wanted.parts):
                    (whole,) = self._page(select(_records).where(_of_record.number == row.number), 0, 1)
                    yield row.number + row.size - 1, _items(whole)
            after = rows[-1].number
            yield after + rows[-1].size - 1, []
            if len(rows) < TEXTS:
                return

    def holding(
        self, cell: str, kinds: Sequence[Kind], texts: Collection[str], *, after: int
    ) -> Iterator[Item]:
        """Items of these kinds above `after` in records that hold one of the texts as it is, oldest first."""
        chosen = select(_records).where(
            _of_record.cell == cell, _of_record.kind.in_([kind.value for kind in kinds])
        )
        while rows := self._page(chosen, after, TEXTS):
            for row in rows:
                if any(text in row.body for text in texts):
                    yield from _items(row)
            after = rows[-1].number

    def close(self) -> None:
        """Close the file; everything is in it."""
        with self._lock:
            self._connection.close()
            self._engine.dispose()

    def _page(self, chosen: Select[Any], after: int, limit: int) -> Sequence[Row[Any]]:
        paged = chosen.where(_of_record.number > after).order_by(_of_record.number).limit(limit)
        try:
            with self._lock, self._connection.begin():
                return self._connection.execute(paged).all()
        except SQLAlchemyError as error:
            raise self._failed("read", error) from error

    def _failed(self, what: str, error: Exception) -> BackendError:
        cause = getattr(error, "orig", None) or error
        return BackendError(
            f"The backend's store {self._path} cannot be {what}: {cause}.", hint="Is the disk full?"
        )


def _within(most: int, lengths: Sequence[int]) -> int:
    """How many of the first have no more than this length together; at least one."""
    return max(1, bisect_right(list(accumulate(lengths)), most))


def _items(row: Row[Any]) -> list[Item]:
    bodies = unpacked(row.body)
    return [
        Item(row.number + offset, row.cell, Kind(row.kind), row.at, body)
        for offset, body in enumerate(bodies)
    ]


def _tune(connection: Any, _record: Any) -> None:
    """Evidence of one run: it must survive the process, not a power cut, so no fsync per request."""
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=OFF")

"""Everything the embedded backend received or did, in SQLite, in the order in which it happened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    insert,
    select,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import StaticPool

from harness.model.errors import BackendError


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


@dataclass(frozen=True)
class Item:
    """One thing that happened. `cell` is empty where no cell could be named."""

    number: int
    cell: str
    kind: Kind
    at: float
    body: Mapping[str, Any]


_metadata = MetaData()
_items = Table(
    "item",
    _metadata,
    Column("number", Integer, primary_key=True),
    Column("cell", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("at", Float, nullable=False),
    Column("body", JSON, nullable=False),
    Index("item_by_cell", "cell", "kind", "number"),
)


class Store:
    """An append-only journal in one SQLite file. The caller serialises access. Raises `BackendError`."""

    def __init__(self, path: Path) -> None:
        self._path = path
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
        except (SQLAlchemyError, OSError) as error:
            raise self._failed("opened", error) from error

    def append(self, cell: str, kind: Kind, at: float, bodies: Sequence[Mapping[str, Any]]) -> int:
        """Store the bodies in one transaction; returns the number of the last item, 0 if there were none."""
        if not bodies:
            return 0
        rows = [{"cell": cell, "kind": kind.value, "at": at, "body": dict(body)} for body in bodies]
        try:
            with self._connection.begin():
                self._connection.execute(insert(_items), rows)
                number = self._connection.exec_driver_sql("SELECT last_insert_rowid()").scalar_one()
        except SQLAlchemyError as error:
            raise self._failed("written", error) from error
        return int(number)

    def read(self, cell: str, kind: Kind | None = None, *, after: int = 0) -> list[Item]:
        """The cell's items numbered above `after`, oldest first."""
        query = select(_items).where(_items.c.cell == cell, _items.c.number > after)
        if kind is not None:
            query = query.where(_items.c.kind == kind.value)
        try:
            with self._connection.begin():
                rows = self._connection.execute(query.order_by(_items.c.number)).all()
        except SQLAlchemyError as error:
            raise self._failed("read", error) from error
        return [Item(row.number, row.cell, Kind(row.kind), row.at, row.body) for row in rows]

    def close(self) -> None:
        """Close the file; everything is in it."""
        self._connection.close()
        self._engine.dispose()

    def _failed(self, what: str, error: Exception) -> BackendError:
        cause = getattr(error, "orig", None) or error
        return BackendError(
            f"The backend's store {self._path} cannot be {what}: {cause}.", hint="Is the disk full?"
        )


def _tune(connection: Any, _record: Any) -> None:
    """Evidence of one run: it must survive the process, not a power cut, so no fsync per request."""
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=OFF")

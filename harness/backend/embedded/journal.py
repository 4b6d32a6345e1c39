"""The live state of every cell over the store of what happened, and waiting for it to change.

One lock guards everything: the server's thread changes it per request, checks wait on it. Each change
notifies, so that no wait polls. Nobody holds it while reading the store: checks look through it beside the server.
"""

import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from harness.backend.embedded.admission import Admission, Key
from harness.backend.embedded.records import Record, single
from harness.backend.embedded.store import Item, Kind, Store, Wanted
from harness.model.deadline import Deadline
from harness.model.errors import BackendError

T = TypeVar("T")


class Journal:
    """What was received, and what is in force. Thread-safe."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._changed = threading.Condition()
        self._current: dict[str, Admission] = {}
        self._by_secret: dict[str, Admission] = {}
        self._by_key: dict[str, Key] = {}
        self._retired: dict[str, str] = {}  # old secrets and node keys → their cell
        self._latest: dict[tuple[str, Kind], int] = {}
        self._awaited: list[float] = []  # since when bodies are awaited that their heads had denied
        self._broken: BackendError | None = None
        self._changes = 0

    def items(self, cell: str, kind: Kind, *, with_unknown: bool = False) -> list[Item]:
        """Items of the cell's admission; with those of no known cell if asked for."""
        after = self._began(cell)
        found = [item for page in self._store.pages(cell, kind, after=after) for item in page]
        if with_unknown:
            found += [item for page in self._store.pages("", kind, after=after) for item in page]
            found.sort(key=lambda item: item.number)
        return found

    def pages(self, cell: str, kind: Kind, query: str | None = None) -> Iterator[list[Item]]:
        """Items of the cell's admission, a page at a time; of one query if it is named."""
        return self._store.pages(cell, kind, query=query, after=self._began(cell))

    def search(self, wanted: Wanted, after: int = 0) -> Iterator[tuple[int, list[Item]]]:
        """See `Store.search`. Does not touch the file if nothing of this kind came after item `after`."""
        with self._changed:
            after, latest = (
                max(after, self._began(wanted.cell)),
                self._latest.get((wanted.cell, wanted.kind), 0),
            )
        if latest > after:
            yield from self._store.search(wanted, after=after)
            yield latest, []  # also where nothing else of its kind was what is wanted

    def holding(self, cell: str, kinds: Sequence[Kind], texts: Collection[str]) -> Iterator[Item]:
        """Items of the cell's admission in records that hold one of the texts."""
        return self._store.holding(cell, kinds, texts, after=self._began(cell))

    def everything(self, cell: str) -> tuple[Iterator[list[Item]], Admission, frozenset[str]]:
        """Every item of the cell through all admissions, its present admission, every secret ever given."""
        with self._changed:
            hidden = frozenset({*self._by_secret, *self._by_key, *self._retired})
            return self._store.pages(cell), self._of(cell), hidden

    def wait(self, probe: Callable[[], T | None], deadline: Deadline) -> T | None:
        """What `probe` finds, asked again after each change; None on deadline. Raises if the server fails."""
        seen = -1
        while True:
            with self._changed:
                while self._broken is None and seen == self._changes and not deadline.passed:
                    self._changed.wait(deadline.remaining_s)
                if self._broken is not None:
                    raise self._broken
                seen, last = self._changes, deadline.passed
            if (found := probe()) is not None:  # without the lock: a probe may look through much
                return found
            if last:
                return None

    def break_down(self, error: BackendError) -> None:
        """The backend can no longer be trusted: every wait raises this from now on."""
        with self._changed:
            self._broken = self._broken or error
            self._notify()

    # -- inside the lock

    def _of(self, cell: str) -> Admission:
        try:
            return self._current[cell]
        except KeyError:
            raise BackendError(f"Cell {cell} was never admitted to the backend.") from None

    def _record(
        self, cell: str, kind: Kind, bodies: Sequence[Mapping[str, Any]], *, at: float | None = None
    ) -> int:
        return self._store_records(
            cell, kind, time.time() if at is None else at, [single(body) for body in bodies]
        )

    def _store_records(self, cell: str, kind: Kind, at: float, records: Sequence[Record]) -> int:
        number = self._store.append(cell, kind, at, records)
        if number:
            self._latest[cell, kind] = number
            self._notify()
        return number

    def _end_keys(self, ended: Callable[[Key], bool]) -> None:
        for node_key in [node_key for node_key, key in self._by_key.items() if ended(key)]:
            self._retired[node_key] = self._by_key.pop(node_key).admission.cell

    def _notify(self) -> None:
        self._changes += 1
        self._changed.notify_all()

    def _began(self, cell: str) -> int:
        with self._changed:
            return self._of(cell).number

"""What a backend that the harness did not start says of a cell's agent: its endpoint, events, status lines."""

import time
from collections.abc import Callable
from typing import Any, Generic

from harness.backend.external.asker import Asker
from harness.backend.external.expressions import search
from harness.backend.external.model import C, Described
from harness.backend.external.reading import read_endpoint, read_events, read_items, read_status
from harness.backend.interface import Endpoint, Event, StatusLine


class Lookups(Generic[C]):
    """Reads what the description says where to find. What is older than the cell's admission does not count."""

    def __init__(self, asker: Asker[C]) -> None:
        self._asker: Asker[C] = asker
        self._told: Described[C] = asker.description

    def endpoint(self, cell: str, wanted: Callable[[Endpoint], bool]) -> Endpoint | None:
        """The latest endpoint of the cell, if it is `wanted`; None if there is none."""
        told, admitted = self._told.endpoint, self._asker.of(cell)
        now = admitted.first_seen or time.time()
        for answer in self._asker.answers(cell, told, "endpoint"):
            for found in self._endpoints(cell, answer, now):
                at = found.enrolled_at if told.fields.enrolled_at else found.last_seen
                if self._asker.is_fresh(cell, at):
                    admitted.first_seen = now
                    return found if wanted(found) else None
        return None

    def events(self, cell: str, query: str) -> list[Event]:
        """What arrived of `query` so far; "" leaves it to the backend which."""
        told = self._told.events or self._asker.lacks("events")
        items = self._asker.items(cell, told, "events", query=query)
        values = self._asker.values(cell, query=query)
        found = read_events(items, told.fields, cell, query, self._told.time_unit, time.time(), values)
        return [event for event in found if self._asker.is_fresh(cell, event.received_at)]

    def status(self, cell: str) -> list[StatusLine]:
        """The agent's status lines so far."""
        told = self._told.status or self._asker.lacks("status")
        items, values = self._asker.items(cell, told, "status"), self._asker.values(cell)
        found = read_status(items, told.fields, cell, self._told.time_unit, time.time(), values)
        return [line for line in found if self._asker.is_fresh(cell, line.received_at)]

    def _endpoints(self, cell: str, answer: Any, now: float) -> list[Endpoint]:
        """The endpoints of this cell in one answer, the latest first."""
        told, values, unit = self._told.endpoint, self._asker.values(cell), self._told.time_unit
        if told.items is None:
            item = search(told.item or "@", answer, "endpoint.item", values)
            found = None if item is None else read_endpoint(item, told.fields, cell, unit, now, values)
            return [found] if found else []
        listed = [
            found
            for item in read_items(answer, told.items, "endpoint.items", values)
            if (found := read_endpoint(item, told.fields, cell, unit, now, values))
            and found.host_identifier.casefold() == self._asker.of(cell).identity.casefold()
        ]
        return sorted(listed, key=lambda found: (found.last_seen, found.enrolled_at), reverse=True)

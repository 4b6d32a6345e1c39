"""What stands in the store, as checks and people read it."""

from collections.abc import Iterator, Mapping
from typing import Any

from harness.backend.embedded.admission import Admission
from harness.backend.embedded.store import Item, Kind
from harness.backend.interface import Event, StatusLine


def what_of(item: Item) -> str:
    """What an agent sent, in words."""
    if item.kind is Kind.ADDRESS:
        return "a request, where proxies log it"
    query = item.body.get("query")
    return f"a row of query {query!r}" if query else f"a message ({item.kind.value})"


def texts_in(body: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every text in a document, by the names that lead to it."""
    if isinstance(body, str):
        yield name, body
    inner = body.items() if isinstance(body, Mapping) else enumerate(body) if isinstance(body, list) else ()
    for key, value in inner:
        yield str(key), str(key)
        yield from texts_in(value, f"{name}.{key}" if name else str(key))


def event_of(item: Item) -> Event:
    """An item of the kind `EVENT`."""
    return Event(cell=item.cell, received_at=item.at, **item.body)


def status_of(item: Item) -> StatusLine:
    """An item of the kind `STATUS`."""
    return StatusLine(cell=item.cell, received_at=item.at, **item.body)


def evidence_of(pages: Iterator[list[Item]], admission: Admission) -> Iterator[Mapping[str, Any]]:
    """Every item as it stands in a cell's evidence; at last its endpoint and its requests by path."""
    for page in pages:
        for item in page:
            yield {"number": item.number, "kind": item.kind.value, "at": item.at, **item.body}
    endpoint = admission.endpoint.model_dump() if admission.endpoint else None
    yield {"kind": "endpoint", "endpoint": endpoint, "requests": dict(admission.requests)}

"""From an external backend's answers to typed facts, by the expressions of its file. Pure."""

import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from harness.backend.external.expressions import search
from harness.backend.external.model import EndpointFields, EventFields, StatusFields
from harness.backend.interface import Endpoint, Event, StatusLine
from harness.documents.translate import first_mistake
from harness.model.errors import BackendError

SOONEST, LATEST = 1e8, 1e11
"""In seconds since the epoch: 1973, before which lies what is in s and taken for ms, and the year 5138, behind which
lies what is in ms and taken for s. 0 stands for never."""


def read_time(value: Any, key: str, unit: str = "s") -> float:
    """Seconds since the epoch from a number (in `unit`) or ISO 8601 text (UTC unless it says).

    Raises `BackendError` for anything else, and for a number that is a time in another unit alone: taken for one it
    would be long before the run, or long after it.
    """
    try:
        if isinstance(value, str) and not value.strip().replace(".", "", 1).lstrip("-").isdigit():
            moment = datetime.fromisoformat(value.strip().upper())  # RFC 3339 permits "t" and "z"
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        if isinstance(value, bool):
            raise TypeError("a truth value")
        number = float(value) / (1000 if unit == "ms" else 1)
        if not math.isfinite(number):
            raise ValueError("not finite")
    except (TypeError, ValueError, OverflowError) as error:
        raise BackendError(
            f"The backend's answer has no time at {key}: {str(value)[:60]!r}.",
            hint="A number or ISO 8601 is expected.",
        ) from error
    if (unit == "ms" and 0 < number < SOONEST) or number >= LATEST:
        raise BackendError(
            f"The backend's answer has a number at {key} that is no time of today in {unit}: {str(value)[:60]!r}.",
            hint="Say with time_unit in its file whether its times are in s or in ms.",
        )
    return number


def read_endpoint(
    item: Any, fields: EndpointFields, cell: str, unit: str, first_seen: float, values: Mapping[str, Any]
) -> Endpoint | None:
    """The endpoint; `first_seen` stands in for a time that the backend does not tell.

    None while the item has no host identifier or time yet.
    """

    def find(name: str) -> Any:
        expression = getattr(fields, name)
        return None if expression is None else search(expression, item, f"endpoint.fields.{name}", values)

    def moment(name: str) -> float | None:
        found = find(name)
        return None if found is None else read_time(found, f"endpoint.fields.{name}", unit)

    enrolled_at, last_seen, identifier = moment("enrolled_at"), moment("last_seen"), find("host_identifier")
    if identifier is None or (enrolled_at is None and last_seen is None):
        return None
    try:
        return Endpoint(
            cell=cell,
            host_identifier=_text(identifier),
            version=_text(find("version")),
            hostname=_text(find("hostname")),
            uuid=_text(find("uuid")),
            os_version=_text(find("os_version")),
            enrolled_at=first_seen if enrolled_at is None else enrolled_at,
            last_seen=enrolled_at or 0.0 if last_seen is None else last_seen,
            enrolments=find("enrolments") or 1,
        )
    except ValidationError as error:
        raise BackendError(
            f"The backend's answer does not suit endpoint.fields: {first_mistake(error, Endpoint).sentence}"
        ) from error


def read_items(answer: Any, items: str, key: str, values: Mapping[str, Any]) -> list[Any]:
    """The array that is expected at `key`; empty if there is no answer yet.

    An array that is not where it should be is an error, not an empty one: else a slip in the file would look as if
    the agent had sent nothing.
    """
    return [] if answer is None else _list(search(items, answer, key, values), key)


def read_events(
    items: Iterable[Any],
    fields: EventFields,
    cell: str,
    query: str,
    unit: str,
    now: float,
    values: Mapping[str, Any],
) -> Iterator[Event]:
    """The events in a list; `query` and `now` stand in for what the backend does not tell."""
    for item in items:

        def find(name: str, default: Any, item: Any = item) -> Any:
            expression = getattr(fields, name)
            return (
                default if expression is None else search(expression, item, f"events.fields.{name}", values)
            )

        columns = find("columns", {})
        if not isinstance(columns, dict):
            raise BackendError(
                f"The backend's answer has no object at events.fields.columns: {str(columns)[:60]!r}."
            )
        yield Event(
            cell=cell,
            query=_text(find("query", query)),
            action=_text(find("action", "added")),
            columns={str(name): _text(value) for name, value in columns.items()},
            host_identifier=_text(find("host_identifier", "")),
            received_at=read_time(find("received_at", now), "events.fields.received_at", unit)
            if fields.received_at
            else now,
        )


def read_status(
    items: Iterable[Any], fields: StatusFields, cell: str, unit: str, now: float, values: Mapping[str, Any]
) -> Iterator[StatusLine]:
    """The status lines in a list; see `read_events`."""
    for item in items:

        def find(name: str, default: Any, item: Any = item) -> Any:
            expression = getattr(fields, name)
            return (
                default if expression is None else search(expression, item, f"status.fields.{name}", values)
            )

        try:
            severity = int(find("severity", 0))
        except (TypeError, ValueError, OverflowError) as error:
            raise BackendError("The backend's answer has no number at status.fields.severity.") from error
        yield StatusLine(
            cell=cell,
            severity=severity,
            message=_text(find("message", "")),
            version=_text(find("version", "")),
            received_at=read_time(find("received_at", now), "status.fields.received_at", unit)
            if fields.received_at
            else now,
        )


def read_rows(answer: Any, expression: str, values: Mapping[str, Any]) -> tuple[dict[str, str], ...]:
    """The rows of a distributed query."""
    rows = _list(search(expression, answer, "live_query.rows", values), "live_query.rows")
    if not all(isinstance(row, dict) for row in rows):
        raise BackendError("The backend's answer has rows at live_query.rows that are not objects.")
    return tuple({str(name): _text(value) for name, value in row.items()} for row in rows)


def _list(found: Any, key: str) -> list[Any]:
    if not isinstance(found, list):
        raise BackendError(
            f"The backend's answer has no array at {key}: {str(found)[:60]!r}.",
            hint="Where null means none, let the expression end in: || `[]`",
        )
    return found


def _text(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else str(value)

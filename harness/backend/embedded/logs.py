"""Result and status logs of the osquery TLS remote API as rows for the store. Pure.

The sender's own words are kept: its times, epoch and counter, decorations, file and line. None of them is ever a reason
to refuse a log; what does not have the expected form goes to the decorations as text.

Source: osquery documentation, "Logging" (event, batch and snapshot form; status logs; decorations).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from harness.backend.embedded.records import Row
from harness.backend.embedded.wire import (
    Malformed,
    as_text,
    columns_of,
    integer_of,
    note_of,
    rows_of,
    storable,
    table_of,
    text_of,
)

_TIMES = {"unixTime": "unix_time", "calendarTime": "calendar_time", "hostIdentifier": "host_identifier"}
_RESULT = _TIMES | {"epoch": "epoch", "counter": "counter", "numerics": "numerics"}
_STATUS = _TIMES | {"filename": "filename", "line": "line", "version": "version"}
_NUMBERS = frozenset({"unixTime", "epoch", "counter", "line"})
_ROWS = frozenset({"name", "action", "columns", "snapshot", "diffResults", "decorations"})
_LINE = frozenset({"severity", "message", "log_type", "decorations"})
"""What is read elsewhere. Whatever an entry says beside all this is a decoration (`decorations_top_level`)."""


def result_rows(document: Mapping[str, Any]) -> Iterator[Row]:
    """Rows of a `result` log, whichever of the forms each entry has. Raises `Malformed`."""
    for entry in _entries(document):
        yield from _rows_of_entry(entry)


def status_rows(document: Mapping[str, Any]) -> Iterator[Row]:
    """Lines of a `status` log. Raises `Malformed`."""
    for entry in _entries(document):
        message = text_of(entry, "message")
        own = {"severity": integer_of(entry.get("severity", 0), "severity"), "message": message}
        yield Row(_sender(entry, _STATUS, _LINE), own, (message,))


def _rows_of_entry(entry: Mapping[str, Any]) -> Iterator[Row]:
    name = text_of(entry, "name")
    sender = {"query": name, **_sender(entry, _RESULT, _ROWS)}
    if "diffResults" in entry:
        changes = table_of(entry, "diffResults")
        forms = {
            action: rows_of(changes.get(action), f"{action} of {name}") for action in ("added", "removed")
        }
    elif "snapshot" in entry:
        forms = {"snapshot": rows_of(entry["snapshot"], f"snapshot of {name}")}
    else:
        forms = {text_of(entry, "action"): [entry.get("columns")]}
    for action, rows in forms.items():
        shared = sender | {"action": action}
        for row in rows:
            columns, note = columns_of(row, name)
            own: dict[str, Any] = {"columns": columns}
            if note:
                own["note"] = "; ".join(filter(None, (sender.get("note"), note)))
            yield Row(shared, own, tuple(columns.values()), name, action)


def _sender(entry: Mapping[str, Any], names: Mapping[str, str], elsewhere: frozenset[str]) -> dict[str, Any]:
    """What an entry says beside its rows, by our names; only what it does say."""
    mended = [key for key in elsewhere if isinstance(entry.get(key), str) and not _clean(entry[key])]
    said: dict[str, Any] = {}
    decorations: dict[str, str] = {}
    given = entry.get("decorations")
    beside = given if isinstance(given, dict) else {} if given in (None, "") else {"decorations": given}
    for key, value in (*beside.items(), *((key, entry[key]) for key in entry if key not in elsewhere)):
        name = storable(key)
        if key in names and key not in beside and (fact := _fact(key, value)) is not None:
            said[names[key]] = fact
        else:
            decorations.setdefault(name, storable(as_text(value)))
        if name is not key or not _clean(value):
            mended.append(name)
    if "hostIdentifier" not in entry and "hostname" in decorations:  # osquery's documentation has either
        said["host_identifier"] = decorations["hostname"]
    if decorations:
        said["decorations"] = decorations
    if mended:
        said["note"] = note_of(sorted(mended))
    return said


def _fact(key: str, value: object) -> object:
    """A value of the form that its key has; None if it has another."""
    if key == "numerics":
        return value if isinstance(value, bool) else None
    if key in _NUMBERS:
        try:
            return integer_of(value, key)
        except Malformed:
            return None
    return storable(as_text(value))


def _clean(value: object) -> bool:
    return not isinstance(value, str) or storable(value) is value


def _entries(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if "data" not in document:
        raise Malformed("data is missing")
    for entry in rows_of(document["data"], "data"):
        if not isinstance(entry, dict):
            raise Malformed(f"data holds {type(entry).__name__} where an object is expected")
        yield entry

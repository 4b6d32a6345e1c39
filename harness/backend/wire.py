"""What agents send: bodies of the osquery TLS remote API as typed data. Pure; anything else is `Malformed`.

Source: osquery documentation, "Remote settings" (TLS remote API) and "Logging" (result and status log forms).
"""

import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

BODY_LIMIT = 16 * 1024 * 1024
"""Bytes of a body, before and after decompression."""


class Malformed(Exception):
    """A request that is not of the API; `str()` says what was wrong with it."""

    def __init__(self, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class EnrolRequest:
    """Body of `/enroll`."""

    secret: str
    host_identifier: str
    hostname: str
    uuid: str
    version: str
    os_version: str
    details: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class ResultRow:
    """One row of a result log, whichever of the three log forms it came in."""

    query: str
    action: str
    columns: Mapping[str, str]
    host_identifier: str


@dataclass(frozen=True)
class StatusRow:
    """One line of a status log."""

    severity: int
    message: str
    version: str


@dataclass(frozen=True)
class Answer:
    """The answer to one distributed query."""

    query_id: str
    status: int
    message: str
    rows: Sequence[Mapping[str, str]]


def inflate(body: bytes, encoding: str) -> bytes:
    """The body with its `Content-Encoding` undone. Raises `Malformed` if it cannot be or is too large."""
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return body
    if name not in ("gzip", "x-gzip", "deflate"):
        raise Malformed(f"unknown content encoding {encoding!r}", status=415)
    inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # 32: gzip or zlib header, whichever is there
    try:
        data = inflater.decompress(body, BODY_LIMIT + 1)
    except zlib.error as error:
        raise Malformed(f"body is not {name}: {error}") from error
    if len(data) > BODY_LIMIT:
        raise Malformed(f"body is larger than {BODY_LIMIT} bytes", status=413)
    if not inflater.eof:
        raise Malformed(f"{name} body is cut off")
    return data


def parse_object(body: bytes) -> dict[str, Any]:
    """A body as a JSON object. Raises `Malformed`."""
    try:
        document = json.loads(body, parse_constant=_no_constant)
    except RecursionError as error:
        raise Malformed("body is nested too deeply") from error
    except ValueError as error:
        raise Malformed(f"body is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise Malformed(f"body is not a JSON object but {type(document).__name__}")
    return document


def text_of(document: Mapping[str, Any], key: str) -> str:
    """A required string. Raises `Malformed`."""
    value = document.get(key)
    if not isinstance(value, str):
        raise Malformed(f"{key} is missing" if value is None else f"{key} is not a string")
    return _storable(value, key)


def parse_enrolment(document: Mapping[str, Any]) -> EnrolRequest:
    """Body of `/enroll`. Absent host details are empty; present ones must have the right form."""
    tables = _table(document, "host_details")
    details = {_storable(name, "host_details"): _columns(row, name) for name, row in tables.items()}
    system, agent, system_version = (
        details.get(name, {}) for name in ("system_info", "osquery_info", "os_version")
    )
    return EnrolRequest(
        secret=text_of(document, "enroll_secret"),
        host_identifier=text_of(document, "host_identifier"),
        hostname=system.get("hostname", ""),
        uuid=system.get("uuid", ""),
        version=agent.get("version", ""),
        os_version=system_version.get("version", ""),
        details=details,
    )


def parse_results(document: Mapping[str, Any]) -> list[ResultRow]:
    """Rows of a `result` log: event form, batch form (`diffResults`) and snapshots."""
    return [row for entry in _entries(document) for row in _result_rows(entry)]


def parse_status(document: Mapping[str, Any]) -> list[StatusRow]:
    """Lines of a `status` log."""
    return [
        StatusRow(
            severity=_integer(entry.get("severity", 0), "severity"),
            message=text_of(entry, "message"),
            version=_cell(entry.get("version")),
        )
        for entry in _entries(document)
    ]


def parse_answers(document: Mapping[str, Any]) -> list[Answer]:
    """Body of `/distributed/write`. A failed query may have an empty string in place of its rows."""
    statuses, messages = _table(document, "statuses"), _table(document, "messages")
    queries = document.get("queries")
    if not isinstance(queries, dict):
        raise Malformed("queries is not an object")
    return [
        Answer(
            query_id=_storable(query_id, "queries"),
            status=_integer(statuses.get(query_id, 0), f"status of {query_id}"),
            message=_cell(messages.get(query_id)),
            rows=[] if rows == "" else _rows(rows, f"rows of {query_id}"),
        )
        for query_id, rows in queries.items()
    ]


def _result_rows(entry: Mapping[str, Any]) -> Iterator[ResultRow]:
    name, host = text_of(entry, "name"), _cell(entry.get("hostIdentifier"))
    if "diffResults" in entry:
        changes = _table(entry, "diffResults")
        for action in ("added", "removed"):
            for columns in _rows(changes.get(action) or [], f"{action} rows of {name}"):
                yield ResultRow(name, action, columns, host)
    elif "snapshot" in entry:
        for columns in _rows(entry["snapshot"], f"snapshot of {name}"):
            yield ResultRow(name, "snapshot", columns, host)
    else:
        yield ResultRow(name, text_of(entry, "action"), _columns(entry.get("columns"), name), host)


def _entries(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    data = document.get("data")
    if not isinstance(data, list):
        raise Malformed("data is not an array")
    for entry in data:
        if not isinstance(entry, dict):
            raise Malformed(f"data holds {type(entry).__name__} where an object is expected")
    return data


def _table(document: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = document.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Malformed(f"{key} is not an object")
    return value


def _rows(value: object, what: str) -> list[Mapping[str, str]]:
    if not isinstance(value, list):
        raise Malformed(f"{what} are not an array")
    return [_columns(row, what) for row in value]


def _columns(value: object, what: str) -> Mapping[str, str]:
    if not isinstance(value, dict):
        raise Malformed(f"columns of {what} are not an object")
    return {_storable(name, what): _cell(cell) for name, cell in value.items()}


def _cell(value: object) -> str:
    """A column's value as text: osquery sends strings, or numbers with `logger_numerics`."""
    if value is None:
        return ""
    if isinstance(value, str):
        return _storable(value, "value")
    return _storable(json.dumps(value), "value")


def _integer(value: object, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise Malformed(f"{what} is not a number")
    try:
        number = int(value)
    except ValueError as error:
        raise Malformed(f"{what} is not a number") from error
    if abs(number) >= 2**63:
        raise Malformed(f"{what} is out of range")
    return number


def _storable(text: str, what: str) -> str:
    """A lone surrogate is legal in JSON but no Unicode text: UTF-8 and SQLite cannot hold it."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise Malformed(f"{what} holds a lone surrogate") from error
    return text


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")

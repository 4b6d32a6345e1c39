"""The other bodies of the osquery TLS remote API: enrolments, and answers to distributed queries. Pure.

Source: osquery documentation, "Remote settings", section "Remote server API".
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harness.backend.embedded.records import ROWS, Row
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
    note: str = ""


@dataclass(frozen=True)
class Answer:
    """The answer to one distributed query."""

    query_id: str
    status: int
    message: str
    rows: list[Mapping[str, str]]
    note: str = ""


def parse_enrolment(document: Mapping[str, Any]) -> EnrolRequest:
    """Body of `/enroll`. Absent host details are empty; present ones must have the right form."""
    details, notes = {}, []
    for name, row in table_of(document, "host_details").items():
        details[storable(name)], note = columns_of(row, name)
        notes += [note] if note else []
    host = text_of(document, "host_identifier")
    if host is not document["host_identifier"]:
        notes.append(note_of(["host_identifier"]))
    system, agent, system_version = (
        details.get(name, {}) for name in ("system_info", "osquery_info", "os_version")
    )
    return EnrolRequest(
        secret=text_of(document, "enroll_secret"),
        host_identifier=host,
        hostname=system.get("hostname", ""),
        uuid=system.get("uuid", ""),
        version=agent.get("version", ""),
        os_version=system_version.get("version", ""),
        details=details,
        note="; ".join(notes),
    )


def parse_answers(document: Mapping[str, Any]) -> list[Answer]:
    """Body of `/distributed/write`. A failed query may have an empty string in place of its rows."""
    if "queries" not in document:
        raise Malformed("queries is missing")
    statuses, messages = table_of(document, "statuses"), table_of(document, "messages")
    return [
        _answer(query_id, rows, statuses.get(query_id, 0), messages.get(query_id))
        for query_id, rows in table_of(document, "queries").items()
    ]


def _answer(query_id: str, rows: object, status: object, message: object) -> Answer:
    found = [columns_of(row, f"rows of {query_id}") for row in rows_of(rows, f"rows of {query_id}")]
    said = as_text(message)
    notes = [note for _, note in found if note] + ([] if storable(said) is said else [note_of(["message"])])
    return Answer(
        query_id=storable(query_id),
        status=integer_of(status, f"status of {query_id}"),
        message=storable(said),
        rows=[columns for columns, _ in found],
        note="; ".join(dict.fromkeys(notes)),
    )


def answer_rows(answers: Iterable[Answer]) -> Iterator[Row]:
    """The answers in pieces for the store, each with a part of its rows, at least one piece an answer."""
    for answer in answers:
        shared = {
            "id": answer.query_id,
            "status": answer.status,
            "message": answer.message,
            "note": answer.note,
        }
        for first in range(0, max(1, len(answer.rows)), ROWS):
            yield Row(shared, {"rows": answer.rows[first : first + ROWS]}, query=answer.query_id)

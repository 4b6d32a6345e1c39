"""What a request says, apart from its rows, and its rows packed for the store. Pure."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from harness.backend.embedded.bodies import answer_rows, parse_answers
from harness.backend.embedded.logs import result_rows, status_rows
from harness.backend.embedded.records import Record, records_of
from harness.backend.embedded.wire import Malformed, inflate, parse_object, text_of

ANSWERED = "answered"
"""Key of a document from `/distributed/write`: the ids of the answered queries, in place of the answers."""

HEAD_LIMIT = 256 * 1024
"""Bytes of a large body's JSON without its rows. Nobody needs more; it would be read on the event loop."""

_ROWS = frozenset({"data", "queries", "statuses", "messages", "stats"})
_BATCH_BYTES = 256 * 1024


@dataclass(frozen=True)
class Content:
    """A body that is JSON. `error`: why its rows are not of the API; then there are none."""

    document: Mapping[str, Any]
    records: Iterable[Record] = ()
    error: Malformed | None = None
    apart: bool = False
    """The records come from another process and are too many to be handled at once."""

    def batches(self) -> Iterator[Sequence[Record]]:
        """The records, a few at a time: what the event loop can wait for."""
        records = iter(self.records)
        while batch := list(_some(records)):
            yield batch


def content_of(path: str, body: bytes) -> Content:
    """The content of a request to `path` (without a prefix). Raises `Malformed` for what is no JSON object."""
    document = parse_object(body)
    try:
        match path:
            case "/log":
                return Content(_head(document), list(records_of(_log(document))))
            case "/distributed/write":
                answers = parse_answers(document)
                ids = {ANSWERED: [answer.query_id for answer in answers]}
                records = [record for row in answer_rows(answers) for record in records_of([row])]
                return Content(_head(document) | ids, records)
    except Malformed as error:
        return Content(_head(document), error=error)
    except RecursionError:
        return Content(_head(document), error=Malformed("body is nested too deeply"))
    return Content(document)


def lines_of(path: str, encoding: str, body: bytes) -> Iterator[str]:
    """The content of a body as it came, as lines of JSON, which `content_from` reads."""
    try:
        content = content_of(path, inflate(body, encoding))
        if len(json.dumps(content.document)) > HEAD_LIMIT:
            why = f"body without its rows is larger than {HEAD_LIMIT} bytes"
            content = Content({}, error=Malformed(why, status=413))
    except Malformed as error:
        content = Content({}, error=error)
    yield json.dumps([content.document, content.error and [str(content.error), content.error.status]])
    for record in content.records:
        yield json.dumps([record.query, record.action, record.size, record.text, record.body])


def content_from(lines: Iterator[bytes]) -> Content:
    """The content that `lines_of` wrote. Raises `Malformed` as `content_of` does."""
    document, said = json.loads(next(lines))
    error = Malformed(said[0], status=said[1]) if said else None
    if error is not None and not document:
        raise error
    return Content(document, (Record(*json.loads(line)) for line in lines), error, apart=True)


def _log(document: Mapping[str, Any]) -> Iterator[Any]:
    match text_of(document, "log_type"):
        case "result":
            return result_rows(document)
        case "status":
            return status_rows(document)
        case other:
            raise Malformed(f"log_type is {other[:40]!r}, expected result or status")


def _head(document: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key not in _ROWS}


def _some(records: Iterator[Record]) -> Iterator[Record]:
    size = 0
    for record in islice(records, 64):
        yield record
        size += len(record.body)
        if size > _BATCH_BYTES:
            return

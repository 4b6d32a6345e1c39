"""Rows as the store keeps them: many in one record, with what they share said once, and a text to search them by. Pure.

A log of 16 MB holds a hundred thousand rows. Kept one by one they take seconds to store and to look through; a search
of the records' texts for what a row must hold leaves only few records to read.
"""

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

ROWS, TEXT_BYTES = 500, 64 * 1024
"""Limits of a record: it is read as a whole."""

SEPARATOR = "\x1f"


class Row(NamedTuple):
    """One row, before it is stored. Rows of one origin hold the very same `shared`."""

    shared: Mapping[str, Any]
    own: Mapping[str, Any]
    words: Sequence[str] = ()
    """What may be searched for."""
    query: str = ""
    action: str = ""


@dataclass(frozen=True)
class Record:
    """Consecutive rows of one query and action, as they go into the store."""

    query: str
    action: str
    size: int
    text: str
    body: str
    """JSON: `{"shared": {…}, "rows": [{…}, …]}`."""


def records_of(rows: Iterable[Row]) -> Iterator[Record]:
    """The rows in their order, packed."""
    for _, run in itertools.groupby(rows, key=lambda row: (row.query, row.action, row.shared)):
        held: list[Row] = []
        size = 0
        for row in run:
            if held and (len(held) == ROWS or size > TEXT_BYTES):
                yield _packed(held)
                held, size = [], 0
            held.append(row)
            size += sum(map(len, row.words))
        yield _packed(held)


def single(body: Mapping[str, Any]) -> Record:
    """A record of one item that nobody searches for."""
    return _packed([Row({}, body)])


def unpacked(body: str) -> list[dict[str, Any]]:
    """The rows of a record's `body`, each with what they share."""
    document = json.loads(body)
    return [{**document["shared"], **own} for own in document["rows"]]


def exactly(word: str) -> bytes:
    """What a record's text holds if one of its words is this one, case ignored."""
    return f"{SEPARATOR}{word.casefold()}{SEPARATOR}".encode()


def somewhere(part: str) -> bytes:
    """What a record's text holds if one of its words contains this, case ignored."""
    return part.casefold().encode()


def _packed(rows: Sequence[Row]) -> Record:
    words = dict.fromkeys(
        word for row in rows for word in row.words
    )  # once each: only whether it is there counts
    return Record(
        query=rows[0].query,
        action=rows[0].action,
        size=len(rows),
        text=f"{SEPARATOR}{SEPARATOR.join(words)}{SEPARATOR}".casefold() if words else "",
        body=json.dumps({"shared": rows[0].shared, "rows": [row.own for row in rows]}),
    )


def parts(expected: Mapping[str, str]) -> tuple[bytes, ...]:
    """What the text of a record holds if one of its rows has these columns. Longest first."""
    found = (
        somewhere(text[1:]) if text.startswith("~") else exactly(text) for text in set(expected.values())
    )
    return tuple(sorted(found, key=len, reverse=True))

"""An answer as text: JSON, or one JSON document a line. Pure."""

import json
from typing import Any

LINES = frozenset(
    {"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"}
)
"""Content types of JSON Lines, which no two servers call the same."""


def read_answer(text: str | bytes, *, lines: bool) -> Any:
    """What the text says; `lines`: a list with the document of each line that is not empty. Raises `ValueError`."""
    try:
        if not lines:
            return json.loads(text)
        decoded = text.decode() if isinstance(text, bytes) else text
        # Not `splitlines`: a document may hold U+2028 as it is.
        return [json.loads(line) for line in decoded.split("\n") if line.strip()]
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def is_lines(content_type: str) -> bool:
    """Whether a content type says that each line is a document of its own."""
    return content_type.partition(";")[0].strip().lower() in LINES

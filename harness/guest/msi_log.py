"""The part of a verbose MSI log that says why an installation failed. Pure."""

import re

RETURN_VALUE_3 = re.compile(r"Return value 3\b|returned actual error code (?!0\b)-?\d+", re.IGNORECASE)
"""Windows ends each failed action so, in every language; a failed custom action also states its own code."""

ERROR_LINE = re.compile(
    r"Error 1\d{3}\b|Product: .* -- |MainEngineThread is returning (?!0\b)\d+|:err:|\bfailed\b|\berror\b",
    re.IGNORECASE,
)
"""Second best, for engines that do not say 'Return value 3' (Wine)."""

BEFORE, AFTER, MAX_LINES = 12, 4, 60


def decode_log(data: bytes) -> str:
    """A log's text: UTF-16 with byte-order mark as Windows writes it, else UTF-8 (Wine writes ASCII)."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    return data.decode("utf-8-sig", errors="replace")


def excerpt(log: str) -> str:
    """The neighbourhood of the first failing actions, or of error lines, or the log's end."""
    lines = log.splitlines()
    hits = [number for number, line in enumerate(lines) if RETURN_VALUE_3.search(line)]
    hits = hits or [number for number, line in enumerate(lines) if ERROR_LINE.search(line)]
    if not hits:
        return "\n".join(lines[-(BEFORE + AFTER) :])
    kept: list[str] = []
    last = -1
    for hit in hits:
        first = max(hit - BEFORE, last + 1)
        if kept and first > last + 1:
            kept.append("[…]")
        last = max(last, min(hit + AFTER, len(lines) - 1))
        kept.extend(lines[first : last + 1])
        if len(kept) >= MAX_LINES:
            break
    return "\n".join(kept[:MAX_LINES])

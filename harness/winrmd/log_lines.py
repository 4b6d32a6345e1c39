"""One event is one line of the log, whatever text of a client is in it."""

import logging

FORMAT = "%(asctime)s %(levelname)s %(message)s"
LONGEST = 4000
"""Characters of one message; a client may send a megabyte for a name."""


class OneLine(logging.Formatter):
    """Writes control characters and line separators as Python escapes them, the lines of a traceback indented."""

    def __init__(self) -> None:
        super().__init__(FORMAT)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the standard library's name
        """The line without a traceback."""
        return printable(super().formatMessage(record))

    def formatException(self, ei: object) -> str:  # noqa: N802
        """The traceback; its lines cannot be taken for events, which begin with a time."""
        lines = super().formatException(ei).splitlines()  # type: ignore[arg-type]
        return "\n".join(f"    {printable(line)}" for line in lines)


def printable(text: str) -> str:
    """`text` on one line, cut to `LONGEST`."""
    shown = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text[:LONGEST])
    return f"{shown}…" if len(text) > LONGEST else shown

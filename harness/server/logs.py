"""Structured logs: one JSON object a line on standard error. Tokens and host ids do not appear."""

import json
import os
import sys
from datetime import UTC, datetime


def log(event: str, **facts: object) -> None:
    """Write one line, whole: workers share the stream."""
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    line = json.dumps({"at": at, "event": event, "pid": os.getpid(), **facts}, default=str)
    try:
        sys.stderr.write(line + "\n")
        sys.stderr.flush()
    except OSError:
        return  # nobody reads the log; serving goes on

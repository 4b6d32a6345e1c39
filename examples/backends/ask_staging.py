#!/usr/bin/env python3
"""The program of command.yaml, for a staging backend that keeps one JSON file per cell in STAGING_DIRECTORY.

Replace the reading of files by whatever reaches your backend. What matters is the contract: JSON on standard
output; exit code 0, 3 for "not there yet" (`absent` in command.yaml), 75 for "try again", else an error.
"""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

NOT_THERE, TRY_AGAIN = 3, 75


def file_of(cell: str) -> Path:
    """Where this staging backend keeps what it knows of the cell."""
    return Path(os.environ["STAGING_DIRECTORY"]) / (cell.replace("/", "_") + ".json")


def main() -> int:
    """Answer one question."""
    parser = argparse.ArgumentParser()
    parser.add_argument("question", choices=["secret", "host", "events", "status", "configure", "query"])
    parser.add_argument("cell")
    parser.add_argument("sql", nargs="?")
    parser.add_argument("--query")
    parser.add_argument("--since", type=float, default=0)
    asked = parser.parse_args()
    file = file_of(asked.cell)
    if asked.question == "secret":
        return answer({"secret": f"secret-of-{asked.cell}"})
    if not file.exists():
        return NOT_THERE if asked.question == "host" else TRY_AGAIN
    known: dict[str, Any] = json.loads(file.read_text())
    if asked.question == "configure":
        known["configuration"] = sys.stdin.read()
        file.write_text(json.dumps(known))
        return 0
    if asked.question == "query":
        return answer(known["answers"].get(asked.sql, {"status": 1, "message": "no such table"}))
    if asked.question == "events":
        return answer(
            [e for e in known["events"] if e["at"] >= asked.since and asked.query in ("", e["name"])]
        )
    return answer(known[asked.question])


def answer(document: Any) -> int:
    """Give the answer."""
    sys.stdout.write(json.dumps(document))
    return 0


if __name__ == "__main__":
    sys.exit(main())

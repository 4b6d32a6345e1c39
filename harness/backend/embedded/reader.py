"""Reads one large body in a process of its own: `python -m harness.backend.embedded.reader PATH ENCODING <body >lines`.

Reading 16 MB of JSON holds Python's interpreter lock for longer than another agent's poll may wait.
"""

import sys

from harness.backend.embedded.content import lines_of


def main() -> None:
    """Write the content of the body on standard input as lines of JSON."""
    path, encoding = sys.argv[1:]
    for line in lines_of(path, encoding, sys.stdin.buffer.read()):
        sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()

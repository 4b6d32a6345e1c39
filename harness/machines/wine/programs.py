r"""Which programs a machine's services started, with everything that these started, by the word of who started them.

Wine says so where its channel `process` is on (init.py): `CreateProcessInternalW`, dlls/kernelbase/process.c
of Wine 8.0 and 10.0.
A text is shown up to some 290 characters, letters that are not ASCII as `\x` and four digits (`wine_dbgstr_wn`).
"""

import re
from collections.abc import Iterator
from pathlib import Path

from harness.machines.provider import StartedProgram

MOST_BYTES = 64 << 20
"""Of what was said; an agent that asks for processes without end says so without end."""
STARTS = re.compile(
    rb"^\s*(?P<at>\d+\.\d+):(?P<who>[0-9a-f]+):(?P<thread>[0-9a-f]+):trace:process:CreateProcessInternalW "
    rb'(?:app (?P<program>\(null\)|L".*?") cmdline (?P<line>\(null\)|L".*")(?:\.\.\.)?$'
    rb"|started process pid (?P<pid>[0-9a-f]+) )",
    re.MULTILINE,
)
NOTHING = b"(null)"
ESCAPED = re.compile(r"\\(?:x([0-9a-f]{4})|(.))")
PLAIN = {"n": "\n", "r": "\r", "t": "\t"}


def read_started(file: Path) -> tuple[StartedProgram, ...]:
    """In the order in which they were started; none where nothing was said."""
    try:
        with file.open("rb") as said:
            return tuple(_started(said.read(MOST_BYTES)))
    except FileNotFoundError:
        return ()


def _started(said: bytes) -> Iterator[StartedProgram]:
    wanted: dict[tuple[bytes, bytes], tuple[bytes, float]] = {}
    for found in STARTS.finditer(said):
        who = (found["who"], found["thread"])
        if found["line"] is not None:
            said_of = found["program"] if found["line"] == NOTHING else found["line"]
            wanted[who] = (said_of[2:-1], float(found["at"]))
        elif who in wanted:
            line, at_s = wanted.pop(who)
            yield StartedProgram(
                pid=int(found["pid"], 16), parent=int(who[0], 16), command_line=_text(line), at_s=at_s
            )


def _text(shown: bytes) -> str:
    def letter(match: re.Match[str]) -> str:
        return chr(int(match[1], 16)) if match[1] else PLAIN.get(match[2], match[2])

    plain = ESCAPED.sub(letter, shown.decode("ascii", "replace"))
    return plain.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")

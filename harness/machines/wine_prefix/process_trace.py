r"""Which programs were asked for, by the word of who asked: Wine says so where its channel `process` is on. Pure.

Source: `CreateProcessInternalW`, dlls/kernelbase/process.c of Wine 8.0 and 10.0. A text is shown up to some 290
characters, letters that are not ASCII as `\x` and four digits (`wine_dbgstr_wn`).
"""

import re
from collections.abc import Iterator

TELLS = "-all,trace+process,+pid,+timestamp"
"""WINEDEBUG by which whoever starts a program says so, with its command line."""
STARTS = re.compile(
    rb"^\s*(?P<at>\d+\.\d+):(?P<who>[0-9a-f]+):(?P<thread>[0-9a-f]+):trace:process:CreateProcessInternalW "
    rb'(?:app (?P<program>\(null\)|L".*?") cmdline (?P<line>\(null\)|L".*")(?:\.\.\.)?\r?$'
    rb"|started process pid (?P<pid>[0-9a-f]+) )",
    re.MULTILINE,
)
NOTHING = b"(null)"
ESCAPED = re.compile(r"\\(?:x([0-9a-f]{4})|(.))")
PLAIN = {"n": "\n", "r": "\r", "t": "\t"}


def asked_for(said: bytes) -> Iterator[str]:
    """The command line of each program that somebody wanted to start, whether there is such a program or not."""
    for found in STARTS.finditer(said):
        if found["line"] is not None:
            yield command_line(found)


def command_line(found: "re.Match[bytes]") -> str:
    """Of a match of `STARTS` that has one; the program's path where there is no line."""
    shown = found["program"] if found["line"] == NOTHING else found["line"]
    return _text(shown[2:-1])


def _text(shown: bytes) -> str:
    def letter(match: re.Match[str]) -> str:
        return chr(int(match[1], 16)) if match[1] else PLAIN.get(match[2], match[2])

    plain = ESCAPED.sub(letter, shown.decode("ascii", "replace"))
    return plain.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")

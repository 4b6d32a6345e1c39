"""Windows command lines: one string per process, split again by the program that receives it.

Rules: Microsoft, "Parsing C command-line arguments"; for `cmd`, "cmd" in the Windows Commands reference.
"""

from collections.abc import Sequence

CMD_SPECIAL = frozenset("&|<>^()@!;,=")
"""Harmless inside double quotes, meaningful to `cmd` outside them (`%` is meaningful in both)."""

_NEEDS_QUOTES = CMD_SPECIAL | frozenset(" \t\n\v")


def quote(argument: str) -> str:
    """One argument in the form that the MSVC runtime splits back into the same text.

    Quotes more than that runtime needs: Windows from 2012 R2 on passes every WinRS command through `cmd`,
    whose special characters are literal only inside quotes.
    """
    if argument and not any(c in _NEEDS_QUOTES or c == '"' for c in argument):
        return argument
    parts = ['"']
    backslashes = 0
    for c in argument:
        if c == "\\":
            backslashes += 1
            continue
        # Backslashes count double only in front of a quote.
        parts.append("\\" * (2 * backslashes if c == '"' else backslashes))
        parts.append('\\"' if c == '"' else c)
        backslashes = 0
    parts.append("\\" * (2 * backslashes))
    parts.append('"')
    return "".join(parts)


def join(arguments: Sequence[str]) -> str:
    """A whole command line; the first item is the program.

    The program's name is split by simpler rules (no escapes), so it must not hold a quote: `ValueError`.
    """
    if not arguments:
        raise ValueError("a command line needs a program")
    program = arguments[0]
    if '"' in program:
        raise ValueError(f"a program's path cannot hold a quote: {program}")
    head = f'"{program}"' if any(c in _NEEDS_QUOTES for c in program) or not program else program
    return " ".join([head, *map(quote, arguments[1:])])


def through_cmd(command: str) -> str:
    """`command` as `cmd` runs it. `/s` keeps inner quotes as they are, `/d` skips AutoRun."""
    return f'cmd.exe /d /s /c "{command}"'


def in_directory(command: str, directory: str) -> str:
    """`command` run by `cmd` in `directory`; its exit code is the command's own."""
    return f'cd /d "{directory}" && {command}'

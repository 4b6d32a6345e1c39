"""Windows command lines: one string per process, split again by the program that receives it.

Rules: Microsoft, "Parsing C command-line arguments"; for `cmd`, "cmd" in the Windows Commands reference.
"""

import re
from collections.abc import Sequence

CMD_SPECIAL = frozenset("&|<>^()@!")
"""Harmless inside double quotes, meaningful to `cmd` outside them (`%` is meaningful in both)."""
CMD_SEPARATORS = frozenset(";,=")
"""What ends a program's name for `cmd`; behind that it hands a line on as it is."""

FOR_CMD = "@"
"""In front of a line it keeps `cmd` from showing it, which `cmd /c` does not do anyway: a mark without effect."""

_NEEDS_QUOTES = CMD_SPECIAL | frozenset(' \t\n\v"')
_OPTION = re.compile(r"[/-]*[A-Za-z_][A-Za-z0-9_.:-]*")
"""What has a value behind its `=`. A path that holds one is no option: `cmd`'s own `copy` would part it there."""


def quote(argument: str) -> str:
    """One argument in the form that the MSVC runtime splits back into the same text.

    Quotes more than that runtime needs: Windows from 2012 R2 on passes every WinRS command through `cmd`,
    whose special characters are literal only inside quotes. Of `/NAME=a value` the value alone is quoted, as people
    write it: set-up programs read the line themselves, and NSIS's do not know a `"/NAME=a value"`.
    """
    if argument and not _NEEDS_QUOTES & set(argument):
        return argument
    name, is_given, value = argument.partition("=")
    if is_given and _OPTION.fullmatch(name):
        return f"{name}={_in_quotes(value)}"
    return _in_quotes(argument)


def _in_quotes(argument: str) -> str:
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


NSIS_LAST = ("/D=", "_?=")
"""Options of NSIS's set-up programs and uninstallers whose value is the rest of the line, as it is."""


def installer_line(arguments: Sequence[str], *, nsis: bool) -> str:
    """`argv_line` for a set-up program or an uninstaller.

    NSIS takes what follows `/D=` and `_?=` to the end of the line, spaces and quotes too, so there it stands unquoted
    (NSIS Users Manual, 3.2.1). `nsis`: whether the program is one of its; `_?=` says so by itself.
    """
    last = arguments[-1] if len(arguments) > 1 else ""
    if last.startswith(NSIS_LAST) and '"' not in last and (nsis or last.startswith(NSIS_LAST[1])):
        return f"{argv_line(arguments[:-1])} {last}"
    return argv_line(arguments)


def argv_line(arguments: Sequence[str]) -> str:
    """A whole command line as `CreateProcess` takes it; the first item is the program.

    The program's name is split by simpler rules (no escapes), so it must not hold a quote: `ValueError`.
    """
    if not arguments:
        raise ValueError("a command line needs a program")
    program = arguments[0]
    if '"' in program:
        raise ValueError(f"a program's path cannot hold a quote: {program}")
    needs_quotes = not program or (_NEEDS_QUOTES | CMD_SEPARATORS) & set(program)
    head = f'"{program}"' if needs_quotes else program
    return " ".join([head, *map(quote, arguments[1:])])


def survives_cmd(argument: str) -> bool:
    """Whether quoting keeps this argument whole on a line that `cmd` reads as well.

    `cmd` expands `%NAME%` inside quotes too, and takes each quote for the begin or the end of a quoted part, whatever
    stands in front of it.
    """
    return not any(c in '"%\r\n' for c in argument)


def join(arguments: Sequence[str]) -> str:
    """A whole command line as WinRM takes it on every Windows. Raises `ValueError` as `argv_line` does."""
    return for_winrm(argv_line(arguments))


def for_winrm(line: str) -> str:
    """`line`, marked with `FOR_CMD` if `cmd /c` would read it differently than `CreateProcess`.

    Windows from 2012 R2 on runs every WinRS command by `cmd /c`, whatever WINRS_SKIP_CMD_SHELL says, and that takes the
    first and the last quote of a line away that begins with one, unless the line is one quoted program and nothing that
    is special. Such a line goes to `cmd` on every Windows, behind a mark that is no quote.
    """
    return line if line.startswith(FOR_CMD) or not line.startswith('"') else through_cmd(line)


def through_cmd(command: str) -> str:
    """`command` as `cmd /c` runs it, with every quote where it is."""
    return command if command.startswith(FOR_CMD) else f"{FOR_CMD}{command}"


def needs_cmd(line: str) -> bool:
    """Whether `cmd` must run this line; any other means the same without."""
    return line.startswith(FOR_CMD)


def in_directory(command: str, directory: str) -> str:
    """`command` run by `cmd` in `directory`; its exit code is the command's own."""
    return f'cd /d "{directory}" && {command}'

"""From what the client sent to what is executed."""

from collections.abc import Sequence


def windows_command_line(command: str, arguments: Sequence[str], *, skip_cmd_shell: bool) -> str:
    """The Windows command line, with the client's quoting as it was sent.

    Unless WINRS_SKIP_CMD_SHELL is TRUE it is run by cmd.exe (MS-WSMV 2.2.4.7 and 3.1.4.11).
    """
    line = " ".join([command, *arguments])
    return line if skip_cmd_shell else f"cmd.exe /c {line}"

"""From what the client sent to what is executed."""

import uuid
from collections.abc import Sequence

from .config import ServerConfig


def windows_command_line(command: str, arguments: Sequence[str], *, skip_cmd_shell: bool) -> str:
    """The Windows command line, with the client's quoting as it was sent.

    Unless WINRS_SKIP_CMD_SHELL is TRUE it is run by cmd.exe (MS-WSMV 2.2.4.7 and 3.1.4.11).
    """
    line = " ".join([command, *arguments])
    return line if skip_cmd_shell else f"cmd.exe /c {line}"


def launcher_argv(config: ServerConfig, command_line: str) -> tuple[list[str], str | None]:
    """The launcher's argv for this command line, and the name of its result file if it writes one."""
    name = f"{uuid.uuid4()}.json"
    directory = config.result_dir_guest or config.result_dir
    separator = "\\" if "\\" in directory else "/"
    result = directory.rstrip("\\/") + separator + name
    wants_result = any("{result}" in item for item in config.launcher)
    # The command line goes in last and whole: a {result} inside it is the client's own text.
    argv = [
        command_line.join(part.replace("{result}", result) for part in item.split("{command}"))
        for item in config.launcher
    ]
    return argv, name if wants_result else None

"""Launchers: processes that run one command each. One can be started before its command is known.

A program of Windows takes long to start under Wine, and longer under emulation. So each shell keeps a launcher that
has started already and reads its command line from its input, as on Windows, where a shell has a host process of
its own (winrshost.exe) that starts its commands.
"""

import json
import os
import subprocess
import threading
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from . import shell_faults
from .config import ServerConfig
from .fault import Fault

AFTERWARDS_S = 0.01
"""How long after a command the next launcher is started: the client's answer, or its Delete, goes first."""

END_TIMEOUT_S = 10.0
STATUS_CONTROL_C_EXIT = 0xC000013A


@dataclass(frozen=True)
class Surroundings:
    """What every command of a shell is started in."""

    environment: Mapping[str, str]
    directory: str | None


@dataclass(frozen=True)
class Launcher:
    """A started launcher. `first_input` is what it reads before what the client sends; `result` its exit code's file."""

    process: "subprocess.Popen[bytes]"
    result: Path | None
    first_input: bytes = b""

    def end(self) -> None:
        """Kill it, unless it has ended, and close its pipes."""
        self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()
        with suppress(subprocess.TimeoutExpired):  # the kernel holds it, and no signal helps
            self.process.wait(END_TIMEOUT_S)

    def outcome(self, *, interrupted: bool) -> tuple[int, Fault | None]:
        """The command's exit code once the launcher has ended; or, where nobody knows it, the fault that says so."""
        status = self.process.wait()
        if self.result is None:
            # A launcher that a signal ended reports like a shell does.
            return (status if status >= 0 else 128 - status) & 0xFFFFFFFF, None
        try:
            text = self.result.read_text(encoding="utf-8")
            self.result.unlink()
            said = json.loads(text)
            code = said["exit_code"] if isinstance(said, dict) else said
            return int(code) & 0xFFFFFFFF, None
        except (OSError, ValueError, TypeError, LookupError, OverflowError) as error:
            if interrupted:  # and so was the launcher, with the command
                return STATUS_CONTROL_C_EXIT, None
            return 0, shell_faults.launcher_failed(
                f"the launcher ended with status {status} and left no result ({type(error).__name__})"
            )


class Launchers:
    """The launchers of one shell. Thread-safe. `surroundings` is asked at each start, and may raise `Fault`.

    `ahead`: whether one may wait. It holds its directory meanwhile: on Wine nobody can remove or rename that.
    """

    def __init__(
        self, config: ServerConfig, surroundings: Callable[[], Surroundings], *, ahead: bool = True
    ) -> None:
        self._config = config
        self._surroundings = surroundings
        self._may_wait = ahead and bool(config.launcher_ahead)
        self._lock = threading.Lock()
        self._ahead: Launcher | None = None
        self._closed = threading.Event()

    def launch(self, command_line: str) -> Launcher:
        """A launcher with its command line; raises `Fault` if it cannot be started."""
        with self._lock:
            ahead, self._ahead = self._ahead, None
        if ahead is not None:
            if ahead.process.poll() is None:
                return Launcher(ahead.process, ahead.result, told(command_line))
            ahead.end()
        return self._start(self._config.launcher, command_line)

    def start_ahead(self) -> None:
        """Have a launcher ready for the next command, if there are such launchers here.

        One that cannot be started is left to the command, which then says why.
        """
        if not self._may_wait:
            return
        with self._lock:
            if self._closed.is_set() or self._ahead is not None:
                return
            with suppress(Fault):
                self._ahead = self._start(self._config.launcher_ahead, "")

    def start_ahead_soon(self) -> None:
        """The same from a command's own thread, which has just handed over the end."""
        if self._may_wait and not self._closed.wait(AFTERWARDS_S):
            self.start_ahead()

    def close(self) -> None:
        """End the launcher that waits. Idempotent."""
        with self._lock:
            self._closed.set()
            ahead, self._ahead = self._ahead, None
        if ahead is not None:
            ahead.end()

    def _start(self, launcher: tuple[str, ...], command_line: str) -> Launcher:
        argv, result_name = launcher_argv(self._config, launcher, command_line)
        surroundings = self._surroundings()
        root, directory = self._config.root, surroundings.directory
        try:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                cwd=None if root else directory,
                env=surroundings.environment,
                start_new_session=True,
                preexec_fn=(lambda: _enter(root, directory)) if root else None,
            )
        except OSError as error:
            raise shell_faults.launcher_failed(f"{argv[0]} cannot be started ({error.strerror})") from error
        return Launcher(process, Path(self._config.result_dir, result_name) if result_name else None)


def _enter(root: str, directory: str | None) -> None:
    """In the new process, before its program. Two system calls and no lock, so the server's threads do not matter."""
    os.chroot(root)
    os.chdir(directory or "/")


def told(command_line: str) -> bytes:
    """What a launcher reads that was started ahead: eight hexadecimal digits, the length in bytes, and UTF-8."""
    text = command_line.encode("utf-8", "surrogatepass")
    return f"{len(text):08x}".encode() + text


def launcher_argv(
    config: ServerConfig, launcher: tuple[str, ...], command_line: str
) -> tuple[list[str], str | None]:
    """The launcher's argv for this command line, and the name of its result file if it writes one."""
    name = f"{uuid.uuid4()}.json"
    directory = config.result_dir_guest or config.result_dir
    separator = "\\" if "\\" in directory else "/"
    result = directory.rstrip("\\/") + separator + name
    wants_result = any("{result}" in item for item in launcher)
    # The command line goes in last and whole: a {result} inside it is the client's own text.
    argv = [
        command_line.join(part.replace("{result}", result) for part in item.split("{command}"))
        for item in launcher
    ]
    return argv, name if wants_result else None

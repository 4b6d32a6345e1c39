"""The command adapter: a program that knows how to ask a team's backend and prints JSON."""

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.backend.external.answers import read_answer
from harness.backend.external.backend import ExternalBackend
from harness.backend.external.description import from_environment
from harness.backend.external.model import CommandCall, CommandDescription, EnvironmentValue
from harness.backend.external.placeholders import fill, fill_body
from harness.backend.external.transport import Unavailable
from harness.model.errors import BackendError

LAST_WORDS_S = 5.0
"""How long a program that was killed may take to be gone."""
TRY_AGAIN = 75
"""EX_TEMPFAIL of sysexits.h: the program's way to say that asking again may help."""


class CommandBackend(ExternalBackend[CommandCall]):
    """A backend described by `kind: command`."""

    def __init__(self, description: CommandDescription, file: Path) -> None:
        super().__init__(description, CommandTransport(description, file), file)


class CommandTransport:
    """Runs the program in the file's directory, with the harness's environment. No shell is involved."""

    def __init__(self, description: CommandDescription, file: Path) -> None:
        self._directory = file.parent
        self.secrets = frozenset(
            from_environment(EnvironmentValue(env=name), f"secret_environment.{index}", file)
            for index, name in enumerate(description.secret_environment)
        )

    def fetch(self, call: CommandCall, values: Mapping[str, Any], timeout_s: float) -> Any:
        """One run. Raises `Unavailable` or `BackendError`."""
        argv = [fill(part, values) for part in call.argv]
        body = fill_body(call.stdin, values)
        given = "" if body is None else body if isinstance(body, str) else json.dumps(body)
        run = self._run(argv, given.encode(), timeout_s)
        if run.returncode in call.absent:
            return None
        if run.returncode != 0:
            complaint = run.stderr.decode(errors="replace").strip()[-200:]
            failure = Unavailable if run.returncode == TRY_AGAIN else BackendError
            raise failure(f"{argv[0]} ended with {run.returncode}: {complaint!r}.")
        if not run.stdout.strip():
            return None
        try:
            return read_answer(run.stdout, lines=call.lines)
        except ValueError as error:
            excerpt = run.stdout[:200].decode(errors="replace")
            raise BackendError(f"{argv[0]} did not print JSON: {excerpt!r}.") from error

    def _run(self, argv: list[str], given: bytes, timeout_s: float) -> "subprocess.CompletedProcess[bytes]":
        try:
            program = subprocess.Popen(
                argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=self._directory,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise BackendError(f"{argv[0]} cannot be run: {error}.", hint="Is it executable?") from error
        ended = False
        try:
            stdout, stderr = program.communicate(given, timeout_s)
            ended = True
        except subprocess.TimeoutExpired as error:
            raise Unavailable(f"{argv[0]} did not end within {timeout_s:g} s and was killed.") from error
        finally:
            if not ended:  # with everything it started: a grandchild would keep the pipes open
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(program.pid, signal.SIGKILL)
                with contextlib.suppress(subprocess.TimeoutExpired):  # one in a session of its own still does
                    program.communicate(timeout=LAST_WORDS_S)
                for pipe in (program.stdin, program.stdout, program.stderr):
                    if pipe is not None:
                        pipe.close()
        return subprocess.CompletedProcess(argv, program.returncode, stdout, stderr)

    def close(self) -> None:
        """Nothing is held open."""

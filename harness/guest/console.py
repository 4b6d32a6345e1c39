"""Commands in one guest: deadline, transcript, time taken, and the probe's answers."""

import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from pydantic import JsonValue

from harness.guest.command_line import argv_line, for_winrm, in_directory, survives_cmd, through_cmd
from harness.guest.facts import CommandResult
from harness.guest.transcript import Transcript
from harness.guest.winrm.envelopes import Output
from harness.guest.winrm.shell import RemoteShell
from harness.model.deadline import Deadline
from harness.model.errors import ConfigurationError, GuestFault, HarnessError
from harness.model.machine import WinRMAccess
from harness.probe.reading import ProbeFailed, read_answer, read_value

Shape = TypeVar("Shape")

PROBE_TIMEOUT_S = 60.0
PROVIDER_FAILED = 0x80338003
"""ERROR_WSMAN_PROVIDER_FAILURE: the program behind WinRM that runs commands broke."""
TRIES = 3


class Console:
    """What services, registry, installer and files are asked through."""

    def __init__(self, access: WinRMAccess, transcript: Transcript, *, media_root: str) -> None:
        self.transcript = transcript
        self.shell = RemoteShell(access, transcript.note)
        self.probe_path = f"{media_root.rstrip(chr(92))}\\tools\\bvt-probe.exe"
        self.guest_s = 0.0

    def run(
        self,
        command: str | Sequence[str],
        deadline: Deadline,
        *,
        stdin: bytes = b"",
        cwd: str | None = None,
        in_cmd: bool = False,
        repeatable: bool = False,
        reconnect_s: float | None = None,
    ) -> CommandResult:
        """Run a command to its end. Raises what `RemoteShell.run` raises; any exit code is a result."""
        line = command if isinstance(command, str) else argv_line(command)
        sent = in_directory(line, cwd) if cwd else line
        sent = through_cmd(sent) if in_cmd or cwd else for_winrm(sent)
        options = {} if reconnect_s is None else {"reconnect_s": reconnect_s}
        began = time.monotonic()
        try:
            output = self._perform(sent, deadline, stdin=stdin, repeatable=repeatable, **options)
        except KeyboardInterrupt:
            self.transcript.note(f"interrupted: `{line}`")
            raise
        except HarnessError as error:
            self.transcript.failure(line, self._took(began), error)
            raise
        stdout, stderr = decoded(output)
        assert output.exit_code is not None, "a command that has ended without one raises"
        result = CommandResult(line, output.exit_code, stdout, stderr, self._took(began))
        self.transcript.command(result)
        return result

    def _perform(self, line: str, deadline: Deadline, *, repeatable: bool, **options: Any) -> Output:
        """Run it; what only reads is tried again when the program that runs commands broke."""
        for left in reversed(range(TRIES if repeatable else 1)):
            try:
                return self.shell.run(line, deadline, repeatable=repeatable, **options)
            except GuestFault as error:
                if error.code != PROVIDER_FAILED or not left or deadline.passed:
                    raise
                self.transcript.note(f"repeating `{line}` after: {error}")
        raise AssertionError("unreachable: the last try returns or raises")

    def probe(
        self,
        shape: type[Shape],
        *arguments: str,
        deadline: Deadline | None = None,
        stdin: bytes = b"",
        repeatable: bool = True,
        then: str = "",
    ) -> Shape:
        """The probe's answer as `shape`. `then` follows the arguments as it is, after ` -- `.

        Arguments that no command line carries unchanged on every Windows go to the probe by its input.

        Raises `GuestFault` if the probe reports an error or answers something else.
        """
        deadline = deadline or Deadline.after(PROBE_TIMEOUT_S)
        if not (stdin or then or all(map(survives_cmd, arguments))):
            (said,) = self.batch([arguments], deadline, repeatable=repeatable)
            return self._read(lambda: read_value(arguments[0], shape, said))
        line = argv_line([self.probe_path, *arguments]) + (f" -- {then}" if then else "")
        result = self.run(line, deadline, stdin=stdin, repeatable=repeatable)
        return self.answer(shape, arguments[0], result)

    def batch(
        self, commands: Sequence[Sequence[str]], deadline: Deadline, *, repeatable: bool = False
    ) -> list[JsonValue]:
        """The answers of several probe commands in their order, by one process in one round trip.

        Raises `GuestFault` if the probe does not answer every one of them, and `ConfigurationError` if one holds a
        line break.
        """
        lines = [argv_line(command) for command in commands]
        if broken := next((line for line in lines if "\r" in line or "\n" in line), None):
            raise ConfigurationError(
                f"The guest probe cannot be asked for a name with a line break: {broken!r}."
            )
        asked = "".join(f"{line}\n" for line in lines).encode()
        result = self.run([self.probe_path, "batch"], deadline, stdin=asked, repeatable=repeatable)
        answers = self.answer(dict[str, Any], "batch", result)
        if missing := [line for line in lines if line not in answers]:
            raise GuestFault(f"The guest probe left commands of a batch unanswered: {'; '.join(missing)}.")
        return [answers[line] for line in lines]

    def answer(self, shape: type[Shape], name: str, result: CommandResult) -> Shape:
        """Read the probe's answer from a command's output."""
        if not result.stdout.strip():
            raise GuestFault(
                f"The guest probe's `{name}` answered nothing and ended with exit code"
                f" {result.exit_code}: {result.stderr.strip() or 'no message'}.",
                hint=f"Is {self.probe_path} on the media drive?",
            )
        return self._read(lambda: read_answer(name, shape, result.stdout))

    def _read(self, answer: Callable[[], Shape]) -> Shape:
        try:
            return answer()
        except ProbeFailed as error:
            raise GuestFault(error.message, code=error.code or 0, hint=error.hint) from error

    def _took(self, began: float) -> float:
        took = time.monotonic() - began
        self.guest_s += took
        return took


def decoded(output: Output) -> tuple[str, str]:
    """Output and error output as text; a shell is opened with UTF-8."""
    return output.stdout.decode("utf-8", errors="replace"), output.stderr.decode("utf-8", errors="replace")

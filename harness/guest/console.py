"""Commands in one guest: deadline, transcript, time taken, and the probe's answers."""

import json
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
Answer = TypeVar("Answer")

PROBE_TIMEOUT_S = 60.0
PROVIDER_FAILED = 0x80338003
"""ERROR_WSMAN_PROVIDER_FAILURE: the program behind WinRM that runs commands broke."""
TRIES = 3

_SYSTEM = {
    "boot",
    "clock",
    "crashes",
    "drivers",
    "processes",
    "reach",
    "services",
    "sockets",
    "tasks",
    "version",
}
_REGISTRY = {"export", "keys", "list-keys", "pending-renames", "save-hives", "uninstall-entries"}
KEPT = frozenset(_SYSTEM | _REGISTRY | {"file", "read", "tree"})
"""The commands that a kept probe answers (`serve`): they leave nothing open in its process."""
STIMULI = frozenset(("stimulate", "unstimulate"))
STORED = frozenset(("file_change", "registry_change"))
"""The stimuli that a kept probe gives: those that no other process has to hold."""


class Console:
    """What services, registry, installer and files are asked through."""

    def __init__(
        self, access: WinRMAccess, transcript: Transcript, *, media_root: str, slowness: float = 1.0
    ) -> None:
        self.transcript = transcript
        self.shell = RemoteShell(access, transcript.note)
        self.probe_path = f"{media_root.rstrip(chr(92))}\\tools\\bvt-probe.exe"
        self.guest_s = 0.0
        self._slowness = slowness

    def within(self, seconds: float) -> Deadline:
        """A deadline for a command that takes no more than `seconds` on a real processor, stretched for this guest."""
        return Deadline.after(seconds * self._slowness)

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

        def attempt() -> Output:
            return self.shell.run(sent, deadline, stdin=stdin, repeatable=repeatable, **options)

        def result_of(output: Output) -> tuple[int, str, str]:
            assert output.exit_code is not None, "a command that has ended without one raises"
            return output.exit_code, *decoded(output)

        return self._performed(
            line, lambda: result_of(self._tried(line, attempt, deadline, repeatable=repeatable))
        )

    def _ask_kept(self, shown: Sequence[str], lines: Sequence[str], deadline: Deadline) -> CommandResult:
        """The answers of the kept probe to these commands, `shown` as the same command of a probe of its own would be.

        A single command that is not shown as a batch is answered by its value alone, as by a probe of its own.
        """
        program = for_winrm(argv_line([self.probe_path, "serve"]))
        question = "".join(f"{line}\n" for line in (*lines, "")).encode()

        def attempt() -> bytes:
            return self.shell.ask(program, question, deadline)

        def result() -> tuple[int, str, str]:
            text = self._tried(program, attempt, deadline, repeatable=True).decode("utf-8", errors="replace")
            return (0, text, "") if shown[0] == "batch" else (*_only_value(text), "")

        return self._performed(argv_line([self.probe_path, *shown]), result)

    def _performed(self, line: str, perform: Callable[[], tuple[int, str, str]]) -> CommandResult:
        """Time it and note it in the transcript, whatever becomes of it."""
        began = time.monotonic()
        try:
            code, stdout, stderr = perform()
        except KeyboardInterrupt:
            self.transcript.note(f"interrupted: `{line}`")
            raise
        except HarnessError as error:
            self.transcript.failure(line, self._took(began), error)
            raise
        result = CommandResult(line, code, stdout, stderr, self._took(began))
        self.transcript.command(result)
        return result

    def _tried(
        self, line: str, attempt: Callable[[], Answer], deadline: Deadline, *, repeatable: bool
    ) -> Answer:
        """Do it; what only reads is tried again when the program that runs commands broke."""
        for left in reversed(range(TRIES if repeatable else 1)):
            try:
                return attempt()
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
        deadline = deadline or self.within(PROBE_TIMEOUT_S)
        if _is_kept(arguments, repeatable=repeatable) and not (stdin or then):
            result = self._ask_kept(arguments, [argv_line(arguments)], deadline)
            return self.answer(shape, arguments[0], result)
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

        Each is told by its line: of two that are alike both have the answer of the second.
        Raises `GuestFault` if the probe does not answer every one of them, and `ConfigurationError` if one holds a
        line break.
        """
        lines = [argv_line(command) for command in commands]
        if broken := next((line for line in lines if "\r" in line or "\n" in line), None):
            raise ConfigurationError(
                f"The guest probe cannot be asked for a name with a line break: {broken!r}."
            )
        if all(_is_kept(command, repeatable=repeatable) for command in commands):
            result = self._ask_kept(["batch"], lines, deadline)
        else:
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


def _is_kept(command: Sequence[str], *, repeatable: bool) -> bool:
    """Whether a kept probe answers it. What holds a line break no line of a batch can carry.

    A question that is lost is asked again, so a stimulus goes to it only where it may be given twice.
    """
    stimulus = command[0] in STIMULI
    kept = repeatable and command[1] in STORED if stimulus else command[0] in KEPT
    return kept and not any(mark in each for each in command for mark in "\r\n")


def _only_value(document: str) -> tuple[int, str]:
    """The one answer of a batch of one, with the exit code that a probe of its own ends with."""
    try:
        _, end = json.JSONDecoder().raw_decode(document, 1)
        value = document[end + 1 : document.rindex("}")]
    except ValueError:
        return 0, document  # no answer at all, which whoever reads it says
    return 3 if value.startswith('{"error":{') else 0, f"{value}\n"


def decoded(output: Output) -> tuple[str, str]:
    """Output and error output as text; a shell is opened with UTF-8."""
    return output.stdout.decode("utf-8", errors="replace"), output.stderr.decode("utf-8", errors="replace")

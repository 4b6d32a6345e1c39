"""One command's input and output over an opened shell, to its end or its deadline.

What may be repeated and what not is said in `harness.guest.winrm.opened`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from winrm.exceptions import WinRMOperationTimeoutError

from harness.guest.winrm import envelopes, fault_codes
from harness.guest.winrm.link import HttpFailure, LinkDown, WsmanFault
from harness.guest.winrm.opened import OVERLOADED, OpenedShell, TryAgain, within
from harness.model.deadline import Deadline
from harness.model.errors import DeadlineExceeded, GuestFault, OutcomeUnknown


class CommandTimedOut(DeadlineExceeded):
    """A command passed its deadline and was terminated. Holds what it had written until then."""

    def __init__(self, command: str, seconds: float, stdout: bytes, stderr: bytes) -> None:
        super().__init__(f"The end of the command `{command}`", seconds, hint="It was terminated.")
        self.command, self.stdout, self.stderr = command, stdout, stderr


@dataclass
class UnderWay:
    """A command that was begun. `command_id` is not known until the guest has answered that it runs."""

    shell_id: str
    command_id: str | None = None
    stdout: list[bytes] = field(default_factory=list)
    stderr: list[bytes] = field(default_factory=list)

    @property
    def output(self) -> envelopes.Output:
        """What has come so far."""
        return envelopes.Output(b"".join(self.stdout), b"".join(self.stderr), False, None)


class Exchange:
    """Gives commands their input and takes what they write."""

    def __init__(self, opened: OpenedShell, note: Callable[[str], None]) -> None:
        self._opened, self._note = opened, note

    def run(
        self,
        line: str,
        deadline: Deadline,
        stdin: bytes,
        repeatable: bool,
        under_way: UnderWay,
        *,
        kept: bool = False,
    ) -> envelopes.Output:
        """Give it `stdin` and take what it writes: to its end, or as far as the end of a line if it is `kept`."""
        shell_id, command_id = under_way.shell_id, under_way.command_id
        assert command_id is not None, "it has been started"
        stdout, stderr = under_way.stdout, under_way.stderr
        asked = False
        try:
            for chunk, last in _chunks(stdin):
                wait_s = within(deadline)
                message = envelopes.send(shell_id, command_id, chunk, wait_s, end=last and not kept)
                try:
                    self._opened.link.post(message, wait_s)
                except WinRMOperationTimeoutError as error:
                    self._opened.terminate(shell_id, command_id)
                    raise self._input_refused(line, deadline, repeatable) from error
                asked = True
            while True:
                wait_s = within(deadline)
                try:
                    answer = self._opened.link.post(envelopes.receive(shell_id, command_id, wait_s), wait_s)
                except WinRMOperationTimeoutError:
                    answer = b""
                if answer:
                    output = envelopes.read_output(answer)
                    stdout.append(output.stdout)
                    stderr.append(output.stderr)
                    if output.done:
                        self._opened.sweeper.sweep(shell_id, command_id)
                        if output.exit_code is None:
                            silent = GuestFault("WinRM says that it has ended, and not with which exit code.")
                            raise self._opened.interrupted(line, silent, repeatable)
                        return envelopes.Output(b"".join(stdout), b"".join(stderr), True, output.exit_code)
                    if kept and output.stdout.endswith(b"\n"):
                        return under_way.output
                if deadline.passed:
                    self._opened.terminate(shell_id, command_id)
                    raise CommandTimedOut(line, deadline.length_s, b"".join(stdout), b"".join(stderr))
        except LinkDown as error:
            if kept:
                self._opened.sweeper.sweep(shell_id, command_id)
            raise self._opened.interrupted(line, error, repeatable) from error
        except HttpFailure as error:
            self._opened.forget()
            raise self._opened.interrupted(line, error, repeatable) from error
        except WsmanFault as error:
            if error.code in fault_codes.SHELL_GONE:
                self._opened.shell_id = None
                raise self._opened.interrupted(line, error, repeatable) from error
            if error.code in fault_codes.QUOTA and not asked:  # Send counts as an operation, on old systems
                self._opened.recycle(error)
                raise self._opened.interrupted(line, error, repeatable) from error
            self._opened.sweeper.sweep(shell_id, command_id)
            raise

    def _input_refused(self, line: str, deadline: Deadline, repeatable: bool) -> Exception:
        """A Send timed out: how much of it the command has read is unknown, so it cannot be sent again."""
        if deadline.passed:
            return CommandTimedOut(line, deadline.length_s, b"", b"")
        words = f"`{line}` did not take its input in time and was terminated."
        if repeatable:
            self._note(f"repeating after: {words}")
            return TryAgain(GuestFault(words, hint=OVERLOADED))
        return OutcomeUnknown(words, hint="Ask for what the command should have changed.")


def _chunks(data: bytes) -> list[tuple[bytes, bool]]:
    """`data` in pieces that fit an envelope, the last one marked; nothing for no data."""
    size = envelopes.SEND_CHUNK_BYTES
    return [(data[at : at + size], at + size >= len(data)) for at in range(0, len(data), size)]

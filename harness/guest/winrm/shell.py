"""One kept WinRM shell: a command's whole life over one connection, with a deadline on every step.

What may be repeated and what not is said in `harness.guest.winrm.opened`.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_exponential
from winrm.exceptions import WinRMOperationTimeoutError

from harness.guest.winrm import envelopes
from harness.guest.winrm.exchange import Exchange, UnderWay
from harness.guest.winrm.opened import OpenedShell, TryAgain
from harness.model.deadline import Deadline
from harness.model.errors import GuestFault, HarnessError, OutcomeUnknown
from harness.model.machine import WinRMAccess

END_S = 5.0
"""How long a command that was interrupted gets to end."""

RECONNECT_S = 10.0
"""How long one command is tried again from its first failure on, within its own deadline."""


@dataclass(frozen=True)
class _Kept:
    """A program that waits for its next question, in a shell that is still open."""

    shell_id: str
    program: str
    command_id: str


class RemoteShell:
    """Runs commands one after another; callers in several threads take turns."""

    def __init__(self, access: WinRMAccess, note: Callable[[str], None]) -> None:
        self._opened = OpenedShell(access, note)
        self._exchange = Exchange(self._opened, note)
        self._under_way: UnderWay | None = None
        self._kept: _Kept | None = None
        self._turn = threading.RLock()

    def run(
        self,
        command_line: str,
        deadline: Deadline,
        *,
        stdin: bytes = b"",
        repeatable: bool = False,
        reconnect_s: float = RECONNECT_S,
    ) -> envelopes.Output:
        """Run a command to its end; its whole output.

        Raises:
            CommandTimedOut: the deadline passed; the command was terminated.
            OutcomeUnknown: the connection broke when the command may have run, and it is not `repeatable`.
            GuestUnreachable: the guest could not be reached for `reconnect_s` or until the deadline.
            GuestFault: WinRM refused for a reason that a new shell does not cure.
            KeyboardInterrupt: it came meanwhile. The command still runs: `interrupt` ends it, `close` too.

        """
        with self._turn:
            return self._tried(
                lambda: self._attempt(command_line, deadline, stdin, repeatable), deadline, reconnect_s
            )

    def ask(self, program: str, question: bytes, deadline: Deadline) -> bytes:
        """The one line that `program` answers to `question`, which only reads. It is kept, and waits for the next one.

        One that has ended since its last answer, or is lost with its connection, is started again for the question.
        Raises what `run` raises of a command that only reads, and `GuestFault` if a new one ends without an answer.
        """
        with self._turn:
            answer = self._tried(
                lambda: self._attempt_to_ask(program, question, deadline), deadline, RECONNECT_S
            )
            return answer.stdout

    def _tried(
        self, attempt: Callable[[], envelopes.Output], deadline: Deadline, reconnect_s: float
    ) -> envelopes.Output:
        failing_since: list[float] = []

        def enough(_state: RetryCallState) -> bool:
            failing_since.append(time.monotonic())
            return deadline.passed or time.monotonic() - failing_since[0] >= reconnect_s

        retrying = Retrying(
            retry=retry_if_exception_type(TryAgain),
            wait=wait_exponential(multiplier=0.05, max=1.0),
            stop=enough,
            reraise=True,
        )
        try:
            output = retrying(attempt)
        except KeyboardInterrupt:
            self._opened.link.drop()  # an answer may still be on its way, which the next message must not read
            raise
        except TryAgain as last:
            self._under_way = None
            raise last.cause from last.__cause__
        except BaseException:
            self._under_way = None
            raise
        self._under_way = None
        return output

    def interrupt(self) -> envelopes.Output | None:
        """End the command that a `KeyboardInterrupt` left under way, with all it started; what it had written.

        None if there is none. Raises `OutcomeUnknown` if it could not be ended; it is not used again, nor its shell.
        """
        with self._turn:
            left, self._under_way = self._under_way, None
            if left is None:
                return None
            try:
                if left.command_id is not None:
                    self._opened.link.post(envelopes.terminate(left.shell_id, left.command_id, END_S), END_S)
                else:  # it may have begun under an id that nobody has heard: it ends with its shell
                    self._opened.forget()
                    self._opened.link.post(envelopes.delete(left.shell_id, END_S), END_S)
            except (HarnessError, WinRMOperationTimeoutError) as error:
                self._opened.forget()
                self._opened.link.drop()
                raise OutcomeUnknown(
                    f"The command could not be ended, so it may still run: {error}",
                    hint="The next one runs in a shell of its own.",
                ) from error
            return left.output

    def set_environment(self, environment: Mapping[str, str]) -> None:
        """Give every command from now on these variables beside the system's, in a shell of its own."""
        with self._turn:
            self._opened.environment = dict(environment)
            self._delete()

    def renew(self) -> None:
        """Give the shell back; the next command opens another, with the environment that is stored by then."""
        with self._turn:
            self._delete()

    def reset(self) -> None:
        """Forget shell and connection, e.g. because the machine reboots."""
        with self._turn:
            self._opened.forget()
            self._opened.link.drop()

    def close(self) -> None:
        """Close the shell and the connections. Never raises: the machine may be gone."""
        with self._turn:
            self._opened.sweeper.close()
            self._delete()
            self._opened.link.drop()

    def _delete(self) -> None:
        if self._opened.delete():
            self._under_way = None  # what ran in it has ended with it

    def _attempt(self, line: str, deadline: Deadline, stdin: bytes, repeatable: bool) -> envelopes.Output:
        shell_id = self._opened.open(deadline)
        self._under_way = under_way = UnderWay(shell_id)
        under_way.command_id = self._opened.start(shell_id, line, deadline, repeatable)
        return self._exchange.run(line, deadline, stdin, repeatable, under_way)

    def _attempt_to_ask(self, program: str, question: bytes, deadline: Deadline) -> envelopes.Output:
        shell_id = self._opened.open(deadline)
        kept, self._kept = self._kept, None  # whatever goes wrong from here on, it is not asked again
        known = kept is not None and (kept.shell_id, kept.program) == (shell_id, program)
        if kept is None or not known:
            kept = _Kept(shell_id, program, self._opened.start(shell_id, program, deadline, repeatable=True))
        self._under_way = under_way = UnderWay(shell_id, kept.command_id)
        output = self._exchange.run(program, deadline, question, True, under_way, kept=True)
        if not output.done:
            self._kept = kept
        elif not output.stdout.endswith(b"\n"):
            words = f"`{program}` ended with exit code {output.exit_code} instead of an answer."
            raise TryAgain(GuestFault(words)) if known else GuestFault(words)
        return output

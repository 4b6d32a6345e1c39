"""One WinRM shell: opened when it is needed, given back, replaced when a quota is spent; commands are started in it.

What may be repeated and what not:
- nothing was sent, or the guest answered Create or Command with a fault: nothing ran, so it is tried again;
- the connection broke later, WinRM did not answer for itself (HTTP 503 while the service stops), it did not say in
  time that the command runs, or not with which exit code it ended, or the command did not take its input: a command
  marked repeatable (it only reads) is run again, any other is `OutcomeUnknown`.
"""

from collections.abc import Callable
from typing import TypeVar

from winrm.exceptions import WinRMOperationTimeoutError

from harness.guest.winrm import envelopes, fault_codes
from harness.guest.winrm.link import HttpFailure, Link, LinkDown, WsmanFault
from harness.guest.winrm.sweeper import Sweeper
from harness.model.deadline import Deadline
from harness.model.errors import GuestFault, HarnessError, OutcomeUnknown
from harness.model.machine import WinRMAccess

Answer = TypeVar("Answer")

POLL_S = 20.0
"""One Receive waits at most this long in the guest."""

SHORTEST_S = 0.5
"""WinRM's least operation timeout."""

OVERLOADED = "The guest is overloaded."


class TryAgain(Exception):
    """Safe to repeat: `cause` is what to raise if it does not help."""

    def __init__(self, cause: HarnessError) -> None:
        super().__init__(str(cause))
        self.cause = cause


class OpenedShell:
    """A shell over one connection. Used by one thread at a time."""

    def __init__(self, access: WinRMAccess, note: Callable[[str], None]) -> None:
        self.link = Link(access)
        self.sweeper = Sweeper(lambda: Link(access))
        self.shell_id: str | None = None
        """None while none is open."""
        self.environment: dict[str, str] = {}
        """What each shell that is opened gets beside the system's."""
        self._left: list[str] = []
        """Shells that nobody could close: they may still be there, and a user may have so many only."""
        self._note = note

    def open(self, deadline: Deadline) -> str:
        """The id of the shell, opened if it is not. Raises `TryAgain` where that may help."""
        if self.shell_id is None:
            wait_s = within(deadline)
            create = envelopes.create(wait_s, environment=self.environment)
            try:
                answer = self._harmless(lambda: self.link.post(create, wait_s))
            except LinkDown as error:
                if not error.retry:
                    raise
                raise TryAgain(error) from error  # no command ran; a shell that is left there ends when idle
            except HttpFailure as error:
                raise TryAgain(error) from error
            except WinRMOperationTimeoutError as error:
                raise TryAgain(GuestFault("WinRM did not open a shell in time.", hint=OVERLOADED)) from error
            self.shell_id = envelopes.read_shell_id(answer)
        return self.shell_id

    def start(self, shell_id: str, line: str, deadline: Deadline, repeatable: bool) -> str:
        """Start a command; its id. Raises `TryAgain`, or `OutcomeUnknown` of one that changes something."""
        wait_s = within(deadline)
        try:
            answer = self._harmless(lambda: self.link.post(envelopes.command(shell_id, line, wait_s), wait_s))
        except LinkDown as error:
            raise self.interrupted(line, error, repeatable) from error
        except HttpFailure as error:
            self.forget()
            raise self.interrupted(line, error, repeatable) from error
        except WinRMOperationTimeoutError as error:
            self.forget()  # what runs there under an id that nobody has heard ends with it, when idle
            late = GuestFault("WinRM did not say in time that the command was started.", hint=OVERLOADED)
            raise self.interrupted(line, late, repeatable) from error
        return envelopes.read_command_id(answer)

    def _harmless(self, post: Callable[[], Answer]) -> Answer:
        """Post a Create or a Command: a fault or a connection never made means that nothing ran."""
        try:
            return post()
        except LinkDown as error:
            if error.sent or not error.retry:
                raise
            raise TryAgain(error) from error
        except WsmanFault as error:
            if error.code not in fault_codes.QUOTA | fault_codes.SHELL_GONE:
                raise
            self.recycle(error)
            raise TryAgain(error) from error

    def recycle(self, fault: WsmanFault) -> None:
        """Give the shell back with all it holds; the next attempt opens another."""
        if fault.code in fault_codes.SHELL_GONE:
            self.shell_id = None
        self.forget()
        self._note(f"shell recycled after {fault.message}")
        if fault.code in fault_codes.QUOTA:
            self._close_left()

    def interrupted(self, line: str, error: HarnessError, repeatable: bool) -> Exception:
        """What to raise when this came while a command may have run."""
        if isinstance(error, LinkDown) and not error.retry:
            return error
        if repeatable:
            self._note(f"repeating `{line}` after: {error}")
            return TryAgain(error)
        return OutcomeUnknown(
            f"The connection broke while `{line}` may have been running: {error}",
            hint="Compare the boot identity, then ask for what the command should have changed.",
        )

    def terminate(self, shell_id: str, command_id: str) -> None:
        """End a command with all it started. Never raises."""
        try:
            self.link.post(envelopes.terminate(shell_id, command_id, 5.0), 5.0)
        except (HarnessError, WinRMOperationTimeoutError) as error:
            # The caller must hear of the deadline; a shell that cannot end a command is not used again.
            self._note(f"the command could not be terminated: {error}")
            self.forget()

    def delete(self) -> bool:
        """Give it back with what still runs in it; whether it has gone. The next command opens another. Never raises."""
        shell_id = self.shell_id
        self.forget()
        return shell_id is not None and self._close(shell_id, 2.0)

    def forget(self) -> None:
        """Leave it as it is, and use it no more. It is closed once the guest says that there are too many."""
        if self.shell_id is not None:
            self._left.append(self.shell_id)
        self.shell_id = None
        self.sweeper.forget()

    def _close_left(self) -> None:
        for shell_id in tuple(self._left):
            if not self._close(shell_id, 5.0):
                return  # the next one would wait as long

    def _close(self, shell_id: str, within_s: float) -> bool:
        """Close one that was left; whether it has gone."""
        try:
            self.link.post(envelopes.delete(shell_id, within_s), within_s)
        except WsmanFault as fault:
            if fault.code not in fault_codes.SHELL_GONE:
                self._note(f"the shell could not be closed: {fault}")
                return False
        except (HarnessError, WinRMOperationTimeoutError) as error:
            self._note(f"the shell could not be closed: {error}")
            return False
        self._left.remove(shell_id)
        return True


def within(deadline: Deadline) -> float:
    """How long one message may wait in the guest, in seconds."""
    return max(SHORTEST_S, deadline.cap(POLL_S))

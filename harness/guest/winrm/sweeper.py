"""Frees finished commands behind the caller's back.

WinRM keeps a finished command until it is told to end it, and 25 of them fill a shell. Telling it costs a
round trip that nobody needs to wait for. So a thread of its own does it over a connection of its own, when
the shell is quiet or when many have gathered.
"""

import contextlib
import threading
from collections import deque
from collections.abc import Callable

from winrm.exceptions import WinRMOperationTimeoutError

from harness.guest.winrm import envelopes
from harness.guest.winrm.link import Link
from harness.model.errors import HarnessError

QUIET_S = 0.2
MANY = 8
"""Well under the 15 operations that the oldest systems allow a user."""

_TIMEOUT_S = 5.0


class Sweeper:
    """Starts its thread with the first command; thread-safe."""

    def __init__(self, connect: Callable[[], Link]) -> None:
        self._connect = connect
        self._finished: deque[tuple[str, str]] = deque()
        self._change = threading.Condition()
        self._closing = False
        self._thread: threading.Thread | None = None

    def sweep(self, shell_id: str, command_id: str) -> None:
        """Free this command some time soon."""
        with self._change:
            self._finished.append((shell_id, command_id))
            if self._thread is None and not self._closing:
                self._thread = threading.Thread(target=self._work, name="winrm-sweeper", daemon=True)
                self._thread.start()
            self._change.notify()

    def forget(self) -> None:
        """The shell is gone, and the commands with it."""
        with self._change:
            self._finished.clear()

    def close(self) -> None:
        """Stop. Commands still waiting end with their shell."""
        with self._change:
            self._closing = True
            self._finished.clear()
            self._change.notify()
            thread = self._thread
        if thread is not None:
            thread.join(2 * _TIMEOUT_S)

    def _work(self) -> None:
        link = self._connect()
        while (batch := self._next()) is not None:
            for shell_id, command_id in batch:
                # What cannot be freed ends with the shell; a full shell is recycled when a command meets it.
                with contextlib.suppress(HarnessError, WinRMOperationTimeoutError):
                    link.post(envelopes.terminate(shell_id, command_id, _TIMEOUT_S), _TIMEOUT_S)
        link.drop()

    def _next(self) -> list[tuple[str, str]] | None:
        """The commands to free now, or None to stop."""
        with self._change:
            self._change.wait_for(lambda: bool(self._finished) or self._closing)
            while not self._closing and len(self._finished) < MANY:
                gathered = len(self._finished)
                self._change.wait(QUIET_S)
                if len(self._finished) <= gathered:
                    break
            if self._closing:
                return None
            batch = list(self._finished)
            self._finished.clear()
            return batch

"""One running command: its process, its pipes, and the thread that moves bytes between them and the client.

The thread sleeps in poll() on the pipes, on the process (pidfd) and on an eventfd, so that nothing is ever
polled by time. It never waits for end of file: what a command leaves behind under Wine keeps inherited pipes
open for ever. Once the launcher has ended, what is in the pipes at that moment is the rest of the output.
"""

import os
import select
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress

from . import faults, process_tree, shell_faults
from .fault import Fault
from .input import Input
from .launcher import Launcher
from .output import Encodings, Output, converter, what_is_in

_READ = 65536
_END_TIMEOUT_S = 10.0


class Command:
    """A command of a shell. All methods may be called from any thread."""

    def __init__(
        self,
        command_id: str,
        launcher: Launcher,
        *,
        encodings: Encodings | None = None,
        ended: Callable[[], None] = lambda: None,
    ) -> None:
        """Take over a launcher. `ended` is called on the command's own thread, after its end is known.

        Raises `Fault`, after ending the launcher, if this server has no descriptor or thread left to watch it.
        """
        self.command_id = command_id
        self._launcher, self._process = launcher, launcher.process
        self._call_when_ended = ended
        self._changed = threading.Condition()
        self._output = Output()
        self._input = Input(launcher.first_input)
        self._conversing = False
        self._exit_code: int | None = None
        self._failure: Fault | None = None
        self._ended = False
        self._aborted = False
        self._interrupted = False
        self._converters = {name: converter(encodings) for name in ("stdout", "stderr")}
        self._thread = threading.Thread(target=self._pump, name=f"command {command_id}", daemon=True)
        with ExitStack() as undo:
            undo.callback(launcher.end)
            try:
                self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
                undo.callback(os.close, self._wake)
                self._end = os.pidfd_open(self._process.pid)
                undo.callback(os.close, self._end)
                self._thread.start()
            except (OSError, RuntimeError) as error:
                raise shell_faults.launcher_failed(f"it cannot be watched ({error})") from error
            undo.pop_all()

    @property
    def running(self) -> bool:
        """True until the process has ended and its output is drained from the pipes."""
        return not self._ended

    def receive(
        self, streams: frozenset[str], most: int, timeout_s: float, linger_s: float
    ) -> tuple[list[tuple[str, bytes]], int | None]:
        """Up to `most` bytes of these streams, and the exit code once all of theirs has been handed over.

        What the other streams hold stays for a later call. Waits up to `timeout_s` for something to hand over and then
        up to `linger_s` for more, unless the command is given its input bit by bit: it answers, and waits for the next.
        Raises `Fault`: timed out, aborted, or the launcher broke.
        """
        deadline = time.monotonic() + timeout_s

        def held() -> int:
            return self._output.held(streams)

        with self._changed:
            self._changed.wait_for(lambda: held() or self._ended or self._aborted, timeout_s)
            under_way = not self._aborted and not self._ended and not self._conversing
            if under_way and 0 < held() < most:
                linger = min(linger_s, max(0.0, deadline - time.monotonic()))
                self._changed.wait_for(lambda: self._ended or self._aborted or held() >= most, linger)
            if self._aborted:
                raise shell_faults.aborted()
            if taken := self._output.take(streams, most):
                self._notify_pump()
            if held() or not self._ended:
                if not taken:
                    raise faults.timed_out()
                return taken, None
            if self._failure is not None and not taken:
                raise self._failure
            return taken, None if self._failure is not None else self._exit_code

    def send(self, data: bytes, *, end: bool, timeout_s: float) -> None:
        """Queue input; waits while the queue is full.

        Input for a command that has ended is dropped, as on Windows. Raises `Fault` (timed out, nothing
        taken) if the command does not read enough within `timeout_s`.
        """
        with self._changed:
            room = self._changed.wait_for(
                lambda: self._ended or self._input.has_room(len(data)),
                timeout_s,
            )
            if not room:
                raise faults.timed_out()
            if self._ended or self._input.ended:
                return
            self._input.add(data, end=end)
            self._conversing = not end
            self._notify_pump()

    def interrupt(self) -> None:
        """Ctrl+C; the command may ignore it."""
        with self._changed:
            if not self._ended:
                self._interrupted = True
                process_tree.interrupt(self._process.pid)

    def terminate(self) -> None:
        """End the command and all it started; every Receive under way faults. Idempotent."""
        with self._changed:
            self._aborted = True
            self._output.drop()
            self._changed.notify_all()
            if not self._ended:
                process_tree.kill_tree(self._process.pid)
                self._notify_pump()
            self._changed.wait_for(lambda: self._ended, _END_TIMEOUT_S)

    def _notify_pump(self) -> None:
        """Wake the pump; the caller holds the lock, under which the pump closes the descriptor."""
        if not self._ended:
            os.eventfd_write(self._wake, 1)

    def _pump(self) -> None:
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        outputs = {process.stdout.fileno(): "stdout", process.stderr.fileno(): "stderr"}
        for descriptor in (*outputs, process.stdin.fileno()):
            os.set_blocking(descriptor, False)
        try:
            self._move(process.stdin.fileno(), outputs)
            for descriptor, name in outputs.items():
                self._add(name, self._converters[name](what_is_in(descriptor), True))
            code, failure = self._launcher.outcome(interrupted=self._interrupted)
        finally:
            os.close(self._end)
            for pipe in (process.stdin, process.stdout, process.stderr):
                pipe.close()
        with self._changed:
            self._exit_code, self._failure = code, failure
            self._ended = True
            os.close(self._wake)
            self._changed.notify_all()
        self._call_when_ended()

    def _move(self, to_process: int, outputs: dict[int, str]) -> None:
        """Move bytes until the process ends (it stays a zombie, so that its id stays its own)."""
        poll = select.poll()
        poll.register(self._end, select.POLLIN)
        poll.register(self._wake, select.POLLIN)
        reading = dict(outputs)
        input_open = True
        while True:
            with self._changed:
                full = self._output.full
                has_input, input_done = bool(self._input.size), self._input.ended
            if input_open and input_done and not has_input:
                _unregister(poll, to_process)  # a closed descriptor would be ready for ever
                self._close_input()
                input_open = False
            for descriptor, name in reading.items():
                if name in full:
                    _unregister(poll, descriptor)
                else:
                    poll.register(descriptor, select.POLLIN)
            if input_open and has_input:
                poll.register(to_process, select.POLLOUT)
            elif input_open:
                _unregister(poll, to_process)
            ready = dict(poll.poll())
            if self._wake in ready:
                os.eventfd_read(self._wake)
            for descriptor in [d for d in reading if d in ready]:
                if not self._read(descriptor, reading[descriptor]):
                    poll.unregister(descriptor)
                    del reading[descriptor]
            if input_open and to_process in ready and not self._write(to_process):
                poll.unregister(to_process)
                self._close_input()
                input_open = False
            if self._end in ready:
                return

    def _close_input(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        with self._changed:
            self._input.drop()
            self._changed.notify_all()

    def _read(self, descriptor: int, name: str) -> bool:
        """Take what is there; False at end of file."""
        try:
            data = os.read(descriptor, _READ)
        except BlockingIOError:
            return True
        self._add(name, self._converters[name](data, False))
        return bool(data)

    def _add(self, name: str, data: bytes) -> None:
        if not data:
            return
        with self._changed:
            if self._aborted:
                return
            self._output.add(name, data)
            self._changed.notify_all()

    def _write(self, descriptor: int) -> bool:
        """Write some queued input; False if nobody reads it any more."""
        with self._changed:
            data = self._input.first
        try:
            written = os.write(descriptor, data)
        except BlockingIOError:
            return True
        except BrokenPipeError:
            return False
        with self._changed:
            self._input.written(written)
            self._changed.notify_all()
        return True


def _unregister(poll: "select.poll", descriptor: int) -> None:
    with suppress(KeyError):
        poll.unregister(descriptor)

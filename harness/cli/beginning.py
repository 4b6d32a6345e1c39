"""What holds before a command's own code runs: how signals end it, and that the standard streams are there.

It stands alone, for what it imports is imported before it can hold.
"""

import io
import os
import signal
import sys
from contextlib import suppress
from types import FrameType

INTERRUPTED = 130
"""128 + SIGINT, as shells report it. The same for SIGTERM and SIGHUP, which are asked for in other ways."""
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
NARROWEST = 20
"""Columns: tables of two columns can still be read."""
STREAMS = ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w"))

_received: set[int] = set()


def begin() -> None:
    """Until `hand_over` a signal ends the program at once: there is nothing yet to be put in order.

    Python's own answer, an exception, would end in a traceback or, inside the parser, in an exit code of its own. A
    signal that the caller has ignored (nohup, a job in the background) stays ignored, but for Ctrl-C where a person sits
    in front of this very program. Nothing else that is inherited holds: blocked signals would never come, and while
    SIGCHLD is ignored the kernel keeps no exit code, so that programs that fail seem to succeed.
    """
    for number in ENDINGS:
        if signal.getsignal(number) is not signal.SIG_IGN or (number == signal.SIGINT and _in_front()):
            signal.signal(number, _end_at_once)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _take_a_width()
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    _open_streams()


def _take_a_width() -> None:
    """A COLUMNS in which no word fits is as good as none: in 0 columns nothing at all would be shown."""
    said = os.environ.get("COLUMNS", "")
    if not (said.isdecimal() and int(said) >= NARROWEST):
        os.environ.pop("COLUMNS", None)


def hand_over() -> None:
    """From now on a signal is a `KeyboardInterrupt` in the command, which puts its things in order."""
    for number in ENDINGS:
        if signal.getsignal(number) is _end_at_once:
            signal.signal(number, as_interrupt)


def let_go() -> None:
    """The command has ended: another Ctrl-C while the interpreter shuts down ends that, without a word."""
    for number in ENDINGS:
        if signal.getsignal(number) in (_end_at_once, as_interrupt, signal.default_int_handler):
            signal.signal(number, signal.SIG_DFL)


def as_interrupt(number: int, _frame: FrameType | None) -> None:
    """A handler that ends a command as Ctrl-C does."""
    _received.add(number)
    raise KeyboardInterrupt


def asked_to_end() -> bool:
    """Whether a signal has asked the command to end, whatever became of its `KeyboardInterrupt`."""
    return bool(_received)


def told_to_end() -> bool:
    """Whether a `KeyboardInterrupt` came of more than Ctrl-C: of SIGTERM, or of a terminal that was closed."""
    return bool(_received - {signal.SIGINT})


def say(text: str) -> None:
    """One sentence of the command's own, on standard error; nothing if that cannot be written.

    It stays one line, and cannot speak to the terminal, whatever a name in it holds.
    """
    line = "".join(each if each.isprintable() else repr(each)[1:-1] for each in " ".join(text.splitlines()))
    try:
        sys.stderr.write(f"bvt: {line}\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        with suppress(OSError, ValueError):
            discard(sys.stderr.fileno())


def discard(descriptor: int) -> None:
    """Let what is still written there vanish, so that Python's own flush at exit does not fail either."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)


def _in_front() -> bool:
    """Whether this reads from a terminal whose foreground job it is. One in the background of a script does not."""
    try:
        return os.isatty(0) and os.tcgetpgrp(0) == os.getpgrp()
    except OSError:  # a terminal that controls no session of ours
        return False


def _end_at_once(_signal: int, _frame: FrameType | None) -> None:
    say("interrupted")
    os._exit(INTERRUPTED)


def _open_streams() -> None:
    """A stream that the caller closed leads nowhere. Else the next file opened would be it, and get what is printed.

    What a stream's encoding cannot express is written as an escape: a name must not end a run.
    """
    for descriptor, name, mode in STREAMS:
        if getattr(sys, name) is None:
            nowhere = os.open(
                os.devnull, os.O_RDWR
            )  # the lowest free one, so most likely the very descriptor
            if nowhere != descriptor:
                os.dup2(nowhere, descriptor)
                os.close(nowhere)
            setattr(sys, name, os.fdopen(descriptor, mode, encoding="utf-8", closefd=False))
    for output in (sys.stdout, sys.stderr):
        if isinstance(output, io.TextIOWrapper):
            output.reconfigure(errors="backslashreplace")

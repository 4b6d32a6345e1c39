"""Programs that a test starts: awaited for a bounded time, and there no longer when the block is left."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import AnyStr

ENDS_S = 120.0
"""How long a program that has been told everything may take to end by itself."""
KILLED_S = 60.0


@contextmanager
def bounded(program: "subprocess.Popen[AnyStr]") -> Iterator["subprocess.Popen[AnyStr]"]:
    """The program, which ends by itself once its input is closed, or is killed if the block fails.

    `Popen` as a context manager waits for ever. Raises `subprocess.TimeoutExpired` if it has to be killed.
    """
    try:
        yield program
        _close(program)
        program.wait(ENDS_S)
    finally:
        program.kill()
        program.wait(KILLED_S)
        _close(program)


def _close(program: "subprocess.Popen[AnyStr]") -> None:
    for pipe in (program.stdin, program.stdout, program.stderr):
        if pipe is not None:
            with suppress(BrokenPipeError):  # what was still to be written has no reader
                pipe.close()

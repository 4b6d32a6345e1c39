"""Programs that a test starts: awaited for a bounded time, and there no longer when the block is left."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, AnyStr

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


def ended_well(command: Sequence[str | Path], timeout_s: float = ENDS_S, **more: Any) -> bytes:
    """Run a tool to its end; its standard output. Raises `AssertionError` with what it said if it did not end with 0.

    `subprocess.run(check=True)` keeps what the tool said to itself. `more`: as of `subprocess.run`.
    """
    done = subprocess.run(command, capture_output=True, check=False, timeout=timeout_s, **more)
    said = done.stdout + done.stderr
    assert done.returncode == 0, (
        f"{[str(part) for part in command]} ended with {done.returncode}: {said.decode(errors='replace')[-2000:]}"
    )
    return bytes(done.stdout)


def _close(program: "subprocess.Popen[AnyStr]") -> None:
    for pipe in (program.stdin, program.stdout, program.stderr):
        if pipe is not None:
            with suppress(BrokenPipeError):  # what was still to be written has no reader
                pipe.close()

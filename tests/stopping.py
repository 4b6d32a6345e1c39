"""Processes that a test holds up. A signal is sent at once and takes effect when the kernel gets to it."""

import os
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from harness.model.deadline import Deadline


def stop(pid: int) -> None:
    """SIGSTOP, and wait until every thread stands still. One that has ended stands still, too."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)
    Deadline.after(60).poll(lambda: _states(pid) <= set("tTZX"), f"process {pid} standing still")


def go_on(pid: int) -> None:
    """SIGCONT, if it is still there."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)


@contextmanager
def stopped(pids: Iterable[int]) -> Iterator[None]:
    """They stand still meanwhile, unless they end."""
    held = list(pids)
    try:
        for pid in held:
            stop(pid)
        yield
    finally:
        for pid in held:
            go_on(pid)


def _states(pid: int) -> set[str]:
    """The states of its threads, letters of proc(5)."""
    found = set()
    with suppress(OSError):  # it ended meanwhile
        for thread in Path(f"/proc/{pid}/task").iterdir():
            found.add((thread / "stat").read_text().rpartition(")")[2].split()[0])
    return found

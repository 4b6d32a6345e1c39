"""Keeps a machine on one processor while it boots for the first time.

Wine's processes boot one after another, each waiting for wineserver's answers. Where they may spread, nearly
every message wakes a processor that has gone to sleep: measured on two, a boot takes a fifth longer.

It is lifted in two places. Wine remembers the processors of each of its processes, and gives them to threads and
processes that come later: that part boot.c lifts from within. The kernel's part is `release_all`.
"""

import contextlib
import ctypes
import os
from collections.abc import Iterator
from pathlib import Path

_libc = ctypes.CDLL(None)
_WINDOWS_PROCESSORS = 64


@contextlib.contextmanager
def one_processor() -> Iterator[None]:
    """What is started inside stays on the processor that the caller is on; the caller itself is free afterwards."""
    allowed = os.sched_getaffinity(0)
    here = _libc.sched_getcpu()
    try:
        if here in allowed:
            os.sched_setaffinity(0, {here})
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def processor_mask() -> int:
    """The processors that the caller may use, as Windows writes them: one bit each, for the first 64."""
    return sum(1 << number for number in os.sched_getaffinity(0) if number < _WINDOWS_PROCESSORS)


def release_all() -> None:
    """Let every thread of the machine run where its init, the caller, may. To be called in its process namespace."""
    allowed = os.sched_getaffinity(0)
    held = True
    while held:  # a thread that was held may have started others meanwhile
        held = False
        for task in Path("/proc").glob("[0-9]*/task/[0-9]*"):
            thread = int(task.name)
            with contextlib.suppress(OSError):  # it has ended
                if os.sched_getaffinity(thread) != allowed:
                    os.sched_setaffinity(thread, allowed)
                    held = True

"""How fast this host's time stamp counter runs: an emulated guest reads that very counter.

A guest's kernel measures it when it boots, against an emulated timer, and on a busy host it is wrong by any factor.
Its clock then runs that much too fast in every clone. So it is told.
"""

import ctypes
import functools
import mmap
import platform
import time
from collections.abc import Callable

READ_COUNTER = bytes.fromhex("0f31 48c1e220 4809d0 c3")
"""rdtsc; shl rdx, 32; or rax, rdx; ret"""
MEASURED_S = 0.05
TAKES = 20
"""Of so many readings of both clocks the one that took the shortest counts: nothing came in between."""


@functools.cache
def host_tsc_khz() -> int:
    """In kHz; 0 where it cannot be told: another processor, or a system that lets no new code run."""
    if platform.machine() not in ("x86_64", "AMD64"):
        return 0
    try:
        page = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    except OSError:
        return 0
    page.write(READ_COUNTER)
    place = ctypes.addressof(ctypes.c_char.from_buffer(page))
    return frequency_khz(ctypes.CFUNCTYPE(ctypes.c_uint64)(place))


def frequency_khz(counter: Callable[[], int]) -> int:
    """How fast a counter runs, measured for `MEASURED_S`."""
    began, first = _reading(counter)
    time.sleep(MEASURED_S)
    ended, last = _reading(counter)
    return round((last - first) * 1e6 / (ended - began))


def _reading(counter: Callable[[], int]) -> tuple[int, int]:
    """Nanoseconds, and the counter in their middle."""

    def one() -> tuple[int, int, int]:
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)
        count = counter()
        after = time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)
        return after - before, (before + after) // 2, count

    _, at, count = min(one() for _ in range(TAKES))
    return at, count

"""How much of a processor the programs of a prefix ask for, by the kernel's own account: Wine itself does not tell.

`/proc/PID/task/TID/schedstat` has the time that a thread ran and the time that it waited for a processor, in nanoseconds
(Linux, "Scheduler Statistics"). What it waited is left out, so that a busy host makes no busy loop look idle.
"""

import contextlib
import os
import time
from pathlib import Path

from harness.machines.provider import ProcessorUse
from harness.machines.wine.processes import PROC, holders

SHORTEST_S = 5.0
"""A thread that is younger is counted as if it were so old: every start takes a processor for a moment."""
STARTED = 19
"""Place of `starttime` in `/proc/PID/stat`, counted from behind the name (proc(5))."""
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def asked_for(prefix: Path) -> list[ProcessorUse]:
    """What each program of the prefix asked for since its start, in per cent of one processor."""
    now_s = time.clock_gettime(time.CLOCK_BOOTTIME)
    return [_use(pid, line, now_s) for pid, line in holders(prefix).items()]


def percent(ran_s: float, waited_s: float, lived_s: float) -> float:
    """Of the time in which a thread could have run, the part in which it did. Pure."""
    return 100 * ran_s / max(SHORTEST_S, lived_s - waited_s, ran_s)


def _use(pid: int, line: str, now_s: float) -> ProcessorUse:
    threads = 0.0
    for task in (PROC / str(pid) / "task").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):  # it has ended
            ran_ns, waited_ns, _ = map(int, (task / "schedstat").read_text().split())
            began = int((task / "stat").read_text().rpartition(")")[2].split()[STARTED])
            threads += percent(ran_ns / 1e9, waited_ns / 1e9, now_s - began / TICKS_PER_S)
    return ProcessorUse(command_line=line, percent=threads)

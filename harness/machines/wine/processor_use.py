"""How much of a processor the programs of a prefix ask for, by the kernel's own account: Wine itself does not tell.

`/proc/PID/task/TID/schedstat` has the time that a thread ran and the time that it waited for a processor, in nanoseconds
(Linux, "Scheduler Statistics"). Of a thread that never rests by itself, what it waited is left out, so that a busy host
makes no busy loop look idle. One that rests would have rested meanwhile, too: there it counts.
"""

import contextlib
import os
import re
import time
from pathlib import Path

from harness.machines.capabilities import ProcessorUse, ThreadUse
from harness.machines.wine.processes import PROC, holders

SHORTEST_S = 5.0
"""A thread that is younger is counted as if it were so old: every start takes a processor for a moment."""
RESTS_PER_S = 50.0
"""So often, in each second that it ran, a busy loop rests at most; what polls does it 10 000 times."""
STARTED = 19
"""Place of `starttime` in `/proc/PID/stat`, counted from behind the name (proc(5))."""
RESTS = re.compile(r"^voluntary_ctxt_switches:\s*(\d+)", re.MULTILINE)
COMMITTED = re.compile(r"^VmData:\s*(\d+) kB", re.MULTILINE)
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def asked_for(prefix: Path) -> list[ProcessorUse]:
    """What each program of the prefix asked for since its start, in per cent of one processor."""
    now_s = time.clock_gettime(time.CLOCK_BOOTTIME)
    return [_use(pid, line, now_s) for pid, line in holders(prefix).items()]


def percent(ran_s: float, waited_s: float, lived_s: float, rests: int) -> float:
    """Of the time in which a thread could have run, the part in which it did. Pure.

    `rests`: how often it waited for anything but a processor.
    """
    out_of_its_hands_s = waited_s if rests < RESTS_PER_S * ran_s else 0.0
    return 100 * ran_s / max(SHORTEST_S, lived_s - out_of_its_hands_s, ran_s)


def _use(pid: int, line: str, now_s: float) -> ProcessorUse:
    threads: dict[int, ThreadUse] = {}
    for task in (PROC / str(pid) / "task").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):  # it has ended
            ran_ns, waited_ns, _ = map(int, (task / "schedstat").read_text().split())
            began = int((task / "stat").read_text().rpartition(")")[2].split()[STARTED])
            rests = sum(map(int, RESTS.findall((task / "status").read_text())))
            lived_s = now_s - began / TICKS_PER_S
            threads[int(task.name)] = ThreadUse(
                ran_s=ran_ns / 1e9, waited_s=waited_ns / 1e9, rests=rests, lived_s=lived_s
            )
    return ProcessorUse(
        command_line=line,
        percent=sum(
            percent(each.ran_s, each.waited_s, each.lived_s, each.rests) for each in threads.values()
        ),
        written_bytes=_written(pid),
        lived_s=max((each.lived_s for each in threads.values()), default=0.0),
        committed_bytes=_committed(pid),
        threads=threads,
    )


def _committed(pid: int) -> int | None:
    """What it may write to and shares with nobody ("VmData", proc(5)); None where the kernel does not say."""
    with contextlib.suppress(OSError):
        found = COMMITTED.search((PROC / str(pid) / "status").read_text())
        return int(found[1]) * 1024 if found else None
    return None


def _written(pid: int) -> int:
    """What it handed to write(2) and its like ("wchar", proc(5)); 0 where the kernel does not say."""
    with contextlib.suppress(OSError, ValueError):
        lines = (PROC / str(pid) / "io").read_text().splitlines()
        return next((int(line.split()[1]) for line in lines if line.startswith("wchar:")), 0)
    return 0

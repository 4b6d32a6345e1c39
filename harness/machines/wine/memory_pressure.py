"""How often the host's kernel has killed a process for want of memory: an agent that it killed has not crashed."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

PROC, CGROUPS = Path("/proc"), Path("/sys/fs/cgroup")


def oom_kills(proc: Path = PROC, cgroups: Path = CGROUPS) -> int:
    """Counted in the memory cgroup of this process and below, else on the whole host; 0 if nobody counts.

    Source: the kernel's "Control Group v2" (memory.events), "Memory Resource Controller" (memory.oom_control), proc(5).
    """
    for file in (*_of_the_cgroup(proc, cgroups), proc / "vmstat"):
        with suppress(OSError, ValueError):
            for line in file.read_text().splitlines():
                name, _, number = line.partition(" ")
                if name == "oom_kill":
                    return int(number)
    return 0


def _of_the_cgroup(proc: Path, cgroups: Path) -> Iterator[Path]:
    with suppress(OSError, ValueError):
        for line in (proc / "self" / "cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if not controllers:
                yield cgroups / path.lstrip("/") / "memory.events"
            elif "memory" in controllers.split(","):
                yield cgroups / "memory" / path.lstrip("/") / "memory.oom_control"

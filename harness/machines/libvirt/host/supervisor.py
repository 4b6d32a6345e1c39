"""Runs a private libvirtd and reaps what it leaves behind. Standard library only: it starts in milliseconds.

QEMU detaches from libvirtd, so its parent becomes the nearest subreaper. Being that subreaper matters:
where process 1 reaps late, libvirt takes 1.5-2 s to destroy a domain; here it takes 0.2 s. A libvirtd that
crashes is started again, as systemd would; guests go on meanwhile. One that exits by itself (nobody
connected, no guests) ends the supervisor.
"""

import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from harness.machines.dispositions import begin_anew

PR_SET_CHILD_SUBREAPER = 36
QUICK_DEATH_S = 3.0
QUICK_DEATHS_ALLOWED = 5


def become_subreaper() -> None:
    """Make this process the parent of orphaned descendants (prctl(2))."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def hear_signals() -> int:
    """Where a byte can be read for every signal with a handler, SIGCHLD now among them, whenever it comes.

    One that comes right before wait(2) would end no call, and be dealt with when the next child ends.
    """
    heard, rings = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(rings, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    return heard


def wait_for(pid: int, heard: int) -> int:
    """Reap every child until `pid` ends; its exit status as `os.waitstatus_to_exitcode` gives it."""
    while True:
        ended, status = os.waitpid(-1, os.WNOHANG)
        if ended == pid:
            return os.waitstatus_to_exitcode(status)
        if not ended:
            select.select([heard], [], [])
            with suppress(BlockingIOError):
                os.read(heard, 4096)


def main(arguments: list[str]) -> int:
    """`supervisor PID_FILE COMMAND…`: keep COMMAND running until it exits with 0 or SIGTERM comes."""
    pid_file, command = Path(arguments[0]), arguments[1:]
    become_subreaper()
    begin_anew()
    heard = hear_signals()
    current: list[subprocess.Popen[bytes]] = []

    def stop(_signal: int, _frame: object) -> None:
        for process in current:
            os.kill(process.pid, signal.SIGTERM)
        pid_file.unlink(missing_ok=True)
        os._exit(0)

    signal.signal(signal.SIGTERM, stop)
    pid_file.write_text(str(os.getpid()))
    quick_deaths = 0
    while quick_deaths < QUICK_DEATHS_ALLOWED:
        began = time.monotonic()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        current[:] = [process]
        status = wait_for(process.pid, heard)
        current.clear()  # its number may be another process's by now
        if status == 0:
            break
        quick_deaths = quick_deaths + 1 if time.monotonic() - began < QUICK_DEATH_S else 0
        time.sleep(0.1 * quick_deaths)
    pid_file.unlink(missing_ok=True)
    return 0 if quick_deaths < QUICK_DEATHS_ALLOWED else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

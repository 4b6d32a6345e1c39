"""Ends a command with everything it started.

Under Wine a Windows process is one Linux process whose loader forks twice, so it is nobody's child; but it
stays in the session of the process that started the command unless it was started detached. Members are
therefore found by session, by process group and by descent. Wine's server and service processes leave the
session and stay.
"""

import os
import select
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

END_TIMEOUT_S = 5.0
"""How long what was killed is waited for: a busy machine takes a while to let it end."""

_ROUNDS = 8


def members(leader: int) -> set[int]:
    """Ids of the living processes that belong to the session of `leader`, and of their descendants."""
    parents: dict[int, int] = {}
    found: set[int] = set()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            # The name in parentheses may hold anything, so the fields are counted from its end (proc(5)).
            state, parent, group, session = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
        except (OSError, ValueError):
            continue
        if state in "ZX":
            continue
        parents[int(entry.name)] = int(parent)
        if leader in (int(group), int(session), int(entry.name)):
            found.add(int(entry.name))
    grown = True
    while grown:
        children = {pid for pid, parent in parents.items() if parent in found} - found
        found |= children
        grown = bool(children)
    return found


def kill_tree(leader: int) -> None:
    """Kill every member and wait for its end. None goes on meanwhile: they are all stopped first.

    A batch whose program is killed before it would otherwise run its next line until its own turn comes.
    """
    stopped: set[int] = set()
    for _ in range(_ROUNDS):
        # The next rounds find what they managed to start before they stood still.
        running = [pid for pid in members(leader) if pid not in stopped]
        if not running:
            break
        _signal(running, signal.SIGSTOP)
        stopped.update(running)
    deadline = time.monotonic() + END_TIMEOUT_S
    for _ in range(_ROUNDS):
        alive = members(leader)
        if not alive:
            return
        _end(alive, deadline)


def _signal(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _end(pids: Iterable[int], deadline: float) -> None:
    """Kill them and wait until the kernel has ended them, which it does in its own time."""
    ends = []
    try:
        for pid in pids:
            with suppress(OSError):  # it has ended, or there is no descriptor: the next round looks again
                ends.append(os.pidfd_open(pid))
        _signal(pids, signal.SIGKILL)
        for end in ends:
            ended = select.poll()
            ended.register(end, select.POLLIN)
            ended.poll(max(0.0, deadline - time.monotonic()) * 1000)
    finally:
        for end in ends:
            os.close(end)


def interrupt(leader: int) -> None:
    """What Ctrl+C does: SIGINT to the command's process group; Wine turns it into CTRL_C_EVENT."""
    with suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGINT)

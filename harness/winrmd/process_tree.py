"""Ends a command with everything it started.

Under Wine a Windows process is one Linux process whose loader forks twice, so it is nobody's child; but it
stays in the session of the process that started the command unless it was started detached. Members are
therefore found by session, by process group and by descent. Wine's server and service processes leave the
session and stay.
"""

import os
import signal
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

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
    """Kill every member. None goes on meanwhile: they are all stopped first.

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
    for _ in range(_ROUNDS):
        alive = members(leader)
        if not alive:
            return
        _signal(alive, signal.SIGKILL)


def _signal(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def interrupt(leader: int) -> None:
    """What Ctrl+C does: SIGINT to the command's process group; Wine turns it into CTRL_C_EVENT."""
    with suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGINT)

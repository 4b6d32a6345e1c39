"""Programs of the candidate that outlive it, also those of the system that it or its installer started."""

from harness.lifecycle.sham import Sham, running
from harness.lifecycle.timeline import Timeline

SERVANTS = frozenset(
    f"c:\\windows\\system32\\{name}.exe"
    for name in (
        "conhost",
        "explorer",
        "winedevice",
        "services",
        "rpcss",
        "plugplay",
        "svchost",
        "wineboot",
        "dllhost",
    )
)
"""What Wine starts for whoever needs it first, and what lives as long as those that it serves (also `probe/tree.c`).

By descent they may be the agent's: whoever asks first is their parent. So what a sham run saw does not excuse them all.
"""
ENDS_S = 5.0
"""How long a program may take to end that was on its way out at the first look."""
LOOK_AGAIN_S = 0.3


def orphans(timeline: Timeline) -> list[str]:
    """Programs that run at the end and did not before, which no machine without the candidate has running.

    Whatever their path: a system's program that the candidate or its installer started is the candidate's. One
    that was seen to descend from the agent is so although the system itself has such a program running, too.
    """
    session = timeline.session
    new = timeline.after.processes - timeline.baseline.snapshot.processes
    new = frozenset(path for path in new if not session.profile.owns(path))  # residue.processes names these
    new -= SERVANTS
    new -= Sham(session).noise().processes if new else frozenset()
    ends = session.within(ENDS_S)
    offspring = _offspring(timeline)
    while (new or offspring) and not ends.passed:
        ends.pause(LOOK_AGAIN_S)
        offspring &= _offspring(timeline)
        new &= running(session.guest)
    return sorted(new | {f"{path} (process {pid}, started by the agent)" for pid, path in offspring})


def _offspring(timeline: Timeline) -> set[tuple[int, str]]:
    """What was seen to descend from the agent and still runs; its own programs are named by residue.processes."""
    session = timeline.session
    known = {
        (pid, path)
        for pid, path in timeline.descendants
        if path and path not in SERVANTS and not session.profile.owns(path)
    }
    if not known:
        return known  # as of nearly every agent: the guest need not be asked
    return known & {(each.pid, (each.path or "").lower()) for each in session.guest.processes()}

"""The agent after use, right before its uninstall: its processes with all that they started, and the room it takes."""

from collections.abc import Iterable
from datetime import datetime

from harness.guest.round_trip import RoundTrip, trees
from harness.lifecycle.inspection import Inspection, inspect
from harness.lifecycle.once import once
from harness.lifecycle.timeline import Timeline
from harness.probe.answers import Clock, Process, Tree


class Health:
    """Looked at once, when the first check asks."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._session = timeline.session

    @once
    def seen(self) -> Inspection:
        """Everything that the install checks looked at, once more."""
        _ = self._timeline.installation
        return inspect(self._session.guest, self._session.profile)

    @property
    def processes(self) -> list[Process]:
        """Processes of the agent, and all that they started."""
        return family(self.seen.processes, self.seen.agent_pids(self._session.profile))

    @property
    def now(self) -> datetime:
        """The guest's clock."""
        return self._room[0]

    @property
    def data_bytes(self) -> int:
        """What lies in the agent's data folders."""
        return self._room[1]

    @once
    def _room(self) -> tuple[datetime, int]:
        _ = self.seen
        folders = self._session.profile.data_dirs
        asked = RoundTrip(self._session.guest, [["clock"], *trees(*folders)])
        found = [asked.read(Tree, "tree", folder) for folder in folders]
        size = sum(entry.size for tree in found for entry in tree.entries if not entry.directory)
        return asked.read(Clock, "clock").now, size


def family(processes: Iterable[Process], pids: Iterable[int]) -> list[Process]:
    """These processes and everything that descends from them. Pure."""
    everything, wanted = list(processes), set(pids)
    while more := {each.pid for each in everything if each.ppid in wanted} - wanted:
        wanted |= more
    return [each for each in everything if each.pid in wanted]

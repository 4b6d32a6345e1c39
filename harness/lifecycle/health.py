"""The agent after use, right before its uninstall: its processes with all that they started, and the room it takes."""

from dataclasses import dataclass

from harness.lifecycle.inspection import Inspection
from harness.lifecycle.once import once
from harness.lifecycle.timeline import Timeline
from harness.machines.provider import TellsProcessorUse
from harness.model.profile import AgentProfile
from harness.probe.answers import Process

MINUTE_S = 60.0
SHORTEST_S = 1.0
BYTES = 1024 * 1024


@dataclass(frozen=True)
class Growth:
    """By how many megabytes the agent grew from its installation to the look after use."""

    memory_mb: float
    data_mb: float
    lasted_s: float

    def per_minute(self, grown_mb: float) -> float:
        """Over less than a minute all of it counts: what an agent loads at its start it loads once. Pure."""
        return grown_mb / max(1.0, self.lasted_s / MINUTE_S)


class Health:
    """Looked at once, when the first check asks."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._session = timeline.session

    @once
    def seen(self) -> Inspection:
        """Everything that the install checks looked at, once more."""
        _ = self._timeline.inspection
        return self._timeline.look()

    @property
    def processes(self) -> list[Process]:
        """Processes of the agent, and all that they started."""
        return self.seen.family(self._session.profile)

    @property
    def growth(self) -> Growth:
        """What became more since the look at the installation."""
        return grown(self._timeline.inspection, self.seen, self._session.profile)

    @once
    def processor_percent(self) -> float | None:
        """What the agent asks of one processor, on the average since its start; None where nobody tells."""
        now = self.seen.now
        if any(process.cpu_ms is not None for process in self.processes):
            return sum(
                (process.cpu_ms or 0) / 10 / max(SHORTEST_S, (now - (process.started or now)).total_seconds())
                for process in self.processes
            )
        machine = self._session.machine
        if not isinstance(machine, TellsProcessorUse):
            return None
        mine = {plain(process.command_line or process.path or "") for process in self.processes}
        return sum(use.percent for use in machine.processor_use() if plain(use.command_line) in mine)


def grown(first: Inspection, last: Inspection, profile: AgentProfile) -> Growth:
    """What became more from one look to the other. Pure."""
    return Growth(
        memory_mb=(_memory(last, profile) - _memory(first, profile)) / BYTES,
        data_mb=(last.data_bytes - first.data_bytes) / BYTES,
        lasted_s=(last.now - first.now).total_seconds(),
    )


def plain(command_line: str) -> str:
    """A command line as both the guest and its host show it: without quotes, case and doubled blanks. Pure."""
    return " ".join(command_line.replace('"', "").casefold().split())


def _memory(looked: Inspection, profile: AgentProfile) -> int:
    return sum(process.working_set or 0 for process in looked.family(profile))

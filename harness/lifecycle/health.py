"""The agent after use, right before its uninstall: its processes with all that they started, and the room it takes."""

from dataclasses import dataclass

from harness.lifecycle.agent_log import is_declared, read_logs
from harness.lifecycle.footprint import BYTES, Footprint, footprint, handles_of, memory_mb
from harness.lifecycle.inspection import Inspection
from harness.lifecycle.once import once
from harness.lifecycle.timeline import Timeline
from harness.model.profile import AgentProfile
from harness.model.profile.health import HealthBudget
from harness.model.report import Phase
from harness.probe.answers.processes import Process

MINUTE_S = 60.0
RESTS_S = 10.0
"""Between two looks at an agent that grows."""
USES = frozenset({Phase.CHECK_IN, Phase.FUNCTIONS, Phase.SOAK})
"""Steps in which it works; what it does not give back after them is no beginning."""


@dataclass(frozen=True)
class Growth:
    """What became more of the agent from its installation to the look after use."""

    memory_mb: float
    data_mb: float
    threads: int
    lasted_s: float
    files: int = 0
    handles: int | None = None
    """None where nobody counts them."""

    def per_minute(self, grown: float) -> float:
        """Over less than a minute all of it counts: what an agent loads at its start it loads once. Pure."""
        return grown / max(1.0, self.lasted_s / MINUTE_S)


class Health:
    """Looked at once, when the first check asks."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._session = timeline.session

    @once
    def seen(self) -> Inspection:
        """Everything that the install checks looked at, once more."""
        return self._timeline.used

    @once
    def logs(self) -> dict[str, list[str]]:
        """The lines of every log that is there, by its path: the profile's, and others in its data folders."""
        return read_logs(self._session.guest, self._session.profile, self.seen.data_files)

    @property
    def log_lines(self) -> list[str] | None:
        """Every line of the profile's logs that are there; None if there is none."""
        profile = self._session.profile
        found = [lines for path, lines in self.logs.items() if is_declared(path, profile)]
        return [line for lines in found for line in lines] if found else None

    @property
    def undeclared_logs(self) -> dict[str, list[str]]:
        """The lines of the logs that nobody named, by path."""
        profile = self._session.profile
        return {path: lines for path, lines in self.logs.items() if not is_declared(path, profile)}

    @property
    def processes(self) -> list[Process]:
        """Processes of the agent, and all that they started."""
        return self.seen.family(self._session.profile)

    @property
    def connections(self) -> int:
        """TCP connections of the agent with all that it started, also those that the other side has closed."""
        mine = {process.pid for process in self.processes}
        return sum(
            each.pid in mine and each.protocol.startswith("tcp") and each.state != "listen"
            for each in self.seen.sockets
        )

    @once
    def growth(self) -> Growth:
        """What became more since the look at the installation.

        An agent that nobody used between two looks which are seconds apart may still be laying out its data, which it
        does once. If it grew too much it is looked at again until it comes to rest, for a minute at most.
        """
        profile, first, last = self._session.profile, self._timeline.inspection, self.seen
        found = grown(first, last, profile)
        if {step.action for step in self._session.cell.steps} & USES:
            return found
        until = self._session.within(MINUTE_S)
        while beyond(found, profile.health) and not until.passed:
            with self._session.recorder.stopwatch.waiting():
                until.pause(RESTS_S)
            first, last = last, self._timeline.look()
            found = grown(first, last, profile)
        return found

    @once
    def footprint(self) -> Footprint:
        """What it takes of the machine."""
        return footprint(self.seen, self._session)


def grown(first: Inspection, last: Inspection, profile: AgentProfile) -> Growth:
    """What became more from one look to the other. Pure."""
    return Growth(
        memory_mb=memory_mb(last, profile) - memory_mb(first, profile),
        data_mb=(last.data_bytes - first.data_bytes) / BYTES,
        threads=_threads(last, profile) - _threads(first, profile),
        lasted_s=(last.now - first.now).total_seconds(),
        files=len(last.data_files) - len(first.data_files),
        handles=_more_handles(first, last, profile),
    )


def beyond(growth: Growth, budget: HealthBudget) -> bool:
    """Whether anything became more than it may. Pure."""
    return (
        max(growth.memory_mb, growth.data_mb) > budget.growth_mb
        or growth.files > budget.growth_files
        or growth.threads > budget.growth_threads
        or (growth.handles or 0) > budget.growth_handles
    )


def _threads(looked: Inspection, profile: AgentProfile) -> int:
    return sum(process.threads for process in looked.family(profile))


def _more_handles(first: Inspection, last: Inspection, profile: AgentProfile) -> int | None:
    was, is_now = handles_of(first.family(profile)), handles_of(last.family(profile))
    return None if was is None or is_now is None else is_now - was

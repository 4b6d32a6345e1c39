"""What the agent takes of a machine, and whether the candidate takes many times what the release before it took."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from harness.cell.session import CellSession
from harness.lifecycle.inspection import Inspection
from harness.machines.capabilities import ProcessorUse, TellsProcessorUse
from harness.model.profile import AgentProfile
from harness.probe.answers.processes import Process

BYTES = 1024 * 1024
SHORTEST_S, MINUTE_S = 1.0, 60.0
SETTLED_S = 20.0
"""What is younger is weighed as if it were so old: at its start an agent lays out its data."""


@dataclass(frozen=True)
class Measure:
    """One of the things that an agent takes. None: nobody tells on this machine."""

    what: str
    taken: float | None
    slack: float
    """So much more is never too much: twice nothing is nothing, and the candidate is used for longer."""


@dataclass(frozen=True)
class Footprint:
    """All that is measured, at one look."""

    memory_mb: float
    threads: int
    processes: int
    handles: int | None
    data_mb: float
    processor_percent: float | None
    written_mb: float | None = None
    """In a minute, on the average since the start of what runs."""
    committed_mb: float | None = None
    """Memory that is its own, touched or not."""

    def measures(self) -> tuple[Measure, ...]:
        """In the order in which they are told."""
        return (
            Measure("MB of memory", self.memory_mb, 64),
            Measure("threads", self.threads, 16),
            Measure("processes", self.processes, 3),
            Measure("handles", self.handles, 500),
            Measure("MB in its data folders", self.data_mb, 64),
            Measure("% of one processor since its start", self.processor_percent, 15),
        )


def footprint(looked: Inspection, session: CellSession) -> Footprint:
    """What the agent takes at this look."""
    profile = session.profile
    processes, uses = looked.family(profile), seen_by_host(looked, session)
    return Footprint(
        memory_mb=memory_mb(looked, profile),
        threads=sum(process.threads for process in processes),
        processes=len(processes),
        handles=handles_of(processes),
        data_mb=looked.data_bytes / BYTES,
        processor_percent=processor_percent(looked, session),
        written_mb=written_mb(uses),
        committed_mb=committed_mb(processes, uses),
    )


def compared(before: Footprint, now: Footprint, times: float) -> Iterator[tuple[str, bool]]:
    """Each measure that both have, in words, and whether it is more than `times` what it was, and the slack. Pure."""
    for was, found in zip(before.measures(), now.measures(), strict=True):
        if was.taken is not None and found.taken is not None:
            words = f"{found.taken:.1f} {found.what}, before {was.taken:.1f}"
            yield words, found.taken > was.taken * times and found.taken > was.taken + was.slack


def memory_mb(looked: Inspection, profile: AgentProfile) -> float:
    """Working sets together. Pure."""
    return sum(process.working_set or 0 for process in looked.family(profile)) / BYTES


def handles_of(processes: Iterable[Process]) -> int | None:
    """Of all of them together; None where nobody counts them. Pure."""
    counted = [process.handles for process in processes if process.handles is not None]
    return sum(counted) if counted else None


def processor_percent(looked: Inspection, session: CellSession) -> float | None:
    """What the agent asks of one processor, on the average since its start; None where nobody tells."""
    processes = looked.family(session.profile)
    if any(process.cpu_ms is not None for process in processes):
        return sum(_percent(process, looked) for process in processes)
    uses = seen_by_host(looked, session)
    return None if uses is None else sum(use.percent for use in uses)


def written_mb(uses: list[ProcessorUse] | None) -> float | None:
    """What these write in a minute, each on the average since its start; None where nobody tells. Pure."""
    if uses is None:
        return None
    return sum(use.written_bytes / BYTES * MINUTE_S / max(SETTLED_S, use.lived_s) for use in uses)


def committed_mb(processes: Iterable[Process], uses: list[ProcessorUse] | None) -> float | None:
    """Memory that is these processes' own, as the guest tells or else its host; None where nobody does. Pure."""
    told = [each.committed for each in processes if each.committed is not None]
    told = told or [use.committed_bytes for use in uses or () if use.committed_bytes is not None]
    return sum(told) / BYTES if told else None


def seen_by_host(looked: Inspection, session: CellSession) -> list[ProcessorUse] | None:
    """The agent's programs as the machine's host counts them; None where it does not."""
    if not isinstance(session.machine, TellsProcessorUse):
        return None
    mine = {plain(process.command_line or process.path or "") for process in looked.family(session.profile)}
    return [use for use in session.machine.processor_use() if plain(use.command_line) in mine]


def plain(command_line: str) -> str:
    """A command line as both the guest and its host show it: without quotes, case and doubled blanks. Pure."""
    return " ".join(command_line.replace('"', "").casefold().split())


def _percent(process: Process, looked: Inspection) -> float:
    ran_s = (looked.now - (process.started or looked.now)).total_seconds()
    return (process.cpu_ms or 0) / 10 / max(SHORTEST_S, ran_s)

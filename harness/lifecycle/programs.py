"""Programs that the agent started, however short they lived: known where a machine tells of each start."""

from collections.abc import Iterable

from harness.cell.session import CellSession
from harness.machines.capabilities import StartedProgram, TellsStarts
from harness.model.image_path import program_of
from harness.model.profile import AgentProfile


def started_by_agent(session: CellSession) -> list[StartedProgram] | None:
    """In their order, without the agent's own services; None where the machine does not tell."""
    machine = session.machine
    return of_agent(machine.started(), session.profile) if isinstance(machine, TellsStarts) else None


def of_agent(started: Iterable[StartedProgram], profile: AgentProfile) -> list[StartedProgram]:
    """Those that the agent started, or what it started did. Numbers of processes are given again. Pure."""
    family: set[int] = set()
    found = []
    for each in started:
        if each.parent in family:
            family.add(each.pid)
            found.append(each)
        elif profile.owns(program_of(each.command_line)):
            family.add(each.pid)
        else:
            family.discard(each.pid)
    return found

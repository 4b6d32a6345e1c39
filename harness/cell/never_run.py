"""An agent that is a scheduled task: Wine enters it, and never runs it (`Capability.TASK_EXECUTION`)."""

from datetime import datetime

from harness.guest.guest import Guest
from harness.machines.provider import Machine
from harness.model.errors import CandidateError, InfrastructureError
from harness.model.profile import AgentProfile
from harness.model.substrate import ON_WINDOWS, GuestSystem
from harness.probe.answers.tasks import Task
from harness.probe.reading import read_value


class NeverRun(InfrastructureError):
    """The agent is a task, so nothing of it ran where no task is ever run."""

    def __init__(self, task: str, error: BaseException) -> None:
        super().__init__(
            f"The profile declares no service that runs, the candidate entered the scheduled task {task}, and Wine never"
            f" runs one. Seen because: {str(error).splitlines()[0]}",
            hint=f"{ON_WINDOWS}.",
        )


def require_tasks_run(
    error: BaseException, machine: Machine, guest: Guest, profile: AgentProfile, began: datetime
) -> BaseException:
    """The error to go on with: `NeverRun` where a check failed that counts on an agent which only a task starts.

    Only of a profile without a service that runs, and of a task that came since the cell `began`: what it would run
    Wine does not keep. Asked once such a check has failed: no cost to a cell that passes.
    """
    if machine.guest_system is not GuestSystem.WINE or any(service.running for service in profile.services):
        return error
    if not isinstance(error, AssertionError | CandidateError):
        return error
    try:
        tasks = read_value("tasks", list[Task], guest.probe("tasks", repeatable=True))
    except InfrastructureError:
        return error  # silence, which is judged elsewhere
    new = [task.name for task in tasks if task.modified is not None and task.modified >= began]
    return NeverRun(new[0], error) if new else error

"""An agent that is a scheduled task: Wine enters it, and never runs it (`Capability.TASK_EXECUTION`)."""

from harness.guest.guest import Guest
from harness.machines.provider import Machine
from harness.model.errors import CandidateError, GuestFault, HarnessError, InfrastructureError
from harness.model.profile import AgentProfile
from harness.model.substrate import GuestSystem
from harness.probe.answers.tasks import Task
from harness.probe.reading import read_value

LARGEST = 256 << 10
"""Bytes of a task's file that are looked into."""


class NeverRun(InfrastructureError):
    """The agent is a task, so nothing of it ran where no task is ever run."""

    def __init__(self, task: str, error: BaseException) -> None:
        super().__init__(
            f"The profile declares no service that runs, the scheduled task {task} starts the agent, and Wine never runs"
            f" one. Seen because: {str(error).splitlines()[0]}",
            hint="Gate it in a pool of Windows machines.",
        )


def require_tasks_run(
    error: BaseException, machine: Machine, guest: Guest, profile: AgentProfile
) -> BaseException:
    """The error to go on with: `NeverRun` where a check failed that counts on an agent which only a task starts.

    Only of a profile without a service that runs, and of a task that runs a program of the agent's own folder; asked
    once such a check has failed: no cost to a cell that passes.
    """
    if machine.guest_system is not GuestSystem.WINE or any(service.running for service in profile.services):
        return error
    if not isinstance(error, AssertionError | CandidateError):
        return error
    own = f"{profile.install_dir}\\".lower()
    try:
        for task in read_value("tasks", list[Task], guest.probe("tasks", repeatable=True)):
            if task.file and own in _content(guest, task.file).lower():
                return NeverRun(task.name, error)
    except HarnessError:
        return error  # silence, which is judged elsewhere
    return error


def _content(guest: Guest, path: str) -> str:
    try:
        content = guest.read_file(path, limit_bytes=LARGEST)
    except GuestFault:
        return ""
    encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
    return content.decode(encoding, "replace")

"""A service that may end by itself, because its manager starts it anew: Wine's does not.

Source: Microsoft, "SERVICE_FAILURE_ACTIONS structure"; `Capability.SERVICE_RECOVERY` says that Wine stores none.
"""

from harness.guest.facts import ServiceState
from harness.guest.guest import Guest
from harness.machines.capabilities import SeesCrashes
from harness.machines.provider import Machine
from harness.model.errors import CandidateError, InfrastructureError
from harness.model.profile import AgentProfile
from harness.model.substrate import ON_WINDOWS, GuestSystem


class NotStartedAnew(InfrastructureError):
    """A service ended as it may, and stays down, or `stayed` down for a while, where Windows would start it again."""

    def __init__(self, name: str, code: int, error: BaseException, *, stayed: bool = False) -> None:
        then = "started none anew until the harness did" if stayed else "starts none anew"
        super().__init__(
            f"Service {name} ended by itself (Windows error {code}), as the profile allows (health.restarts), and Wine's"
            f" service manager {then}. Seen because: {str(error).splitlines()[0]}",
            hint=f"{ON_WINDOWS}.",
        )


def require_started_anew(
    error: BaseException, machine: Machine, guest: Guest, profile: AgentProfile, *, over_time: bool = False
) -> BaseException:
    """The error to go on with: `NotStartedAnew` where a failed check met a service that only Windows starts again.

    Only of a profile that declares such restarts and such failure actions; whatever crashed is the candidate's. Asked
    once a check has failed: no cost to a cell that passes. `over_time`: the check judges a while, so that a service
    which was down in it and runs again by now explains its failure, too.
    """
    if machine.guest_system is not GuestSystem.WINE or not profile.health.restarts:
        return error
    if not isinstance(error, AssertionError | CandidateError):
        return error
    if isinstance(machine, SeesCrashes) and machine.crashed():
        return error
    processes = guest.services.processes
    for service in profile.services:
        if not service.running or "restart" not in (service.recovery or ()):
            continue
        try:
            facts = guest.services.query(service.name)
        except InfrastructureError:
            return error  # silence, which is judged elsewhere
        if facts is not None and facts.state is ServiceState.STOPPED and facts.win32_exit_code:
            processes.ended[service.name] = facts.win32_exit_code
            return NotStartedAnew(service.name, facts.win32_exit_code, error)
        if over_time and (code := processes.ended.get(service.name)):
            return NotStartedAnew(service.name, code, error, stayed=True)
    return error

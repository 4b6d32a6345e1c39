"""What a failed check owes to Wine, where nothing else was seen to be the cause: each kind in a module of its own."""

from collections.abc import Callable
from datetime import datetime

from harness.backend.interface import Backend
from harness.cell.lateness import Lateness
from harness.cell.never_run import require_tasks_run
from harness.cell.started_anew import require_started_anew
from harness.guest.guest import Guest
from harness.machines.provider import Machine
from harness.model.profile import AgentProfile
from harness.model.report import ExcusedBy


class OfWine:
    """What Wine explains in one cell. `excuse`: puts on record what is not held against the candidate."""

    def __init__(
        self,
        cell: str,
        backend: Backend,
        profile: AgentProfile,
        excuse: Callable[[str, str, ExcusedBy], None],
    ) -> None:
        self._profile = profile
        self._lateness = Lateness(cell, backend, excuse)

    def granted_s(self, machine: Machine) -> float:
        """How much longer than its profile says the agent may take on this machine."""
        return self._lateness.granted_s(machine.guest_system)

    def explains(
        self, error: BaseException, machine: Machine, guest: Guest, began: datetime, *, over_time: bool
    ) -> BaseException:
        """The error to go on with: an `InfrastructureError` where Wine explains it. Elsewhere it stays as it is.

        `began`: when the attempt did. `over_time`: whether the check judges what the agent did over time.
        """
        error = require_started_anew(error, machine, guest, self._profile, over_time=over_time)
        if over_time:
            error = self._lateness.judge(error, machine.guest_system)
            error = require_tasks_run(error, machine, guest, self._profile, began)
        return error

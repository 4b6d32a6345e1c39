"""Whether the machine reaches another host, as it says itself and as that host noted it."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from harness.backend.interface import StatusLine
from harness.cell.session import CellSession
from harness.machines.capabilities import HasNeighbour
from harness.model.errors import (
    DeadlineExceeded,
    GuestUnreachable,
    HarnessError,
    InfrastructureError,
    OutcomeUnknown,
)
from harness.model.machine import Fault, HostPort

UNANSWERED = (GuestUnreachable, OutcomeUnknown, DeadlineExceeded)
"""How a guest that lets nobody in is noticed."""
OPEN_S = 300.0
"""So long a connection that is to outlast the moment of isolation stays open, if nobody ends it."""


@dataclass(frozen=True)
class Meeting:
    """One attempt to reach the neighbour."""

    address: HostPort
    says: bool
    """Whether the guest was told that it got through."""
    noted: bool
    """Whether the neighbour saw it."""
    unanswered: HarnessError | None = None
    """Why the guest could not be asked, where its isolation seems to let nobody in either."""

    @property
    def words(self) -> str:
        """What was seen, for a message."""
        if self.noted:
            return f"{self.address} was reached, by its own record"
        if self.unanswered is not None:
            return f"{self.address} was not reached, by its own record; the guest lets nobody in who could ask it"
        return f"{self.address} was {'reached, as the guest says' if self.says else 'not reached'}"

    @property
    def met(self) -> bool:
        """Whether anything got through, by either word."""
        return self.says or self.noted


class Neighbourhood:
    """The other host in the network of one cell's machine."""

    def __init__(self, session: CellSession) -> None:
        self._session = session
        self._word = ""
        """What the connection that was opened before carries: at once, and when it is to."""
        self._word_due = ""
        """The same, while it is still to carry it once more."""

    @property
    def address(self) -> HostPort | None:
        """Where it is; None where this lab has none."""
        machine = self._session.machine
        return machine.neighbour() if isinstance(machine, HasNeighbour) else None

    def meet(self, *, isolated: bool = False) -> Meeting:
        """Try to reach it, from inside. Raises `InfrastructureError` if there is none, and what the guest layer raises.

        `isolated`: a guest that does not answer may have shut the door by which WinRM comes in, too.
        """

        def asked(address: HostPort) -> bool:
            saying, self._word_due = self._word_due, ""
            return self._session.guest.reaches(address, saying=saying).reached

        return self._meet(asked, isolated=isolated)

    def open(self) -> Meeting:
        """Reach it by a connection that stays open, and that is to carry something at the next attempt to meet it."""
        self._word = self._word_due = f"bvt-{secrets.token_hex(8)}"
        guest, within_s = self._session.guest, self._session.within(OPEN_S).length_s
        return self._meet(lambda address: guest.calls(address, self._word, hold_s=within_s).reached)

    def carried(self) -> int:
        """How often the neighbour heard what that connection carries."""
        machine = self._session.machine
        return machine.heard().count(self._word) if self._word and isinstance(machine, HasNeighbour) else 0

    def _meet(self, asked: Callable[[HostPort], bool], *, isolated: bool = False) -> Meeting:
        machine, address = self._session.machine, self.address
        if not isinstance(machine, HasNeighbour) or address is None:
            raise InfrastructureError("This machine's network has no other host.")
        before = len(machine.contacts())
        says, unanswered = False, None
        try:
            says = asked(address)
        except UNANSWERED as error:
            if not isolated or lets_nobody_in(self._session) is False:
                raise
            unanswered = error
        return Meeting(address, says, len(machine.contacts()) > before, unanswered)


def lets_nobody_in(session: CellSession) -> bool | None:
    """Whether a guest that does not answer only lets nobody in; None: its machine is well and has no second word."""
    condition = session.machine.condition()
    well = condition.fault is Fault.NONE and condition.boots <= session.expected_boots
    return condition.guest_alive if well else False


def ask_for(session: CellSession, name: str) -> StatusLine | None:
    """Have the agent do a response action of its profile; the line that confirms it, None if none came in time."""
    action = session.profile.response_actions[name]
    asked_at = session.backend.configure(session.cell.id, action.configuration)
    deadline = session.within(action.deadline_s)
    with session.recorder.stopwatch.waiting():
        return session.backend.wait_status(session.cell.id, action.status_contains, deadline, after=asked_at)

"""What the guest layer answers with. Facts that only the probe can tell keep the probe's own types."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum


@dataclass(frozen=True)
class CommandResult:
    """A command that ran to its end."""

    command: str
    exit_code: int
    """Unsigned, 32 bits, as GetExitCodeProcess gives it."""
    stdout: str
    stderr: str
    duration_s: float

    @property
    def ok(self) -> bool:
        """True for exit code 0."""
        return self.exit_code == 0


class ServiceState(IntEnum):
    """`dwCurrentState` (Microsoft, "SERVICE_STATUS structure")."""

    STOPPED = 1
    START_PENDING = 2
    STOP_PENDING = 3
    RUNNING = 4
    CONTINUE_PENDING = 5
    PAUSE_PENDING = 6
    PAUSED = 7


@dataclass(frozen=True)
class ServiceFacts:
    """What `sc query` says of a service. Every further attribute: `Services.details`."""

    name: str
    type: int
    """`dwServiceType`: 1 and 2 are drivers."""
    state: ServiceState
    win32_exit_code: int
    service_exit_code: int


@dataclass(frozen=True)
class BootIdentity:
    """Equal for the same boot, different for any other; the time is for people."""

    identity: str
    booted: datetime = field(compare=False)
    """On the guest's own clock."""

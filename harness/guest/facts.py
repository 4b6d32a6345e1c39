"""What the guest layer answers with: immutable facts about a Windows system."""

from dataclasses import dataclass
from enum import IntEnum


@dataclass(frozen=True)
class CommandResult:
    """A command that ran to its end."""

    command: str
    exit_code: int
    """Unsigned 32 bits, as GetExitCodeProcess gives it."""
    stdout: str
    stderr: str
    duration_s: float

    @property
    def ok(self) -> bool:
        """True for exit code 0."""
        return self.exit_code == 0


class ServiceState(IntEnum):
    """`dwCurrentState` of SERVICE_STATUS (Microsoft, "SERVICE_STATUS structure")."""

    STOPPED = 1
    START_PENDING = 2
    STOP_PENDING = 3
    RUNNING = 4
    CONTINUE_PENDING = 5
    PAUSE_PENDING = 6
    PAUSED = 7


@dataclass(frozen=True)
class BootIdentity:
    """Differs between two boots of the same machine, and never within one."""

    boot_id: str
    """Opaque; compare for equality only."""
    boot_time: float
    """Seconds since the Unix epoch, on the guest's clock."""

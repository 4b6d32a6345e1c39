"""What a machine is asked to be, how it is reached, and what is seen of it from outside."""

from enum import StrEnum
from pathlib import Path

from pydantic import Field, SecretStr

from harness.model.base import Frozen
from harness.model.windows import WindowsVersion


class HostPort(Frozen):
    """A TCP address."""

    host: str = Field(pattern=r"^\S+$")
    port: int = Field(ge=1, le=65535)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class MachineSpec(Frozen):
    """One machine, as a cell asks a provider for it."""

    run_id: str
    cell_id: str
    image: str = Field(description="image name in the provider's image store")
    windows: WindowsVersion
    media: Path = Field(description="host directory that becomes the guest's read-only media drive")
    backend: HostPort | None = Field(
        default=None, description="host-side address of the backend; the only way out of the machine"
    )
    memory_mb: int = 1024
    cpus: int = 1


class WinRMAccess(Frozen):
    """Everything a WinRM client needs. The machine hands it out, the guest layer takes it."""

    host: str
    port: int
    username: str
    password: SecretStr
    ca_pem: Path | None = Field(default=None, description="certificate to trust; None: plain HTTP")
    server_name: str = "localhost"
    auth: str = Field(default="ntlm", pattern="^(ntlm|basic)$")

    @property
    def url(self) -> str:
        """The WS-Management endpoint."""
        scheme = "https" if self.ca_pem else "http"
        return f"{scheme}://{self.host}:{self.port}/wsman"


class MachineState(StrEnum):
    """A machine as its provider sees it, without asking the guest."""

    RUNNING = "running"
    CRASHED = "crashed"  # the guest reported a panic (bugcheck)
    STOPPED = "stopped"  # the guest powered itself off
    PAUSED = "paused"  # the host paused it: I/O error, disk full
    GONE = "gone"  # its processes or domain no longer exist


class Fault(StrEnum):
    """Who is to blame for a machine that is not running, as far as the outside can tell."""

    NONE = "none"
    GUEST = "guest"  # crash, boot loop, power-off: after install this is the candidate's
    HOST = "host"  # killed process, daemon gone, disk full: the lab's


class MachineCondition(Frozen):
    """What the second channel says about a machine."""

    state: MachineState
    fault: Fault = Fault.NONE
    reason: str = ""
    boots: int = Field(
        default=1, description="boots seen since the machine was handed out, the first included"
    )
    guest_alive: bool | None = Field(
        default=None,
        description="the second channel's own word from inside the guest; None where there is no such channel",
    )

"""What every machine provider offers. Adding a provider is adding one folder that satisfies this.

What only some can do is a protocol of its own, in `capabilities.py`.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from pydantic import Field

from harness.model.base import Frozen
from harness.model.deadline import Deadline
from harness.model.machine import HostPort, MachineCondition, MachineSpec, WinRMAccess
from harness.model.report import Evidence
from harness.model.substrate import GuestSystem, Substrate

Progress = Callable[[str], None]
"""Takes one line for the user about long work in hand."""


CAPSULE = "capsule.json"
"""The file by which a directory is known as a machine that was put away."""


class ImageInfo(Frozen):
    """An image that a provider can clone."""

    name: str
    digest: str
    guest_system: GuestSystem
    detail: str = ""


class Finding(Frozen):
    """One line of `bvt doctor`."""

    subject: str
    ok: bool
    detail: str
    remedy: str = ""
    required: bool = True


class KeptMachine(Frozen):
    """How to reach a machine that outlives its run. Stored in the state directory, mode 0600."""

    machine_id: str
    cell_id: str
    run_id: str
    provider: str
    access: WinRMAccess
    notes: tuple[str, ...] = ()
    capsule: Path | None = Field(
        default=None,
        description="it does not run: this is where its disk and RAM are; the port of its access is void",
    )


@runtime_checkable
class Machine(Protocol):
    """One disposable clone of an image, running. Not thread-safe."""

    @property
    def machine_id(self) -> str: ...
    @property
    def substrate(self) -> Substrate: ...
    @property
    def guest_system(self) -> GuestSystem: ...
    @property
    def image(self) -> ImageInfo: ...
    @property
    def winrm(self) -> WinRMAccess: ...
    @property
    def media_root(self) -> str:
        r"""The media drive as the guest sees it, e.g. `D:\`."""
        ...

    @property
    def backend_address(self) -> HostPort | None:
        """Where, seen from inside the guest, the spec's backend answers."""
        ...

    def condition(self) -> MachineCondition:
        """What is seen from outside, without asking the guest over WinRM."""
        ...

    def collect(self, into: Path) -> Sequence[Evidence]:
        """Save what the outside can tell (server log, serial tail, screenshot, definition) into `into`.

        Never raises for a machine that is broken: that is when it is needed. Paths are relative to `into`.
        """
        ...

    def keep(self) -> KeptMachine:
        """Let the machine outlive its run and store how to reach it; `destroy` is not called after this."""
        ...

    def destroy(self) -> None:
        """End the machine with every process it started and remove its files. Idempotent."""
        ...


class MachineProvider(Protocol):
    """Makes machines of one kind."""

    @property
    def name(self) -> str: ...

    def findings(self) -> Sequence[Finding]:
        """What is there, what is missing, how to get it. Never raises."""
        ...

    def prepare(self, image: str, progress: Progress) -> ImageInfo:
        """Make sure `image` can be cloned (build or check its template). Safe to call concurrently.

        Raises `ConfigurationError` for an unknown image, `InfrastructureError` if it cannot be made.
        """
        ...

    def create(self, spec: MachineSpec, deadline: Deadline) -> Machine:
        """Clone, start, and return once WinRM answers. Intent is on disk before any resource is made.

        Raises `InfrastructureError` (after removing what it made) when the deadline passes.
        """
        ...

    def capacity(self, memory_mb: int, cpus: int) -> int:
        """How many such machines this provider's hosts can run at once."""
        ...

    def reclaim(self, intent_file: Path) -> Sequence[str]:
        """Remove everything the intent names that still exists, and the intent; says what was removed. Idempotent.

        Raises `InfrastructureError` if something stays; then the intent does too.
        """
        ...

    def close(self) -> None:
        """Give back what is held between machines: connections, what was made ahead. Idempotent.

        Its machines stay. Never raises: what cannot be given back is left to `bvt clean`.
        """
        ...

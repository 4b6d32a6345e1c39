"""The pool's `options` for this provider."""

from enum import StrEnum
from pathlib import Path

from pydantic import Field, ValidationError

from harness.documents.problem import Problem
from harness.documents.translate import causes, translate
from harness.model.base import Frozen
from harness.model.errors import ConfigurationError
from harness.model.matrix import Pool
from harness.model.substrate import GuestSystem


class CloneMethod(StrEnum):
    """How a machine comes up, fastest first."""

    RAM = "ram"  # the template's RAM copy-on-write: under a second
    STATE = "state"  # the template's whole state read from a file: seconds
    BOOT = "boot"  # an ordinary boot from an overlay: as long as the guest takes


class LibvirtOptions(Frozen):
    """`options` of a pool with `provider: libvirt`."""

    clone: str = Field(default="auto", pattern="^(auto|ram|state|boot)$")
    acceleration: str = Field(
        default="auto", pattern="^(auto|tcg)$", description="auto: KVM where it is proven"
    )
    storage: Path | None = Field(
        default=None,
        description="host directory for overlays and templates that QEMU's user can reach; None: the state directory",
    )
    addresses: dict[str, str] = Field(
        default_factory=dict, description="by host URI: the address where machines' WinRM ports listen"
    )
    template_deadline_s: float = Field(
        default=1800, gt=0, description="how long an image may take to boot and come to rest for its template"
    )
    room_deadline_s: float = Field(
        default=1800, gt=0, description="how long a machine may wait for room on a host, before its readiness"
    )
    disk_reserve_mb: int = Field(
        default=2048, ge=0, description="disk that each machine needs to be free in the storage; 0: not asked"
    )
    ready_ahead: int = Field(
        default=1,
        ge=0,
        description="clones that each process of a run has waiting for its next cells; 0: none",
    )
    memory_dump: bool | None = Field(
        default=None,
        description="save the memory of a guest that crashed or hangs with its evidence; None: of Windows alone",
    )

    def dumps(self, system: GuestSystem) -> bool:
        """Whether the memory of such a guest is saved when it crashed."""
        return system is GuestSystem.WINDOWS if self.memory_dump is None else self.memory_dump

    @property
    def methods(self) -> tuple[CloneMethod, ...]:
        """What to try, in order."""
        return tuple(CloneMethod) if self.clone == "auto" else (CloneMethod(self.clone),)


def pool_options(pool: Pool) -> LibvirtOptions:
    """Validate the pool's options. Raises `ConfigurationError` naming the key."""
    try:
        return LibvirtOptions.model_validate(pool.options)
    except ValidationError as error:
        found = translate(causes(error.errors())[0], LibvirtOptions)
        key = Problem(("options", *found.path), "").dotted
        raise ConfigurationError(found.message, key=key, hint=found.hint) from error

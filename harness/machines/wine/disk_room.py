"""Free space of the host where Wine machines write. On a full disk an installer fails as a bad one would."""

from pathlib import Path

from harness.machines.disk_space import free_mb
from harness.model.errors import InfrastructureError

ROOT_MB = 3072
"""The root image takes 0.5 GiB, and 2.2 GiB while packages are unpacked for it."""
TEMPLATE_MB = 1024
"""A template takes 0.7 GiB, and a little more while it is made."""
MACHINE_MB = 512
"""What one machine may write: an agent with its installer's copies and a rollback."""
LEAST_MB = 32
"""With less than this Wine cannot save its registry, and what happens in a machine says nothing about the candidate."""


def require_room(place: Path, wanted_mb: int, what: str) -> None:
    """Raise `InfrastructureError` if less is free. `what`: what needs it, as the beginning of a sentence."""
    free = free_mb(place)
    if free < wanted_mb:
        raise InfrastructureError(
            f"{what} wants {wanted_mb} MiB of disk, and {free} MiB are free in {place}.",
            hint="Free some space (see: bvt clean), or set BVT_HOME to a larger disk.",
        )


def shortage(place: Path) -> str:
    """In words that the disk under a running machine is full; empty if it is not, or nobody can tell any more."""
    try:
        free = free_mb(place)
    except OSError:
        return ""
    return f"the host's disk is full: {free} MiB are free in {place}" if free < LEAST_MB else ""

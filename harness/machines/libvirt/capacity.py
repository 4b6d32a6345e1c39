"""How many machines fit where: pure arithmetic over hosts, limits and reservations."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from harness.machines.intent import Intent
from harness.machines.libvirt.host import HostSize
from harness.model.matrix import HostLimits

SPARED_MEMORY_MB = 1024
"""What the host keeps for itself where the pool states no limit."""
MACHINES_PER_CPU = 2
"""An emulated guest mostly waits; more per processor makes every one of them slower (measured)."""


@dataclass(frozen=True)
class Room:
    """What a pool may use of one host, and what of that is taken."""

    uri: str
    memory_mb: int
    cpus: int
    memory_taken_mb: int = 0
    cpus_taken: int = 0

    def fits(self, memory_mb: int, cpus: int) -> int:
        """How many more such machines fit."""
        by_memory = (self.memory_mb - self.memory_taken_mb) // max(1, memory_mb)
        by_cpus = (self.cpus - self.cpus_taken) // max(1, cpus)
        return max(0, min(by_memory, by_cpus))


def room_of(limits: HostLimits, size: HostSize, taken: tuple[int, int] = (0, 0)) -> Room:
    """The pool's limits, or what the host has: its memory but a spare part, two vCPUs per processor."""
    memory = max(0, size.memory_mb - SPARED_MEMORY_MB) if limits.memory_mb is None else limits.memory_mb
    cpus = MACHINES_PER_CPU * size.cpus if limits.cpus is None else limits.cpus
    return Room(limits.uri, memory, cpus, *taken)


def reservations(intents: Iterable[Intent]) -> Mapping[str, tuple[int, int]]:
    """Memory and vCPUs taken on each host, by intents of any run whose machines still exist."""
    taken: dict[str, tuple[int, int]] = {}
    for intent in intents:
        uri = intent.resources.get("uri")
        if intent.provider == "libvirt" and isinstance(uri, str):
            memory, cpus = taken.get(uri, (0, 0))
            taken[uri] = (
                memory + int(intent.resources.get("memory_mb", 0)),
                cpus + int(intent.resources.get("cpus", 0)),
            )
    return taken


def emptiest(rooms: Sequence[Room], memory_mb: int, cpus: int) -> Room | None:
    """The host with room for the most such machines; the first of equals; None if none has room."""
    best = max(rooms, key=lambda room: room.fits(memory_mb, cpus), default=None)
    return best if best is not None and best.fits(memory_mb, cpus) > 0 else None

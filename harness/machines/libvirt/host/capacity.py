"""How many machines fit where: pure arithmetic over hosts, limits and reservations."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from harness.machines.intent import Intent
from harness.machines.libvirt.host.host import HostSize
from harness.machines.room import Resource
from harness.model.errors import InfrastructureError
from harness.model.machine import MachineSpec
from harness.model.matrix import HostLimits

SPARED_MEMORY_MB = 1024
"""What the host keeps for itself where the pool states no limit."""
WAITS_FOR = "waits_for"
"""Resource of an intent: the cell for which a clone was made ahead; empty once a cell has it."""
MACHINES_PER_CPU = 2
"""An emulated guest mostly waits; more per processor makes every one of them slower (measured)."""


class Size(NamedTuple):
    """What a machine, or several of them, take of a host."""

    memory_mb: int = 0
    cpus: int = 0
    disk_mb: int = 0


NOTHING = Size()


@dataclass(frozen=True)
class Room:
    """What a pool may use of one host, and what of that is taken."""

    uri: str
    memory_mb: int
    cpus: int
    taken: Size = NOTHING
    disk_mb: int | None = None
    """None: as much as there is, which is asked of the disk itself."""

    @property
    def free(self) -> Size:
        """What is not taken, never less than nothing; of disk nothing where that is not limited."""
        disk_mb = 0 if self.disk_mb is None else self.disk_mb - self.taken.disk_mb
        return Size(
            max(0, self.memory_mb - self.taken.memory_mb),
            max(0, self.cpus - self.taken.cpus),
            max(0, disk_mb),
        )

    def fits(self, size: Size) -> int:
        """How many more such machines fit. Of what they take none, none is asked."""
        pairs = [
            (self.memory_mb - self.taken.memory_mb, size.memory_mb),
            (self.cpus - self.taken.cpus, size.cpus),
        ]
        if self.disk_mb is not None:
            pairs.append((self.disk_mb - self.taken.disk_mb, size.disk_mb))
        return max(0, min((free // wanted for free, wanted in pairs if wanted > 0), default=1))


def yields(intent: Intent) -> bool:
    """Whether it is a clone that waits, whole, for a cell: it gives its room to a machine that is needed now."""
    return bool(intent.resources.get(WAITS_FOR)) and bool(intent.resources.get("ready"))


def room_of(limits: HostLimits, size: HostSize, taken: Size = NOTHING) -> Room:
    """The pool's limits, or what the host has: its memory but a spare part, two vCPUs per processor."""
    memory = max(0, size.memory_mb - SPARED_MEMORY_MB) if limits.memory_mb is None else limits.memory_mb
    cpus = MACHINES_PER_CPU * size.cpus if limits.cpus is None else limits.cpus
    return Room(limits.uri, memory, cpus, taken, limits.disk_mb)


def reservations(intents: Iterable[Intent]) -> Mapping[str, Size]:
    """What is taken of each host, by intents of any run whose machines still exist."""
    taken: dict[str, Size] = {}
    for intent in intents:
        uri = intent.resources.get("uri")
        if intent.provider == "libvirt" and isinstance(uri, str):
            own = Size(*(int(intent.resources.get(name, 0)) for name in Size._fields))
            taken[uri] = Size(*(sum(pair) for pair in zip(taken.get(uri, NOTHING), own, strict=True)))
    return taken


def emptiest(rooms: Sequence[Room], size: Size) -> Room | None:
    """The host with room for the most such machines; the first of equals; None if none has room."""
    best = max(rooms, key=lambda room: room.fits(size), default=None)
    return best if best is not None and best.fits(size) > 0 else None


def lacks(room: Room, size: Size) -> tuple[Resource, ...]:
    """What the host has too little of for one more such machine, as things stand."""
    free = room.free
    short = {
        Resource.MEMORY: size.memory_mb > free.memory_mb,
        Resource.CPUS: size.cpus > free.cpus,
        Resource.DISK: room.disk_mb is not None and size.disk_mb > free.disk_mb,
    }
    return tuple(resource for resource, is_short in short.items() if is_short)


def nearest(rooms: Sequence[Room], size: Size) -> Room:
    """The host that lacks the least for such a machine, among those on which it could ever be."""
    possible = [room for room in rooms if replace(room, taken=NOTHING).fits(size)]
    return min(possible or rooms, key=lambda room: len(lacks(room, size)))


def what_is_free(room: Room, size: Size) -> str:
    """What the host has free, and what the machine takes, in one sentence."""
    free = room.free
    disk, needed_disk = "", ""
    if room.disk_mb is not None and size.disk_mb:
        disk, needed_disk = f", {free.disk_mb} of {room.disk_mb} MiB of disk", f", {size.disk_mb} MiB of disk"
    return (
        f"{room.uri} has {free.memory_mb} of {room.memory_mb} MiB, {free.cpus} of {room.cpus} vCPUs{disk} free; the"
        f" machine takes {size.memory_mb} MiB, {size.cpus} vCPU{needed_disk}."
    )


def holders(intents: Iterable[Intent], uris: Iterable[str], shown: int = 6) -> str:
    """Who holds the room on these hosts, and what frees it: for the user who waits."""
    wanted = set(uris)
    holding = [intent for intent in intents if intent.resources.get("uri") in wanted]
    if not holding:
        return ""
    names = [
        f"{intent.machine_id} ({intent.cell_id or 'no cell'} of run {intent.run_id}{', kept' if intent.kept else ''})"
        for intent in sorted(holding, key=lambda intent: not intent.kept)
    ]
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    free = " Remove kept machines with: bvt clean --kept" if any(intent.kept for intent in holding) else ""
    return f"The room is held by {', '.join(names[:shown])}{more}.{free}"


def require_possible(rooms: Sequence[Room], spec: MachineSpec, size: Size) -> None:
    """Raises `InfrastructureError` if none of these hosts could hold such a machine, were it empty. Pure."""
    empty = [replace(room, taken=NOTHING) for room in rooms]
    if emptiest(empty, size) is None:
        sizes = ", ".join(
            f"{room.uri}: {room.memory_mb} MiB and {room.cpus} vCPUs"
            + (f", {room.disk_mb} MiB of disk" if room.disk_mb is not None else "")
            for room in rooms
        )
        disk = f" and {size.disk_mb} MiB of disk" if any(r.disk_mb is not None for r in rooms) else ""
        raise InfrastructureError(
            f"{spec.cell_id} needs {spec.memory_mb} MiB and {spec.cpus} vCPU{disk}, more than any host has "
            f"({sizes}).",
            hint="Lower memory_mb or cpus of the pool, or raise the limits of its hosts.",
        )

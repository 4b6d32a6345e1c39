"""Which host a machine goes to: reservations under one lock for all processes of the state directory."""

import fcntl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from harness.machines.disk_space import free_mb
from harness.machines.intent import Intent, IntentFile, read_intents
from harness.machines.libvirt.host.capacity import (
    NOTHING,
    Room,
    Size,
    emptiest,
    holders,
    lacks,
    nearest,
    reservations,
    room_of,
    what_is_free,
)
from harness.machines.libvirt.host.host import Host, HostUnreachable
from harness.machines.libvirt.host.storage import shortage
from harness.machines.room import Resource, RoomWait, WaitListener, telling
from harness.model.deadline import Deadline
from harness.model.errors import DeadlineExceeded, InfrastructureError, ToolMissing, one_sentence
from harness.model.machine import MachineSpec
from harness.model.matrix import HostLimits
from harness.state import StateDirectory

POLL_S = 0.2
FREE_SPACE = "Free some space, or name another storage in the pool's options."
AWAY_S = 30.0
"""A host that did not answer is not asked again for this long: asking a dead one takes seconds, under the lock."""


class Placement:
    """Chooses hosts of one pool."""

    def __init__(
        self,
        limits: Sequence[HostLimits],
        hosts: Mapping[str, Host],
        state: StateDirectory,
        *,
        storage: Path,
        disk_reserve_mb: int,
    ) -> None:
        self._limits, self._hosts, self._state = limits, hosts, state
        self._storage, self._disk_reserve_mb = storage, disk_reserve_mb
        self._away: dict[str, tuple[float, str]] = {}
        self.tell: WaitListener = lambda _cell, _wait: None
        """Who is told what a machine waits for."""

    def reserve(
        self, spec: MachineSpec, without: frozenset[str], deadline: Deadline
    ) -> tuple[IntentFile, Host]:
        """Wait for a host with room and write the intent that takes it. Raises `InfrastructureError`.

        What it waits for is told meanwhile.
        """
        with telling(self.tell, spec.cell_id) as tell:
            return self._reserve(spec, without, deadline, tell)

    def _reserve(
        self, spec: MachineSpec, without: frozenset[str], deadline: Deadline, tell: Callable[[RoomWait], None]
    ) -> tuple[IntentFile, Host]:
        size = Size(spec.memory_mb, spec.cpus, self._disk_reserve_mb)
        while True:
            with self._locked():
                intents = [intent for intent in read_intents(self._state.intents) if not intent.orphaned]
                rooms = self._rooms(intents, without)
                room = emptiest(rooms, size)
                full = self._disk_shortage(intents)
                if room is not None and not full:
                    intent = IntentFile.begin(
                        self._state.intents, provider="libvirt", run_id=spec.run_id, cell_id=spec.cell_id
                    )
                    intent.add(uri=room.uri, domain=intent.intent.machine_id, **size._asdict())
                    return intent, self._hosts[room.uri]
            self._require_possible(rooms, spec, size)
            held = holders(intents, [room.uri for room in rooms])
            if full and not held:  # nothing of the harness will be removed, so waiting frees nothing
                raise InfrastructureError(f"The disk has no room for {spec.cell_id}: {full}", hint=FREE_SPACE)
            if deadline.passed:
                what = f"room for {spec.cell_id} ({spec.memory_mb} MiB, {spec.cpus} vCPU)"
                raise DeadlineExceeded(what, deadline.length_s, hint=one_sentence([full, held]))
            tell(_wait(rooms, size, full, held))
            deadline.pause(POLL_S)

    def capacity(self, memory_mb: int, cpus: int) -> int:
        """How many such machines the hosts that answer hold, were they empty."""
        total, wanted = 0, Size(memory_mb, cpus, self._disk_reserve_mb)
        for limits in self._limits:
            try:
                total += room_of(limits, self._hosts[limits.uri].size()).fits(wanted)
            except HostUnreachable:
                continue
        return total

    def any_host(self) -> Host:
        """The first host that answers. Raises `HostUnreachable` with each one's reason.

        Raises `ToolMissing` if that is what all of them lack.
        """
        errors = []
        for limits in self._limits:
            host = self._hosts[limits.uri]
            try:
                host.connection()
            except HostUnreachable as error:
                errors.append(error)
                continue
            return host
        missing = [error.__cause__ for error in errors if isinstance(error.__cause__, ToolMissing)]
        if errors and len(missing) == len(errors):
            raise missing[0]
        raise HostUnreachable(" ".join(str(error) for error in errors))

    def _disk_shortage(self, intents: Sequence[Intent]) -> str:
        if self._disk_reserve_mb == 0:
            return ""
        try:
            free = free_mb(self._storage)
        except OSError as error:
            raise InfrastructureError(
                f"The storage {self._storage} cannot be used: {error.strerror}."
            ) from error
        return shortage(self._storage, free, self._disk_reserve_mb, intents)

    def _rooms(self, intents: Sequence[Intent], without: frozenset[str]) -> list[Room]:
        taken = reservations(intents)
        rooms, reasons = [], []
        for limits in self._limits:
            if limits.uri in without:
                continue
            since, reason = self._away.get(limits.uri, (-AWAY_S, ""))
            if time.monotonic() - since < AWAY_S:
                reasons.append(reason)
                continue
            try:
                size = self._hosts[limits.uri].size()
            except HostUnreachable as error:
                self._away[limits.uri] = time.monotonic(), str(error)
                reasons.append(str(error))
                continue
            rooms.append(room_of(limits, size, taken.get(limits.uri, NOTHING)))
        if not rooms:
            raise InfrastructureError(f"No host of the pool answers. {' '.join(reasons)}")
        return rooms

    @staticmethod
    def _require_possible(rooms: Sequence[Room], spec: MachineSpec, size: Size) -> None:
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

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self._state.root / "placement.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _wait(rooms: Sequence[Room], size: Size, full: str, held: str) -> RoomWait:
    """What a machine of this size waits for: what the nearest host lacks, and the disk that is `full`."""
    room = nearest(rooms, size)
    short = lacks(room, size)
    if full and Resource.DISK not in short:
        short = (*short, Resource.DISK)
    detail = one_sentence([what_is_free(room, size) if lacks(room, size) else "", full, held])
    return RoomWait(lacks=short, detail=detail)

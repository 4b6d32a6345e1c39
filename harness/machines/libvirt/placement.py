"""Which host a machine goes to: reservations under one lock for all processes of the state directory."""

import fcntl
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from harness.machines.intent import IntentFile, read_intents
from harness.machines.libvirt.capacity import Room, emptiest, reservations, room_of
from harness.machines.libvirt.host import Host, HostUnreachable
from harness.model.deadline import Deadline
from harness.model.errors import DeadlineExceeded, InfrastructureError, ToolMissing
from harness.model.machine import MachineSpec
from harness.model.matrix import HostLimits
from harness.state import StateDirectory

POLL_S = 0.2
AWAY_S = 30.0
"""A host that did not answer is not asked again for this long: asking a dead one takes seconds, under the lock."""


class Placement:
    """Chooses hosts of one pool."""

    def __init__(
        self, limits: Sequence[HostLimits], hosts: Mapping[str, Host], state: StateDirectory
    ) -> None:
        self._limits, self._hosts, self._state = limits, hosts, state
        self._away: dict[str, tuple[float, str]] = {}

    def reserve(
        self, spec: MachineSpec, without: frozenset[str], deadline: Deadline
    ) -> tuple[IntentFile, Host]:
        """Wait for a host with room and write the intent that takes it. Raises `InfrastructureError`."""
        while True:
            with self._locked():
                rooms = self._rooms(without)
                room = emptiest(rooms, spec.memory_mb, spec.cpus)
                if room is not None:
                    intent = IntentFile.begin(
                        self._state.intents, provider="libvirt", run_id=spec.run_id, cell_id=spec.cell_id
                    )
                    intent.add(
                        uri=room.uri,
                        domain=intent.intent.machine_id,
                        memory_mb=spec.memory_mb,
                        cpus=spec.cpus,
                    )
                    return intent, self._hosts[room.uri]
            self._require_possible(rooms, spec)
            if deadline.passed:
                raise DeadlineExceeded(
                    f"room for {spec.cell_id} ({spec.memory_mb} MiB, {spec.cpus} vCPU)", deadline.length_s
                )
            time.sleep(deadline.cap(POLL_S))

    def capacity(self, memory_mb: int, cpus: int) -> int:
        """How many such machines the hosts that answer hold, were they empty."""
        total = 0
        for limits in self._limits:
            try:
                total += room_of(limits, self._hosts[limits.uri].size()).fits(memory_mb, cpus)
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

    def _rooms(self, without: frozenset[str]) -> list[Room]:
        intents = [intent for intent in read_intents(self._state.intents) if not intent.orphaned]
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
            rooms.append(room_of(limits, size, taken.get(limits.uri, (0, 0))))
        if not rooms:
            raise InfrastructureError(f"No host of the pool answers. {' '.join(reasons)}")
        return rooms

    @staticmethod
    def _require_possible(rooms: Sequence[Room], spec: MachineSpec) -> None:
        empty = [Room(room.uri, room.memory_mb, room.cpus) for room in rooms]
        if emptiest(empty, spec.memory_mb, spec.cpus) is None:
            sizes = ", ".join(f"{room.uri}: {room.memory_mb} MiB and {room.cpus} vCPUs" for room in rooms)
            raise InfrastructureError(
                f"{spec.cell_id} needs {spec.memory_mb} MiB and {spec.cpus} vCPU, more than any host has ({sizes}).",
                hint="Lower memory_mb or cpus of the pool, or raise the limits of its hosts.",
            )

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self._state.root / "placement.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

"""Which host a machine goes to: reservations under one lock for all processes of the state directory."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from harness.file_lock import held as lock_held
from harness.machines.disk_space import free_mb
from harness.machines.intent import Intent, IntentFile, read_intents
from harness.machines.libvirt.host.capacity import (
    NOTHING,
    WAITS_FOR,
    Room,
    Size,
    emptiest,
    holders,
    lacks,
    nearest,
    require_possible,
    reservations,
    room_of,
    what_is_free,
    yields,
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
LOCK_S = 300.0
"""Whoever holds the lock asks each host once, and may remove a clone that waits: seconds, unless all hosts hang."""
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
        self.remove: Callable[[Host, Intent], object] | None = None
        """Removes a clone that waits, where a machine that is needed now has no room; None: none is removed."""

    def reserve(
        self, spec: MachineSpec, without: frozenset[str], deadline: Deadline
    ) -> tuple[IntentFile, Host]:
        """Wait for a host with room and write the intent that takes it. Raises `InfrastructureError`.

        What it waits for is told meanwhile.
        """
        with telling(self.tell, spec.cell_id) as tell:
            return self._reserve(spec, without, deadline, tell)

    def reserve_ahead(self, specs: Sequence[MachineSpec]) -> tuple[MachineSpec, IntentFile, Host] | None:
        """Take room for a clone that waits for one of these cells; no processor is taken yet, and nothing waited for.

        None if there is no room, or if as many wait in the run already. Raises `InfrastructureError`.
        """
        with self._locked():
            intents = self._living()
            claimed = [each.resources[WAITS_FOR] for each in self._waiting(intents, specs[0].run_id)]
            if len(claimed) >= len(specs):
                return None
            spec = next((each for each in specs if each.cell_id not in claimed), specs[0])
            size = Size(spec.memory_mb, 0, self._disk_reserve_mb)
            room = emptiest(self._rooms(intents, frozenset()), size)
            if room is None or self._disk_shortage(intents):
                return None
            return (spec, *self._begin(spec, room.uri, size, waits_for=spec.cell_id))

    def shrink(self, run_id: str, most: int) -> None:
        """Remove clones that wait in this run until no more than `most` do. Raises `InfrastructureError`."""
        with self._locked():
            waiting = self._waiting(self._living(), run_id)
            for intent in waiting[most:]:
                self._gave_way([intent])

    @staticmethod
    def _waiting(intents: Sequence[Intent], run_id: str) -> list[Intent]:
        return [each for each in intents if each.run_id == run_id and each.resources.get(WAITS_FOR)]

    def admit(self, spec: MachineSpec, held: IntentFile) -> bool:
        """Give a clone that waited to a cell, if its host has the processors now.

        False if it has not, or if the clone was removed for a machine that was needed more.
        Raises `InfrastructureError`.
        """
        uri = str(held.intent.resources["uri"])
        with self._locked():
            intents = self._living()
            rooms = self._rooms(intents, frozenset(self._hosts) - {uri})
            if not held.path.exists() or emptiest(rooms, Size(cpus=spec.cpus)) is None:
                return False
            held.assign(run_id=spec.run_id, cell_id=spec.cell_id)
            held.add(cpus=spec.cpus, **{WAITS_FOR: ""})
        return True

    def _living(self) -> list[Intent]:
        return [intent for intent in read_intents(self._state.intents) if not intent.orphaned]

    def _begin(self, spec: MachineSpec, uri: str, size: Size, waits_for: str = "") -> tuple[IntentFile, Host]:
        intent = IntentFile.begin(
            self._state.intents,
            provider="libvirt",
            run_id=spec.run_id,
            cell_id="" if waits_for else spec.cell_id,
        )
        intent.add(uri=uri, domain=intent.intent.machine_id, **size._asdict(), **{WAITS_FOR: waits_for})
        return intent, self._hosts[uri]

    def _gave_way(self, intents: Sequence[Intent]) -> bool:
        """Remove one clone that waits, whosesoever it is; whether there was one. Under the lock."""
        waiting = next(
            (each for each in intents if yields(each) and each.resources["uri"] in self._hosts), None
        )
        if waiting is None or self.remove is None:
            return False
        try:
            self.remove(self._hosts[str(waiting.resources["uri"])], waiting)
        except InfrastructureError:
            return False  # its host is away, and its room with it
        (self._state.intents / f"{waiting.machine_id}.json").unlink(missing_ok=True)
        return True

    def _reserve(
        self, spec: MachineSpec, without: frozenset[str], deadline: Deadline, tell: Callable[[RoomWait], None]
    ) -> tuple[IntentFile, Host]:
        size = Size(spec.memory_mb, spec.cpus, self._disk_reserve_mb)
        while True:
            with self._locked():
                intents = self._living()
                rooms = self._rooms(intents, without)
                room = emptiest(rooms, size)
                full = self._disk_shortage(intents)
                if room is not None and not full:
                    return self._begin(spec, room.uri, size)
                short = lacks(nearest(rooms, size), size)
                if (full or set(short) & {Resource.MEMORY, Resource.DISK}) and self._gave_way(intents):
                    continue
            require_possible(rooms, spec, size)
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

    @contextmanager
    def _locked(self) -> Iterator[None]:
        lock = self._state.root / "placement.lock"
        with lock_held(lock, "chooses the host of a machine", Deadline.after(LOCK_S)):
            yield


def _wait(rooms: Sequence[Room], size: Size, full: str, held: str) -> RoomWait:
    """What a machine of this size waits for: what the nearest host lacks, and the disk that is `full`."""
    room = nearest(rooms, size)
    short = lacks(room, size)
    if full and Resource.DISK not in short:
        short = (*short, Resource.DISK)
    detail = one_sentence([what_is_free(room, size) if lacks(room, size) else "", full, held])
    return RoomWait(lacks=short, detail=detail)

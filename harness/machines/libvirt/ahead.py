"""Clones made ahead of need: loaded, told who they are, their WinRM proven, then paused.

Each waits for one cell that the run has not begun. Its room is taken like any machine's, but for the processors; it
gives it back to a machine that is needed now and has none (`host/placement.py`).
"""

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress

import libvirt

from harness.machines.intent import IntentFile
from harness.machines.libvirt.host.host import Host
from harness.machines.libvirt.machine import LibvirtMachine
from harness.model.deadline import Deadline
from harness.model.errors import HarnessError
from harness.model.machine import MachineSpec

Reserve = Callable[[Sequence[MachineSpec]], tuple[MachineSpec, IntentFile, Host] | None]
Make = Callable[[Host, MachineSpec, IntentFile], LibvirtMachine]
Admit = Callable[[MachineSpec, IntentFile], bool]
CLOSE_S = 60.0
"""How long the end of a run waits for a clone in the making. What it does not get to see `bvt clean` removes."""


class Ahead:
    """The clones that one process has waiting. Thread-safe. `most`: how many at once."""

    def __init__(self, most: int, reserve: Reserve, make: Make, admit: Admit) -> None:
        self._most, self._reserve, self._make, self._admit = most, reserve, make, admit
        self._changed = threading.Condition()
        self._expected: list[MachineSpec] = []
        self._waiting: list[tuple[MachineSpec, LibvirtMachine]] = []
        self._filling = False
        self._closed = False

    @property
    def expected(self) -> int:
        """How many machines may still be asked for."""
        with self._changed:
            return len(self._expected)

    def expect(self, specs: Sequence[MachineSpec]) -> None:
        """What may be asked for next; clones that nobody can want any more are removed."""
        with self._changed:
            self._expected = list(specs)
            wanted = [nobody(spec) for spec in specs]
            spare = [pair for pair in self._waiting if nobody(pair[0]) not in wanted]
            self._waiting = [pair for pair in self._waiting if pair not in spare]
        for _, machine in spare:
            give_back(machine)

    def take(self, spec: MachineSpec, deadline: Deadline) -> LibvirtMachine | None:
        """A clone as it was asked for, with its reservation made the cell's; None if there is none.

        One that is in the making is waited for: it began before another could.
        """
        with self._changed:
            self._expected = [each for each in self._expected if each.cell_id != spec.cell_id]
            self._changed.wait_for(lambda: not self._filling, deadline.remaining_s)
            fitting = [pair for pair in self._waiting if nobody(pair[0]) == nobody(spec)]
            for pair in fitting:
                _, machine = pair
                if self._admit(spec, machine.intent):
                    self._waiting.remove(pair)
                    machine.belongs_to(spec.cell_id)
                    return machine
                if not machine.intent.path.exists():
                    self._waiting.remove(pair)
        return None

    def begin(self) -> None:
        """Make what is expected and not there, in the background, unless that goes on already."""
        with self._changed:
            if self._filling or not self._wanted():
                return
            self._filling = True
        threading.Thread(target=self._fill, name="clones-ahead", daemon=True).start()

    def await_filled(self, deadline: Deadline) -> int:
        """How many wait, once none is in the making. Raises `DeadlineExceeded`."""
        with self._changed:
            if not self._changed.wait_for(lambda: not self._filling, deadline.remaining_s):
                deadline.require("a clone in the making")
            return len(self._waiting)

    def close(self) -> None:
        """Remove every clone that waits. Never raises."""
        with self._changed:
            self._closed = True
            self._changed.wait_for(lambda: not self._filling, CLOSE_S)
            waiting, self._waiting = self._waiting, []
        for _, machine in waiting:
            give_back(machine)

    def _wanted(self) -> list[MachineSpec]:
        """All cells that a clone may be asked for by, if another one is to be made; else none. Under the lock.

        Those that wait already are among them: whoever reserves counts them all, of every process.
        """
        full = self._closed or len(self._waiting) >= min(self._most, len(self._expected))
        return [] if full else list(self._expected)

    def _fill(self) -> None:
        try:
            self._fill_up()
        finally:  # whatever came: somebody waits for the end of it
            with self._changed:
                self._filling = False
                self._changed.notify_all()

    def _fill_up(self) -> None:
        """One after another, until there are enough, or no room. A failure is said by whoever needs a machine next."""
        made: tuple[MachineSpec, LibvirtMachine] | None = None
        while True:
            with self._changed:
                if made is not None and not self._closed:
                    self._waiting.append(made)
                    made = None
                wanted = self._wanted()
            if made is not None:  # too late
                give_back(made[1])
            made = self._made(wanted) if wanted else None
            if made is None:
                return

    def _made(self, wanted: Sequence[MachineSpec]) -> tuple[MachineSpec, LibvirtMachine] | None:
        with suppress(HarnessError, libvirt.libvirtError, OSError):
            reserved = self._reserve(wanted)
            if reserved is not None:
                spec, intent, host = reserved
                return spec, self._make(host, spec, intent)
        return None


def nobody(spec: MachineSpec) -> MachineSpec:
    """What a machine is asked to be, whosever it is."""
    return spec.model_copy(update={"run_id": "", "cell_id": ""})


def give_back(machine: LibvirtMachine) -> None:
    """Remove a clone that nobody wants; what cannot be removed is left to `bvt clean`."""
    with suppress(HarnessError, libvirt.libvirtError, OSError):
        machine.destroy()

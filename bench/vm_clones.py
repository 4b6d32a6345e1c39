"""Six virtual machines at once: how long until all answer, and how much memory each takes.

Memory is the proportional set size of each QEMU process (its own pages, and its share of the template's
RAM), taken when all six have given their first WinRM reply, and again after a first command on each.
"""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from bench.lab_rig import AHEAD, Lab, lab_rig, own_mib, proportional_mib
from bench.measure import Result, seconds
from harness.machines.libvirt.machine import LibvirtMachine
from harness.machines.libvirt.options import CloneMethod
from harness.model.errors import DeadlineExceeded, InfrastructureError

CLONES = 6
CLONE_DEADLINE_S = 60.0
BOOT_DEADLINE_S = 150.0
"""For all six boots: what is not up by then makes the figure a lower bound, and the note says so."""


def measure() -> Iterator[Result]:
    with lab_rig() as lab:
        for method in (CloneMethod.RAM, CloneMethod.BOOT):
            lab.provider(method)  # making image and template is not what is measured
        with ExitStack() as stack:
            began = time.perf_counter()
            machines = _at_once(lab, CloneMethod.RAM, CLONE_DEADLINE_S, stack)
            together_s = time.perf_counter() - began
            if len(machines) < CLONES:
                raise InfrastructureError(f"Only {len(machines)} of {CLONES} clones came up.")
            replied = [proportional_mib(machine.machine_id) for machine in machines]
            _each(machines, lab.first_command)
            used = [proportional_mib(machine.machine_id) for machine in machines]
        waiting = _waiting(lab)
        alone_s = sum(_alone(lab) for _ in range(CLONES))
        with ExitStack() as stack:
            began = time.perf_counter()
            booted = len(_at_once(lab, CloneMethod.BOOT, BOOT_DEADLINE_S, stack))
            boots_s = time.perf_counter() - began
        yield _times(together_s, f"{CLONES} clones one after another", alone_s)
        bound = "" if booted == CLONES else f"lower bound: only {booted} were up when the benchmark gave up"
        yield _times(together_s, f"{CLONES} overlay boots at once", boots_s, bound)
        yield _memory(replied, used, lab.pool.memory_mb)
        yield _memory_waiting(*waiting, lab.pool.memory_mb)


def _times(ours_s: float, peer: str, peer_s: float, note: str = "") -> Result:
    note = note or f"until all {CLONES} have given their first WinRM reply"
    return Result("vm_clones", round(ours_s, 3), peer, round(peer_s, 3), round(peer_s / ours_s, 2), note)


def _memory(replied: Sequence[float], used: Sequence[float], configured_mb: int) -> Result:
    first, later = statistics.mean(replied), statistics.mean(used)
    note = (
        f"MiB, not seconds: per clone after the first reply {first:.0f} ({first / configured_mb:.1%} of its RAM,"
        f" worst {max(replied):.0f}), after the first command {later:.0f} ({later / configured_mb:.1%})"
    )
    return Result(
        "vm_clone_memory_mib",
        round(first, 1),
        "configured RAM",
        configured_mb,
        round(configured_mb / first, 2),
        note,
    )


def _waiting(lab: Lab) -> tuple[list[float], list[tuple[float, float]]]:
    """Memory of clones that wait paused, made ahead as a run makes them: proportional, and what each has to itself."""
    cells = [f"cell {n}" for n in range(AHEAD)]
    machine, ids = lab.waiting(cells, CLONE_DEADLINE_S)
    try:
        return [proportional_mib(each) for each in ids], [own_mib(each) for each in ids]
    finally:
        machine.destroy()
        lab.provider(CloneMethod.RAM).expect([])


def _memory_waiting(
    shares: Sequence[float], own: Sequence[tuple[float, float]], configured_mb: int
) -> Result:
    each = statistics.mean(shares)
    alone, translated = (statistics.mean(values) for values in zip(*own, strict=True))
    note = (
        f"MiB, not seconds: per clone that waits, {each / configured_mb:.1%} of its RAM (limit 5 %), worst"
        f" {max(shares):.0f}; {alone:.0f} are its own, {translated:.0f} of them translated code, which KVM has not:"
        f" {(alone - translated) / configured_mb:.1%} without"
    )
    return Result(
        "vm_waiting_clone_mib",
        round(each, 1),
        "configured RAM",
        configured_mb,
        round(configured_mb / each, 2),
        note,
    )


def _at_once(lab: Lab, method: CloneMethod, deadline_s: float, stack: ExitStack) -> list[LibvirtMachine]:
    """Those of six machines that came up within the deadline; the stack destroys them."""

    def create() -> LibvirtMachine | None:
        try:
            machine = lab.create(method, deadline_s)
        except DeadlineExceeded:
            return None
        stack.callback(machine.destroy)  # here, so that it is destroyed also if another one fails
        return machine

    with ThreadPoolExecutor(CLONES) as pool:
        started = [pool.submit(create) for _ in range(CLONES)]
    return [machine for future in started if (machine := future.result()) is not None]


def _each(machines: Sequence[LibvirtMachine], action: Callable[[LibvirtMachine], None]) -> None:
    with ThreadPoolExecutor(len(machines)) as pool:
        for future in [pool.submit(action, machine) for machine in machines]:
            future.result()


def _alone(lab: Lab) -> float:
    machines: list[LibvirtMachine] = []
    try:
        return seconds(lambda: machines.append(lab.create(CloneMethod.RAM, CLONE_DEADLINE_S)))
    finally:
        for machine in machines:
            machine.destroy()

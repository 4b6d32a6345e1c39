"""Whether a guest that answers nobody hangs, as with a driver that spins: seen from its processors.

An overloaded host makes a guest silent, too. It is told apart by what each virtual processor got and wanted: one that
wants to run all the time, gets enough time, and still lets nothing in the guest answer is kept busy by the guest itself.
A guest whose processors rest proves nothing: what it waits for may be the host's.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import libvirt

from harness.machines.libvirt.host.limit import within
from harness.machines.libvirt.host.qmp import human_monitor
from harness.model.deadline import Deadline
from harness.model.errors import MachineLost

NEEDED_S = 10.0
"""Processor time that a guest must have been given, and spent without an answer; at the host processor's own speed."""
RESTLESS = 0.95
"""The share of the time that a processor wants to run if it never rests; the rest is the clock's grain (10 ms)."""
PATIENCE = 6.0
"""How many times longer than `NEEDED_S` a busy host may take to give it."""
BETWEEN_S = 1.0


@dataclass(frozen=True)
class Sample:
    """What a domain's virtual processors had until now; one entry per processor, in seconds."""

    at_s: float
    ran_s: tuple[float, ...]
    waited_s: tuple[float, ...]
    """How long each was ready to run and the host gave it no processor."""


class Sign(StrEnum):
    """What two samples of a silent guest show."""

    RESTS = "rests"
    SPINS = "spins"
    UNDECIDED = "undecided"


def read_sign(first: Sample, last: Sample, needed_s: float) -> Sign:
    """Whether some processor wanted to run all the time, and was given `needed_s` of it."""
    length_s = last.at_s - first.at_s
    spent = [
        (after - before, waited_after - waited_before)
        for before, after, waited_before, waited_after in zip(
            first.ran_s, last.ran_s, first.waited_s, last.waited_s, strict=False
        )
    ]
    restless = [ran for ran, waited in spent if ran + waited >= RESTLESS * length_s]
    if not restless:
        return Sign.RESTS
    return Sign.SPINS if max(restless) >= needed_s else Sign.UNDECIDED


def watch(
    sample: Callable[[], Sample], answers: Callable[[], bool], needed_s: float, pause_s: float = BETWEEN_S
) -> str:
    """Why the guest hangs, in words; empty if it answers, rests, or is not given enough processor time.

    Takes seconds to minutes: `needed_s` of the guest's own processor time, `PATIENCE` times as long at most.
    """
    deadline = Deadline.after(PATIENCE * needed_s)
    first = sample()
    while not deadline.passed:
        if answers():
            return ""
        last = sample()
        # A shorter time than this is no more than the clock's grain.
        if last.at_s - first.at_s >= pause_s:
            sign = read_sign(first, last, needed_s)
            if sign is Sign.SPINS:
                return f"its processor did not rest for {last.at_s - first.at_s:.0f} s, and nothing in it answered"
            if sign is Sign.RESTS:
                return ""
        deadline.pause(pause_s)
    return ""


def processor_sample(connection: libvirt.virConnect, domain: libvirt.virDomain) -> Sample:
    """The domain's processors now (libvirt: virConnectGetAllDomainStats, `vcpu.N.time`, `vcpu.N.delay`).

    An older libvirt does not tell the delay; then only a host that has time to spare shows a guest that hangs.
    Raises `DeadlineExceeded` if QEMU itself does not answer, `MachineLost` if there is no such domain, `libvirtError`.
    """
    name = domain.name()
    found = within(
        f"what {name}'s processors do",
        lambda: connection.domainListGetStats([domain], libvirt.VIR_DOMAIN_STATS_VCPU, 0),
    )
    if not found:  # libvirt passes over a domain that is gone
        raise MachineLost(f"The domain {name} no longer exists.")
    _, stats = found[0]
    numbers = range(int(stats.get("vcpu.maximum", 0)))
    online = [n for n in numbers if f"vcpu.{n}.time" in stats]
    return Sample(
        at_s=time.monotonic(),
        ran_s=tuple(stats[f"vcpu.{n}.time"] / 1e9 for n in online),
        waited_s=tuple(stats.get(f"vcpu.{n}.delay", 0) / 1e9 for n in online),
    )


def registers(domain: libvirt.virDomain) -> str:
    """Where each processor is at this moment (QEMU: `info registers -a`), for whoever looks for the driver that spins.

    Raises `InfrastructureError`, `libvirtError`.
    """
    return human_monitor(domain, "info registers -a")

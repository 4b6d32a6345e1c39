"""What the conformance suite has to know of each provider: how to make one, and how to see what it left behind.

A new provider is one more entry in `KINDS`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from harness.machines.intent import Intent, read_intents
from harness.machines.libvirt.host.host import Host
from harness.machines.wine.processes import holders
from harness.model.matrix import HostLimits, Pool
from harness.model.substrate import Substrate
from harness.state import StateDirectory

LAB = "private:lab"


@dataclass(frozen=True)
class Kind:
    """One provider under test."""

    pool: Pool
    image: str
    create_s: float
    """Deadline for making one machine on a busy host."""
    processes: Callable[[StateDirectory, str], list[int]]
    """The host's processes that belong to the machine of that id."""
    host_process: Callable[[Intent], int]
    """The process of the host whose end is the end of the machine."""
    domains: Callable[[StateDirectory, str], list[str]]


def _wine_processes(state: StateDirectory, machine_id: str) -> list[int]:
    return sorted(holders(state.machines / machine_id / "prefix"))


def _wine_supervisor(intent: Intent) -> int:
    return int(intent.resources["supervisor"]["pid"])


def _named_processes(_state: StateDirectory, machine_id: str) -> list[int]:
    return sorted(process.pid for process in _processes() if f"guest={machine_id}," in _command(process))


def _qemu(intent: Intent) -> int:
    return next(process.pid for process in _processes() if f"guest={intent.machine_id}," in _command(process))


def _processes() -> Iterator[psutil.Process]:
    return psutil.process_iter()


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline()) if process.status() != psutil.STATUS_ZOMBIE else ""
    except psutil.Error:
        return ""


def _lab_domains(state: StateDirectory, machine_id: str) -> list[str]:
    host = Host(LAB, state)
    try:
        return [machine_id] if host.domain(machine_id) is not None else []
    finally:
        host.close()


KINDS = {
    "wine": Kind(
        pool=Pool(provider="wine", base_image="wine", substrates=(Substrate.WINE,)),
        image="wine",
        create_s=90,
        processes=_wine_processes,
        host_process=_wine_supervisor,
        domains=lambda _state, _machine: [],
    ),
    "libvirt": Kind(
        pool=Pool(
            provider="libvirt",
            base_image="wine-guest",
            substrates=(Substrate.KVM, Substrate.TCG),
            hosts=(HostLimits(uri=LAB),),
        ),
        image="wine-guest",
        create_s=240,
        processes=_named_processes,
        host_process=_qemu,
        domains=_lab_domains,
    ),
}
PARAMETERS = [pytest.param(name, marks=getattr(pytest.mark, name)) for name in KINDS]


@dataclass(frozen=True)
class Traces:
    """Looks for what machines leave on the host."""

    kind: Kind
    state: StateDirectory

    def of(self, machine_id: str) -> list[str]:
        """Everything that exists of one machine, in words; empty once it is gone without a trace."""
        files = (
            self.state.machines / machine_id,
            self.state.intents / f"{machine_id}.json",
            self.state.kept / f"{machine_id}.json",
        )
        found = [str(path) for path in files if path.exists()]
        found += [f"process {pid}" for pid in self.kind.processes(self.state, machine_id)]
        return found + [f"domain {name}" for name in self.kind.domains(self.state, machine_id)]

    def intents(self, run_id: str) -> list[Intent]:
        """The intents of one run."""
        return [intent for intent in read_intents(self.state.intents) if intent.run_id == run_id]

    def intents_of(self, machine_id: str) -> list[Intent]:
        """The intent of one machine, if there is one."""
        return [intent for intent in read_intents(self.state.intents) if intent.machine_id == machine_id]

    def nameless(self) -> set[Path]:
        """Machines' directories that no intent names. Other tests may make machines meanwhile: those have intents."""
        found = set(self.state.machines.iterdir())
        named = {intent.machine_id for intent in read_intents(self.state.intents)}
        return {path for path in found if path.name not in named and path.exists()}

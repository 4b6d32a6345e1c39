"""One running virtual machine, as its owner sees it."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import libvirt

from harness.machines import kept
from harness.machines.capabilities import StoppedDisk
from harness.machines.intent import IntentFile
from harness.machines.libvirt.clone.domain import BACKEND_IN_GUEST, CONTACTS, NEIGHBOUR
from harness.machines.libvirt.clone.domain_xml import OWN, owned_by, owner_xml
from harness.machines.libvirt.clone.personal import PREFIX
from harness.machines.libvirt.facts import Facts
from harness.machines.libvirt.host.host import Host, HostUnreachable
from harness.machines.libvirt.host.qmp import ProgramResult, human_monitor, run_in_guest
from harness.machines.libvirt.host.removal import remove_machine
from harness.machines.libvirt.keeping import kept_capsule, kept_running, put_in_capsule
from harness.machines.libvirt.observe.evidence import collect_evidence, screenshot
from harness.machines.libvirt.observe.guest_files import save_guest_files
from harness.machines.libvirt.observe.watched import WatchedDomain
from harness.machines.provider import ImageInfo, KeptMachine
from harness.model.deadline import Deadline
from harness.model.errors import InfrastructureError, MachineLost
from harness.model.machine import Fault, HostPort, MachineCondition, MachineState, WinRMAccess
from harness.model.report import Evidence
from harness.model.substrate import GuestSystem, Substrate, slowness
from harness.state import StateDirectory

GUEST_FILES_S = 60.0


class LibvirtMachine:
    """A libvirt domain with its overlay. Satisfies `Machine`; not thread-safe."""

    def __init__(
        self,
        state: StateDirectory,
        host: Host,
        intent: IntentFile,
        facts: Facts,
        go_on: Callable[[Deadline], None] | None = None,
    ) -> None:
        """`go_on`: what is left to do for a machine that waits; None: it runs."""
        self._state, self._host, self._intent, self._facts = state, host, intent, facts
        self._watched = WatchedDomain(
            host,
            intent.intent.machine_id,
            slowness(facts.substrate),
            on_wine=facts.image.guest_system is GuestSystem.WINE,
        )
        self._go_on = go_on
        self._destroyed = False
        self._hangs = False

    @property
    def machine_id(self) -> str:
        return self._intent.intent.machine_id

    @property
    def substrate(self) -> Substrate:
        return self._facts.substrate

    @property
    def guest_system(self) -> GuestSystem:
        return self._facts.image.guest_system

    @property
    def image(self) -> ImageInfo:
        return self._facts.image

    @property
    def winrm(self) -> WinRMAccess:
        return self._facts.winrm

    @property
    def media_root(self) -> str:
        return self._facts.media_root

    @property
    def backend_address(self) -> HostPort | None:
        return BACKEND_IN_GUEST if self._facts.relayed else None

    def neighbour(self) -> HostPort | None:
        """Played by QEMU. None where there is no backend, as in a capsule that was reopened."""
        return NEIGHBOUR if self._facts.spec.contacts is not None else None

    def contacts(self) -> Sequence[float]:
        """When the neighbour was reached."""
        return sorted(each.stat().st_mtime for each in self.directory.glob(f"{CONTACTS}*"))

    def heard(self) -> str:
        """What was said to the neighbour."""
        noted = sorted(self.directory.glob(f"{CONTACTS}*"))
        return "".join(each.read_text(encoding="utf-8", errors="replace") for each in noted)

    @property
    def directory(self) -> Path:
        """The machine's working directory on the host."""
        return self._facts.directory

    @property
    def host_uri(self) -> str:
        """The host that it runs on, as the pool names it."""
        return self._host.uri

    @property
    def intent(self) -> IntentFile:
        """What says on disk that it exists."""
        return self._intent

    def belongs_to(self, cell_id: str) -> None:
        """Write down whose it is, where it was made for another cell; that is for people, so it never raises."""
        run_id = self._intent.intent.run_id
        with suppress(InfrastructureError, libvirt.libvirtError):
            self._domain().setMetadata(
                libvirt.VIR_DOMAIN_METADATA_ELEMENT, owner_xml(run_id, cell_id), "bvt", OWN
            )
        self._facts = replace(self._facts, definition=owned_by(self._facts.definition, run_id, cell_id))

    def wake(self, deadline: Deadline) -> None:
        """Let a machine that waits go on until its WinRM answers; one that runs already does so.

        Raises `MachineLost`, `InfrastructureError`, `DeadlineExceeded`.
        """
        go_on, self._go_on = self._go_on, None
        try:
            if go_on is not None:
                go_on(deadline)
        except (OSError, libvirt.libvirtError) as error:
            raise MachineLost(f"{self.machine_id} does not go on: {error}.") from error

    def condition(self) -> MachineCondition:
        """Domain state, events, and whether the guest agent answers."""
        if self._destroyed:
            return MachineCondition(
                state=MachineState.GONE, fault=Fault.HOST, reason="the machine was destroyed"
            )
        return self._watched.condition()

    def hang(self) -> str:
        """Watch a running guest that answers nobody: why it hangs, in words, or empty. Takes up to minutes."""
        words = self._watched.hang()
        self._hangs = bool(words)
        return words

    def run(self, path: str, *arguments: str, deadline: Deadline) -> ProgramResult:
        """Run a program in the guest's own system by the second channel. Raises `MachineLost`."""
        try:
            return run_in_guest(self._domain(), path, *arguments, deadline=deadline)
        except libvirt.libvirtError as error:
            raise MachineLost(f"The guest agent of {self.machine_id} does not answer: {error}.") from error

    def set_network(self, connected: bool) -> None:
        """Plug the network cable in or out. Raises `MachineLost`."""
        try:
            human_monitor(self._domain(), f"set_link bvtnic {'on' if connected else 'off'}")
        except libvirt.libvirtError as error:
            raise MachineLost(f"The network of {self.machine_id} cannot be changed: {error}.") from error

    def cut_power(self, deadline: Deadline) -> None:
        """What the guest had written to its disk is there, flushed or not; what only its memory held is lost."""
        booted = self._watched.await_reboot(deadline)
        try:
            self._domain().reset(0)
        except libvirt.libvirtError as error:
            raise MachineLost(f"The power of {self.machine_id} cannot be cut: {error}.") from error
        if not booted():
            raise MachineLost(
                f"{self.machine_id} did not boot within {deadline.length_s:g} s of a power cut."
            )

    def disk(self) -> StoppedDisk:
        """Its overlay. On `wine-guest` drive C: is a folder of the Linux filesystem."""
        wine = self.guest_system is GuestSystem.WINE
        path = self._facts.directory / "disk.qcow2"
        return StoppedDisk(path=path, drive_c=f"{PREFIX}/drive_c" if wine else "")

    def screenshot(self) -> bytes:
        """The screen as PNG. Raises `MachineLost`."""
        try:
            return screenshot(self._host, self.machine_id)
        except (ValueError, libvirt.libvirtError) as error:
            raise MachineLost(f"{self.machine_id} has no screen to show: {error}.") from error

    def collect(self, into: Path) -> Sequence[Evidence]:
        facts = self._facts
        down = self._hangs or self.condition().state is MachineState.CRASHED
        return collect_evidence(
            self._host,
            self.machine_id,
            facts.directory,
            facts.definition,
            into,
            memory_of=self.guest_system if facts.memory_dump and down else None,
        )

    def save_guest_files(self, paths: Sequence[str], into: Path) -> Sequence[Evidence]:
        """Save files of the guest by the second channel, which lives when the network is cut. Never raises."""
        within = Deadline.after(GUEST_FILES_S)
        try:
            return save_guest_files(self._domain(), self.guest_system, paths, into, within)
        except (InfrastructureError, libvirt.libvirtError, OSError):  # no domain, or the host's disk
            return ()

    def keep(self) -> KeptMachine:
        """Let it outlive the run. Its relay leads to the run's backend, which ends with the run.

        Raises `MachineLost` if nothing is left to keep.
        """
        try:
            self._domain()
        except (HostUnreachable, libvirt.libvirtError) as error:
            raise MachineLost(f"Machine {self.machine_id} cannot be kept: {error}") from error
        self._intent.mark_kept()
        machine = kept_running(self._host, self._intent.intent, self._facts)
        kept.store(self._state, machine)
        return machine

    def put_away(self) -> KeptMachine:
        """Satisfies `HasCapsule`."""
        try:
            put_in_capsule(self._host, self._domain(), self._intent, self._facts)
        except (libvirt.libvirtError, OSError) as error:
            raise InfrastructureError(f"{self.machine_id} cannot be put away: {error}.") from error
        self._host.remove_traces(self.machine_id)
        self._host.events.forget(self.machine_id)
        self._intent.mark_kept()
        machine = kept_capsule(self._intent.intent, self._facts)
        kept.store(self._state, machine)
        self._destroyed = True
        return machine

    def destroy(self) -> None:
        """End the domain, remove its files. Raises `InfrastructureError` if something stays."""
        if self._destroyed:
            return
        remove_machine(self._host, self._intent.intent)
        self._host.events.forget(self.machine_id)
        kept.drop(self._state, self.machine_id)
        self._intent.done()
        self._destroyed = True

    def _domain(self) -> libvirt.virDomain:
        domain = self._host.domain(self.machine_id)
        if domain is None:
            raise MachineLost(f"The domain {self.machine_id} no longer exists on {self._host.uri}.")
        return domain

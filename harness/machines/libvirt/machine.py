"""One running virtual machine, as its owner sees it."""

import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import libvirt
from lxml import etree

from harness.machines import kept
from harness.machines.intent import Intent, IntentFile
from harness.machines.libvirt.clone.capsule import CapsuleRecord, lay_out, put_away, seal_capsule
from harness.machines.libvirt.clone.domain import BACKEND_IN_GUEST, CONTACTS, NEIGHBOUR, DomainSpec
from harness.machines.libvirt.clone.domain_xml import OWN, owner
from harness.machines.libvirt.clone.personal import PREFIX
from harness.machines.libvirt.clone.template import host_processor
from harness.machines.libvirt.host.host import Host, HostUnreachable
from harness.machines.libvirt.host.qmp import (
    ProgramResult,
    agent_alive,
    human_monitor,
    qemu_answers,
    run_in_guest,
)
from harness.machines.libvirt.image.store import StoredImage
from harness.machines.libvirt.observe.condition import Seen, judge
from harness.machines.libvirt.observe.evidence import collect_evidence, screenshot
from harness.machines.libvirt.observe.guest_files import save_guest_files
from harness.machines.libvirt.observe.hang import NEEDED_S, processor_sample, watch
from harness.machines.provider import ImageInfo, KeptMachine, StoppedDisk
from harness.model.deadline import Deadline
from harness.model.errors import InfrastructureError, MachineLost
from harness.model.machine import Fault, HostPort, MachineCondition, MachineState, WinRMAccess
from harness.model.report import Evidence
from harness.model.substrate import SLOWNESS, GuestSystem, Substrate
from harness.state import StateDirectory

PING_TIMEOUT_S = 3
HANG_PING_S = 10
"""The same before a guest is said to hang: a busy one on a busy host may take longer for its answer."""
END_EVENT_S = 2.0
"""How long after a domain is gone its last event is waited for."""
LOOK_AGAIN_S = 0.1
REMOVE_S = 10.0
PUT_AWAY_S = 120.0
GUEST_FILES_S = 60.0


@dataclass(frozen=True)
class Facts:
    """What is fixed about a machine once it runs."""

    image: ImageInfo
    substrate: Substrate
    winrm: WinRMAccess
    media_root: str
    relayed: bool
    directory: Path
    definition: str
    stored: StoredImage
    spec: DomainSpec
    memory_dump: bool = False


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
        self._history = host.events.history(intent.intent.machine_id)
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
        run_id, definition = self._intent.intent.run_id, etree.fromstring(self._facts.definition)
        now = owner(run_id, cell_id)
        with suppress(InfrastructureError, libvirt.libvirtError):
            self._domain().setMetadata(
                libvirt.VIR_DOMAIN_METADATA_ELEMENT, etree.tostring(now, encoding="unicode"), "bvt", OWN
            )
        for before in definition.iter(now.tag):
            before.set("cell", cell_id)
        text = etree.tostring(definition, encoding="unicode")
        self._facts = replace(self._facts, definition=text)

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
        try:
            shown = self._shown()
        except (InfrastructureError, libvirt.libvirtError) as error:
            return MachineCondition(state=MachineState.GONE, fault=Fault.HOST, reason=str(error))
        history = self._history
        if shown.state in (None, libvirt.VIR_DOMAIN_SHUTOFF):
            history.await_end(END_EVENT_S)
        heard = Seen(
            state=shown.state,
            reason=shown.reason,
            ended=history.ended,
            panicked=history.panicked,
            io_error=history.io_error,
            boots=history.boots(self._slowness),
            guest_alive=shown.guest_alive,
            qemu_answers=shown.qemu_answers,
        )
        return judge(heard)

    def _shown(self) -> Seen:
        """What libvirt shows of the domain now; one that ends while it is looked at is looked at again.

        An error of that moment would be the lab's fault, also where the guest had powered itself off.
        """
        deadline: Deadline | None = None  # from the first error on: a silent guest is listened to for longer
        while True:
            try:
                domain = self._host.domain(self.machine_id)
                state, reason = _state(domain)
                running = state == libvirt.VIR_DOMAIN_RUNNING
                alive = agent_alive(domain, PING_TIMEOUT_S) if domain is not None and running else None
                # A silent guest may have no QEMU behind it that could let it answer.
                answers = qemu_answers(domain) if domain is not None and alive is False else True
            except libvirt.libvirtError:
                deadline = deadline or Deadline.after(END_EVENT_S)
                if deadline.passed:
                    raise
                deadline.pause(LOOK_AGAIN_S)
            else:
                return Seen(state=state, reason=reason, guest_alive=alive, qemu_answers=answers)

    def hang(self) -> str:
        """Watch a running guest that answers nobody: why it hangs, in words, or empty. Takes up to minutes."""
        if not self._history.agent_connected:
            return ""  # it is booting, or has no second channel: its silence there proves nothing
        needed_s = NEEDED_S * self._slowness
        try:
            domain = self._domain()
            connection = self._host.connection()
            words = watch(
                lambda: processor_sample(connection, domain),
                lambda: agent_alive(domain, HANG_PING_S),
                needed_s,
            )
        except (InfrastructureError, libvirt.libvirtError):
            return ""
        self._hangs = bool(words)
        return words

    @property
    def _slowness(self) -> float:
        return SLOWNESS.get(self.substrate, 1.0)

    def run(self, path: str, *arguments: str, deadline: Deadline) -> ProgramResult:
        """Run a program in the guest's own system by the second channel. Raises `MachineLost`."""
        try:
            return run_in_guest(self._domain(), path, *arguments, deadline=deadline)
        except libvirt.libvirtError as error:
            raise MachineLost(f"The guest agent of {self.machine_id} does not answer: {error}.") from error

    def set_network(self, connected: bool) -> None:
        """Plug the network cable in or out. Raises `MachineLost`."""
        state = "on" if connected else "off"
        try:
            human_monitor(self._domain(), f"set_link bvtnic {state}")
        except libvirt.libvirtError as error:
            raise MachineLost(f"The network of {self.machine_id} cannot be changed: {error}.") from error

    def cut_power(self, deadline: Deadline) -> None:
        """What the guest had written to its disk is there, flushed or not; what only its memory held is lost."""
        announced = len(self._history.reboots)
        try:
            self._domain().reset(0)
        except libvirt.libvirtError as error:
            raise MachineLost(f"The power of {self.machine_id} cannot be cut: {error}.") from error
        with self._history.changed:
            booting = self._history.changed.wait_for(
                lambda: len(self._history.reboots) > announced, deadline.remaining_s
            )
        if not booting:
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
        try:
            domain = self._domain()
        except (InfrastructureError, libvirt.libvirtError):
            return ()
        try:
            return save_guest_files(domain, self.guest_system, paths, into, Deadline.after(GUEST_FILES_S))
        except OSError:  # the host's disk
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
        intent = self._intent.intent
        machine = KeptMachine(
            machine_id=self.machine_id,
            cell_id=intent.cell_id,
            run_id=intent.run_id,
            provider="libvirt",
            access=self.winrm,
            notes=(
                f"domain {self.machine_id} on {self._host.uri}",
                f"screen: VNC {self._vnc_address()}",
                f"serial console: {self._facts.directory / 'serial.log'}",
                "its backend connections lead to the run's backend; `bvt shell` alone tells whether that is alive",
            ),
        )
        kept.store(self._state, machine)
        return machine

    def put_away(self) -> KeptMachine:
        """Satisfies `HasCapsule`."""
        directory, facts, intent = self._facts.directory, self._facts, self._intent.intent
        try:
            record = CapsuleRecord(
                machine_id=self.machine_id,
                cell_id=intent.cell_id,
                run_id=intent.run_id,
                made=datetime.now(UTC),
                image=facts.image.name,
                image_digest=facts.image.digest,
                guest_system=facts.image.guest_system,
                media_root=facts.media_root,
                hypervisor=self._host.versions(),
                processor=host_processor(),
                spec=facts.spec,
                access=facts.winrm,
                files={},
            )
            put_away(
                self._domain(),
                directory,
                lambda: self._host.destroy(self.machine_id),
                Deadline.after(PUT_AWAY_S),
            )
            lay_out(self._host, facts.spec, directory, Deadline.after(PUT_AWAY_S))
            # It takes no room of the host any more, but the image that it stands on is used.
            self._intent.release("uri", "domain", "memory_mb", "cpus", "disk_mb")
            seal_capsule(directory, facts.stored, record)
        except (libvirt.libvirtError, OSError) as error:
            raise InfrastructureError(f"{self.machine_id} cannot be put away: {error}.") from error
        self._host.remove_traces(self.machine_id)
        self._host.events.forget(self.machine_id)
        self._intent.mark_kept()
        machine = KeptMachine(
            machine_id=self.machine_id,
            cell_id=intent.cell_id,
            run_id=intent.run_id,
            provider="libvirt",
            access=self.winrm,
            notes=(f"capsule {directory}",),
            capsule=directory,
        )
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

    def _vnc_address(self) -> str:
        try:
            text = human_monitor(self._domain(), "info vnc")
        except (InfrastructureError, libvirt.libvirtError):
            return "not known"
        words = [word for line in text.splitlines() if "Server" in line for word in line.split()]
        return next((word for word in words if ":" in word and word[-1].isdigit()), "not known")


def _state(domain: libvirt.virDomain | None) -> tuple[int | None, int]:
    """VirDomainGetState's pair; (None, 0) without a domain. The binding's own annotation is wrong here."""
    if domain is None:
        return None, 0
    pair: Any = domain.state()
    return int(pair[0]), int(pair[1])


def remove_machine(host: Host, intent: Intent) -> list[str]:
    """End the intent's domain and remove its directory; says what was there. Raises `InfrastructureError`."""
    removed = []
    name = str(intent.resources.get("domain", ""))
    try:
        if name and host.destroy(name):
            removed.append(f"domain {name} on {host.uri}")
    except libvirt.libvirtError as error:
        raise InfrastructureError(f"The domain {name} on {host.uri} cannot be ended: {error}.") from error
    if name:
        host.remove_traces(name)
    return [*removed, *remove_files(intent)]


def remove_files(intent: Intent) -> list[str]:
    """Remove the intent's directory; says what was there. Raises `InfrastructureError`."""
    directory = intent.resources.get("directory")
    if not directory or not Path(directory).exists():
        return []
    remove_directory(Path(directory), Deadline.after(REMOVE_S))
    return [f"directory {directory}"]


def remove_directory(directory: Path, deadline: Deadline) -> None:
    """Remove it with everything in it. Raises `InfrastructureError` if something stays.

    A program that a killed run started (qemu-img, xorriso) may still write into it for a moment.
    """
    while directory.exists():
        shutil.rmtree(directory, ignore_errors=True)
        if directory.exists():
            deadline.require(f"The removal of {directory}", hint="See what holds it, then run: bvt clean")
            deadline.pause(0.05)

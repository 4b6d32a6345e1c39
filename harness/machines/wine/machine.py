"""One running Wine machine, as its owner (or whoever reopens it) sees it."""

import socket
from collections.abc import Sequence
from pathlib import Path

from harness.machines import kept
from harness.machines.capabilities import Overlay, ProcessorUse, StartedProgram
from harness.machines.intent import Intent, IntentFile, Owner
from harness.machines.provider import ImageInfo, KeptMachine
from harness.machines.wine.berth import reap_ended
from harness.machines.wine.calls import read_calls
from harness.machines.wine.crashes import read_crashed
from harness.machines.wine.disk_room import shortage
from harness.machines.wine.evidence import collect_evidence
from harness.machines.wine.memory_pressure import oom_kills
from harness.machines.wine.neighbour import filters_packets, read_contacts, read_words
from harness.machines.wine.order import (
    CUT,
    GUEST_ADDRESS,
    GUEST_PORT,
    KEEP,
    NEIGHBOUR_ADDRESS,
    NEIGHBOUR_PORT,
    Berth,
    Order,
    Places,
    Status,
)
from harness.machines.wine.processor_use import asked_for
from harness.machines.wine.programs import read_started
from harness.machines.wine.reclaim import remove_all
from harness.model.deadline import Deadline
from harness.model.errors import MachineLost
from harness.model.machine import Fault, HostPort, MachineCondition, MachineState, WinRMAccess
from harness.model.report import Evidence
from harness.model.substrate import GuestSystem, Substrate
from harness.state import StateDirectory

MEDIA_ROOT = "D:\\"
KNOWN_LOCALE = "en_US.UTF-8"
"""One that every machine has (`winrmd/wine_locale.py`): glibc's C.UTF-8 serves under any name."""
LOOK_S = 0.02
"""Between two looks at the machine's own word."""


class WineMachine:
    """A Wine prefix in namespaces of its own. Satisfies `Machine`; not thread-safe."""

    substrate = Substrate.WINE
    guest_system = GuestSystem.WINE
    media_root = MEDIA_ROOT

    def __init__(
        self,
        state: StateDirectory,
        intent: IntentFile,
        berth: Berth,
        order: Order,
        image: ImageInfo,
        winrm: WinRMAccess,
        leash: socket.socket | None,
    ) -> None:
        self._state, self._intent = state, intent
        self._berth, self._order = berth, order
        self.image, self.winrm = image, winrm
        self._leash = leash
        self._destroyed = False
        self._oom_kills_before = oom_kills()

    @property
    def machine_id(self) -> str:
        return self._intent.intent.machine_id

    @property
    def directory(self) -> Path:
        """The machine's working directory on the host."""
        return self._berth.places.root

    @property
    def backend_address(self) -> HostPort | None:
        """The relayed address; without namespaces the backend's own, as nothing then separates networks."""
        if self._order.backend is None:
            return None
        if self._berth.namespaces:
            return HostPort(host=GUEST_ADDRESS, port=GUEST_PORT)
        return HostPort(host=self._order.backend[0], port=self._order.backend[1])

    def neighbour(self) -> HostPort | None:
        """Played by the supervisor. None without a network of its own, or where nft sets no rules."""
        berth = self._berth
        shut_off = berth.namespaces and not berth.rootless and self._order.backend is not None
        if not (shut_off and berth.image and filters_packets(berth.image)):
            return None
        return HostPort(host=NEIGHBOUR_ADDRESS, port=NEIGHBOUR_PORT)

    def contacts(self) -> Sequence[float]:
        """When the neighbour was reached, as it noted it."""
        return read_contacts(self._berth.places.contacts)

    def heard(self) -> str:
        """What was said to the neighbour."""
        return read_words(self._berth.places.contacts)

    def called(self) -> Sequence[str]:
        """Whom programs of the machine called, as its supervisor saw it."""
        return read_calls(self._berth.places.calls)

    def crashed(self) -> Sequence[str]:
        """Programs that crashed and are not Wine's own, as its debugger told the init."""
        return read_crashed(self._berth.places.crashes)

    def started(self) -> Sequence[StartedProgram]:
        """What Wine's services started, and what that started."""
        return read_started(self._berth.places.programs)

    def condition(self) -> MachineCondition:
        """The init's last word, believed only while the processes that would correct it are there.

        It never says that the guest is alive: what is asked over WinRM has no second way in. The WinRM server is the
        lab's own and out of the candidate's reach, so one that is silent must not look like a network that was cut.
        What fails on a host without disk or memory is the lab's fault, too.
        """
        status = Status.read(self._berth.places)
        if self._destroyed or status is None:
            return MachineCondition(
                state=MachineState.GONE, fault=Fault.HOST, reason="the machine does not exist"
            )
        boots = max(1, status.boots)
        state, fault, reason = MachineState(status.state), Fault(status.fault), status.reason
        supervisor = self._supervisor()
        if state is not MachineState.GONE and (supervisor is None or not supervisor.alive):
            state, fault = MachineState.GONE, Fault.HOST
            reason = "the machine's supervisor process was killed"
        elif fault is Fault.NONE and supervisor is not None and supervisor.stopped:
            # It relays the agent's connections, too: an agent that is silent has nobody to talk to.
            fault, reason = Fault.HOST, "the machine's supervisor process is stopped"
        if fault is Fault.NONE and (lacking := shortage(self.directory) or self._out_of_memory()):
            fault, reason = Fault.HOST, lacking
        return MachineCondition(state=state, fault=fault, reason=reason, boots=boots)

    def _out_of_memory(self) -> str:
        killed = oom_kills() - self._oom_kills_before
        return (
            f"the host's memory ran out: its kernel killed {killed} processes meanwhile" if killed > 0 else ""
        )

    def _supervisor(self) -> Owner | None:
        supervisor = self._intent.intent.resources.get("supervisor")
        return None if supervisor is None else Owner.model_validate(supervisor)

    def collect(self, into: Path) -> Sequence[Evidence]:
        """Server and init logs, registry files as last saved, and the list of what the overlay holds."""
        return collect_evidence(self._berth, into)

    def overlay(self) -> Overlay | None:
        """The overlay of a clone that is one."""
        if not self._berth.overlay:
            return None
        return Overlay(upper=self._berth.places.upper, lower=Path(self._berth.template), drive_c="drive_c")

    def cut_power(self, deadline: Deadline) -> None:
        """Files stay as they were written, the registry as wineserver last saved it: each half minute."""
        before = self.condition().boots
        try:
            if self._leash is None:
                raise OSError("it is not ours")
            self._leash.sendall(CUT)
        except OSError as error:
            raise MachineLost(
                f"The power of machine {self.machine_id} cannot be cut: it has ended."
            ) from error
        while self.condition().boots == before:
            if deadline.passed:
                raise MachineLost(
                    f"Machine {self.machine_id} did not boot within {deadline.length_s:g} s of a power cut."
                )
            deadline.pause(LOOK_S)

    def set_locale(self, locale: str) -> None:
        """Wine takes its code pages from LC_ALL, and names of files from the locale of that name: it has to be there."""
        name, places = f"{locale.replace('-', '_')}.UTF-8", self._berth.places
        link = places.locales / name
        if not link.is_symlink():
            link.symlink_to((places.locales / KNOWN_LOCALE).readlink())
        places.locale.write_text(name)

    def processor_use(self) -> Sequence[ProcessorUse]:
        """Of every program that was started with this prefix."""
        return asked_for(self._berth.places.prefix)

    def keep(self) -> KeptMachine:
        """Let go of the leash, mark the intent: supervisor and relay live on. Raises `MachineLost`."""
        if self._leash is not None:
            try:
                self._leash.sendall(KEEP)
            except OSError as error:
                raise MachineLost(f"Machine {self.machine_id} cannot be kept: it has ended.") from error
        self._intent.mark_kept()
        intent = self._intent.intent
        machine = KeptMachine(
            machine_id=self.machine_id,
            cell_id=intent.cell_id,
            run_id=intent.run_id,
            provider="wine",
            access=self.winrm,
            notes=(
                f"WINEPREFIX {self._berth.places.prefix} (mounted inside the machine only)",
                "its backend connections lead to the run's backend; `bvt shell` alone tells whether that is alive",
            ),
        )
        kept.store(self._state, machine)
        return machine

    def destroy(self) -> None:
        """Kill every process, remove every file; idempotent. Raises `InfrastructureError` if any stays."""
        if self._destroyed:
            return
        remove_all(self._intent.intent)
        reap_ended()
        if self._leash is not None:
            self._leash.close()
            self._leash = None
        kept.drop(self._state, self.machine_id)
        self._intent.done()
        self._destroyed = True


def reopen(state: StateDirectory, intent: Intent, image: ImageInfo) -> WineMachine:
    """A kept machine again. Raises `ConfigurationError` if it is not kept, `MachineLost` if it has ended."""
    machine = kept.load(state, intent.machine_id)
    try:
        root = Path(intent.resources["directory"])
        berth, order = Berth.read(root), Order.read(Places(root))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise MachineLost(
            f"Machine {intent.machine_id} no longer has a readable work order: {error}."
        ) from error
    return WineMachine(state, IntentFile(state.intents, intent), berth, order, image, machine.access, None)

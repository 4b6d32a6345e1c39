"""Makes virtual machines on one or more libvirt hosts."""

import threading
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path

import libvirt

from harness.machines import kept
from harness.machines.capabilities import View
from harness.machines.disused import Disused
from harness.machines.intent import Intent, IntentFile, read_intent, read_intents
from harness.machines.libvirt.ahead import Ahead, give_back
from harness.machines.libvirt.clone.capsule import read_capsule
from harness.machines.libvirt.clone.template import TemplateMaker
from harness.machines.libvirt.doctor import lab_findings
from harness.machines.libvirt.host.daemon import SCHEME
from harness.machines.libvirt.host.host import Host, HostRestarted, HostUnreachable
from harness.machines.libvirt.host.placement import Placement
from harness.machines.libvirt.host.removal import remove_files, remove_machine
from harness.machines.libvirt.image.store import StoredImage
from harness.machines.libvirt.image.wine_guest import NAME as WINE_GUEST
from harness.machines.libvirt.leftovers import Leftovers
from harness.machines.libvirt.machine import LibvirtMachine
from harness.machines.libvirt.making import MachineMaker
from harness.machines.libvirt.observe.view import screenshot_of, view_of
from harness.machines.libvirt.options import CloneMethod
from harness.machines.libvirt.preparation import Preparation, Prepared
from harness.machines.libvirt.reopen import reopen
from harness.machines.provider import Finding, ImageInfo, KeptMachine, Machine, Progress
from harness.machines.room import WaitListener
from harness.model.deadline import Deadline
from harness.model.errors import ConfigurationError, HarnessError, InfrastructureError, MachineLost
from harness.model.machine import MachineSpec
from harness.model.matrix import HostLimits, Pool
from harness.state import StateDirectory

WAKE_S = 60.0
"""After that a clone that waited is given up, and another one made."""
RESTARTS = 2
"""How often a daemon may restart while one machine is made."""
DEFAULT_HOST = HostLimits(uri=f"{SCHEME}lab")


class LibvirtProvider:
    """Satisfies `MachineProvider`. Options: `harness.machines.libvirt.options`."""

    name = "libvirt"

    def __init__(self, pool: Pool, state: StateDirectory) -> None:
        self._pool, self._state = pool, state
        self._preparation = Preparation(pool, state)
        self._limits = pool.hosts or (DEFAULT_HOST,)
        self._hosts = {limits.uri: Host(limits.uri, state) for limits in self._limits}
        self._placement = Placement(
            self._limits,
            self._hosts,
            state,
            storage=self._preparation.storage,
            disk_reserve_mb=self._preparation.options.disk_reserve_mb,
        )
        self._placement.remove = remove_machine
        self._maker = MachineMaker(self._preparation, state)
        self._leftovers = Leftovers(self._preparation, self._hosts.values(), state)
        self._ahead = Ahead(
            self._preparation.options.ready_ahead,
            self._placement.reserve_ahead,
            self._make_ahead,
            self._placement.admit,
        )
        self._prepared: dict[str, Prepared] = {}
        self._lock = threading.Lock()

    def prepare(self, image: str, progress: Progress) -> ImageInfo:
        with self._lock:
            stored = self._preparation.image(image, progress)
            self._preparation.require_memory(stored)
            stored.verify()
            ready = self._prepared.get(image)
            if ready is None or ready.image.manifest.digest != stored.manifest.digest:
                ready = self._preparation.choose_method(self._placement.any_host(), stored, progress)
                self._prepared[image] = ready
        return ready.info()

    def create(self, spec: MachineSpec, deadline: Deadline) -> Machine:
        # Once prepared, an image stays what it is for this run, even if its recipe changes meanwhile.
        if spec.image not in self._prepared:
            self.prepare(spec.image, lambda _: None)
        prepared = self._prepared[spec.image]
        prepared.image.verify()
        if not spec.media.is_dir():
            raise ConfigurationError(f"the media directory {spec.media} does not exist.", key="media")
        machine = self._woken(spec, deadline) or self._create(prepared, spec, deadline)
        self._make_expected(prepared, spec.run_id)
        return machine

    def expect(self, specs: Sequence[MachineSpec]) -> None:
        self._ahead.expect(specs)

    def await_ahead(self, deadline: Deadline) -> int:
        """How many clones wait, once none is in the making. Raises `DeadlineExceeded`."""
        return self._ahead.await_filled(deadline)

    def _make_expected(self, prepared: Prepared, run_id: str) -> None:
        """What waits is never more than the run still needs, whichever of its processes made it."""
        if prepared.method is not CloneMethod.RAM:
            return  # others come too slowly to be worth the work
        with suppress(HarnessError, libvirt.libvirtError):
            self._placement.shrink(run_id, self._ahead.expected)
        self._ahead.begin()

    def _make_ahead(self, host: Host, spec: MachineSpec, intent: IntentFile) -> LibvirtMachine:
        return self._maker.make(host, self._prepared[spec.image], spec, intent, None)

    def _woken(self, spec: MachineSpec, deadline: Deadline) -> LibvirtMachine | None:
        """A clone that waited, awake; None if there is none, or it did not wake up and was removed."""
        machine = self._ahead.take(spec, deadline)
        if machine is None:
            return None
        try:
            machine.wake(Deadline.after(deadline.cap(WAKE_S)))
        except HarnessError:
            give_back(machine)
            return None
        return machine

    def _create(self, prepared: Prepared, spec: MachineSpec, deadline: Deadline) -> LibvirtMachine:
        gone: dict[str, str] = {}
        restarts = 0
        room = Deadline.after(self._preparation.options.room_deadline_s)
        while True:
            began = time.monotonic()
            intent, host = self._placement.reserve(spec, frozenset(gone), room)
            # A machine that waited for room has as long to become ready as one that did not.
            deadline = Deadline(deadline.at_s + time.monotonic() - began, deadline.length_s)
            try:
                return self._maker.make(host, prepared, spec, intent, deadline)
            except HostRestarted:
                # Nothing has run in the guest yet, so it is begun anew; its intent and its parts are gone by now.
                restarts += 1
                if restarts > RESTARTS or deadline.passed:
                    raise
            except HostUnreachable as error:
                gone[host.uri] = str(error)
                if len(gone) == len(self._hosts):
                    reasons = " ".join(gone.values())
                    raise InfrastructureError(
                        f"No host of the pool is left for {spec.cell_id}. {reasons}"
                    ) from error

    def tell_waits(self, listener: WaitListener) -> None:
        self._placement.tell = listener

    def capacity(self, memory_mb: int, cpus: int) -> int:
        return self._placement.capacity(memory_mb, cpus)

    def reclaim(self, intent_file: Path) -> Sequence[str]:
        intent = read_intent(intent_file)
        if intent is None:
            return ()
        removed: list[str] = []
        uri = intent.resources.get("uri")
        if isinstance(uri, str):
            host = self._hosts.get(uri) or Host(uri, self._state)
            removed = remove_machine(host, intent)
        else:
            removed = remove_files(intent)
        kept.drop(self._state, intent.machine_id)
        intent_file.unlink(missing_ok=True)
        return removed

    def disused(self, without: Collection[str] = ()) -> Sequence[Disused]:
        return self._leftovers.found(without)

    def remove(self, leftover: Disused) -> bool:
        return self._leftovers.remove(leftover)

    def findings(self) -> Sequence[Finding]:
        image = self._pool.base_image or WINE_GUEST
        return lab_findings(list(self._hosts.values()), self._preparation, image)

    @property
    def pool(self) -> Pool:
        """The pool that this provider serves."""
        return self._pool

    def stored_image(self, image: str) -> StoredImage:
        """The image as it is prepared. Raises `ConfigurationError` if there is none."""
        ready = self._prepared.get(image)
        return ready.image if ready is not None else self._preparation.image(image, lambda _: None)

    def template_maker(self, image: str, method: CloneMethod) -> TemplateMaker:
        """What finds or builds this pool's template of an image. Raises `HostUnreachable`."""
        host = self._placement.any_host()
        return self._preparation.maker(
            host, self.stored_image(image), method, self._pool.memory_mb, self._pool.cpus
        )

    def reopen_capsule(self, directory: Path) -> KeptMachine:
        """Satisfies `ReopensCapsules`."""
        return reopen(
            read_capsule(directory.resolve()), self._placement, self._preparation.storage, self._state
        )

    def view(self, machine_id: str) -> View:
        """Where the screen and the serial console of a machine are, whoever runs it."""
        host, intent = self._existing(machine_id)
        return view_of(host, intent)

    def screenshot(self, machine_id: str) -> bytes:
        host, intent = self._existing(machine_id)
        return screenshot_of(host, intent)

    def _existing(self, machine_id: str) -> tuple[Host, Intent]:
        for intent in read_intents(self._state.intents):
            uri = intent.resources.get("uri")
            if intent.machine_id == machine_id and isinstance(uri, str):
                return self._hosts.get(uri) or Host(uri, self._state), intent
        raise MachineLost(f"There is no machine {machine_id} in {self._state.intents}.")

    def close(self) -> None:
        """Remove the clones that wait, close the connections to the hosts."""
        self._ahead.close()
        for host in self._hosts.values():
            host.close()

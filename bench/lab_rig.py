"""Virtual machines of pool `lab` for the benchmarks that need them, destroyed whatever happens."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil

from bench.rig import IMAGE
from harness.config.load import find_matrix, load_matrix
from harness.guest.guest import Guest
from harness.guest.transcript import Transcript
from harness.machines.intent import read_intents
from harness.machines.libvirt.host.capacity import WAITS_FOR
from harness.machines.libvirt.host.host import Host
from harness.machines.libvirt.machine import LibvirtMachine
from harness.machines.libvirt.options import CloneMethod
from harness.machines.libvirt.provider import LibvirtProvider
from harness.model.deadline import Deadline
from harness.model.errors import InfrastructureError
from harness.model.expansion import windows_of
from harness.model.machine import MachineSpec, WinRMAccess
from harness.model.matrix import HostLimits, Matrix
from harness.probe.build import probe_exe
from harness.state import StateDirectory

HOST = "private:bench"
VCPUS = 12
"""More than a run would place on a small host: six clones have to start at once."""
AHEAD = 6
"""The most clones that a benchmark has waiting; as many as it says it expects."""
COMMAND = "ver"
COMMAND_DEADLINE_S = 120.0


class Lab:
    """One image and one host, with machines by any method of cloning."""

    def __init__(self, matrix: Matrix, state: StateDirectory, scratch: Path) -> None:
        self.scratch, self.media = scratch, scratch / "media"
        self.pool, self._state, self._matrix = matrix.pools["lab"], state, matrix
        self.host = Host(HOST, state)
        self._providers: dict[CloneMethod, LibvirtProvider] = {}
        tools = self.media / "tools"
        tools.mkdir(parents=True)
        shutil.copy2(probe_exe(state), tools)

    def provider(self, method: CloneMethod) -> LibvirtProvider:
        """The provider that clones by `method`, its image and template made. Raises `InfrastructureError`."""
        if method not in self._providers:
            limits = HostLimits(uri=HOST, cpus=VCPUS)
            options = {"clone": method.value, "ready_ahead": AHEAD}
            pool = self.pool.model_copy(update={"hosts": (limits,), "options": options})
            provider = LibvirtProvider(pool, self._state)
            provider.prepare(self.image, lambda _: None)
            self._providers[method] = provider
        return self._providers[method]

    def create(self, method: CloneMethod, deadline_s: float, cell: str = "cold") -> LibvirtMachine:
        """A machine as a run makes it: returns with the first WinRM reply. The caller destroys it."""
        machine = self.provider(method).create(self.spec(cell), Deadline.after(deadline_s))
        assert isinstance(machine, LibvirtMachine)
        return machine

    def spec(self, cell: str) -> MachineSpec:
        """What a run asks for this cell. All cells of the benchmarks ask for the same."""
        return MachineSpec(
            run_id="bench",
            cell_id=f"bench/{cell}",
            image=self.image,
            windows=windows_of(self._matrix.images[IMAGE]),
            media=self.media,
            memory_mb=self.pool.memory_mb,
            cpus=self.pool.cpus,
        )

    def waiting(self, cells: Sequence[str], deadline_s: float) -> tuple[LibvirtMachine, list[str]]:
        """A machine that was made cold, and those that wait for these cells since, by their ids.

        The caller destroys the machine; the others go with `create`, or with the rig.
        """
        provider = self.provider(CloneMethod.RAM)
        provider.expect([self.spec(cell) for cell in ("cold", *cells)])
        machine = self.create(CloneMethod.RAM, deadline_s)
        try:
            there = provider.await_ahead(Deadline.after(deadline_s))
        except InfrastructureError:
            machine.destroy()
            raise
        ids = [each.machine_id for each in read_intents(self._state.intents) if each.resources.get(WAITS_FOR)]
        if there < len(cells) or len(ids) < len(cells):
            machine.destroy()
            raise InfrastructureError(f"Only {there} of {len(cells)} clones wait.")
        return machine, ids

    @contextmanager
    def machine(self, method: CloneMethod, deadline_s: float) -> Iterator[LibvirtMachine]:
        """The same, destroyed afterwards."""
        machine = self.create(method, deadline_s)
        try:
            yield machine
        finally:
            machine.destroy()

    @contextmanager
    def guest(self, access: WinRMAccess, media_root: str) -> Iterator[Guest]:
        """The guest of a machine, as a cell reaches it."""
        path = self.scratch / "transcript.jsonl"
        with Transcript(path, cell="bench", machine="bench") as transcript:
            guest = Guest(access, transcript, media_root=media_root)
            try:
                yield guest
            finally:
                guest.close()

    def first_command(self, machine: LibvirtMachine, access: WinRMAccess | None = None) -> None:
        """Log in, open a shell, run a command of Wine, read its answer."""
        self.first_command_at(access or machine.winrm)

    def first_command_at(self, access: WinRMAccess) -> None:
        """The same of whatever is behind `access`."""
        with self.guest(access, "D:\\") as guest:
            if not guest.run(COMMAND, shell=True, timeout_s=COMMAND_DEADLINE_S).ok:
                raise InfrastructureError(f"`{COMMAND}` failed behind {access.url}.")

    @contextmanager
    def put_away(self, deadline_s: float) -> Iterator[Path]:
        """The capsule of a machine that has run a command, removed afterwards."""
        machine = self.create(CloneMethod.RAM, deadline_s)
        try:
            self.first_command(machine)
            away = machine.put_away()
        except BaseException:
            machine.destroy()
            raise
        assert away.capsule is not None
        try:
            yield away.capsule
        finally:
            self.reclaim(away.machine_id)

    def reclaim(self, machine_id: str) -> None:
        """Remove a kept machine, or a capsule."""
        self.provider(CloneMethod.RAM).reclaim(self._state.intents / f"{machine_id}.json")

    @property
    def image(self) -> str:
        """The image that the pool's machines are made from."""
        assert self.pool.base_image is not None
        return self.pool.base_image

    def close(self) -> None:
        """Close the connections; the daemon ends by itself."""
        for provider in self._providers.values():
            provider.close()
        self.host.close()


@contextmanager
def lab_rig() -> Iterator[Lab]:
    """The pool `lab` of the matrix that ships, on a daemon of the benchmarks' own."""
    matrix, _ = load_matrix(find_matrix())
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bvt-bench-")))
        lab = Lab(matrix, StateDirectory.default(), scratch)
        stack.callback(lab.close)
        yield lab


def qemu_process(machine_id: str) -> psutil.Process:
    """The QEMU process of a machine on this host. Raises `InfrastructureError` if there is none."""
    for process in psutil.process_iter(["cmdline"]):
        if any(word.startswith(f"guest={machine_id},") for word in process.info["cmdline"] or ()):
            return process
    raise InfrastructureError(f"No QEMU process of {machine_id} runs here.")


def proportional_mib(machine_id: str) -> float:
    """Proportional set size of a machine's QEMU: its own pages, and its share of those it has in common.

    proc_pid_smaps(5), `smaps_rollup`; everything of QEMU counts, not the guest's RAM alone.
    """
    text = Path("/proc", str(qemu_process(machine_id).pid), "smaps_rollup").read_text()
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")) / 1024


def own_mib(machine_id: str) -> tuple[float, float]:
    """What a machine's QEMU has to itself, and how much of it is code that TCG translated: its writable code pages.

    Both grow with each machine; what is left of the proportional size is the template's RAM, which is there once.
    """
    own = translated = 0
    code = False
    for line in Path("/proc", str(qemu_process(machine_id).pid), "smaps").read_text().splitlines():
        name, _, value = line.partition(":")
        if "-" in name.partition(" ")[0]:
            code = " rwxp " in line
        elif name in ("Private_Dirty", "Private_Clean"):
            own += int(value.split()[0])
            translated += int(value.split()[0]) if code else 0
    return own / 1024, translated / 1024

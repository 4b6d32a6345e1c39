"""Virtual machines of pool `lab` for the benchmarks that need them, destroyed whatever happens."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil

from bench.rig import IMAGE
from harness.config.load import find_matrix, load_matrix
from harness.guest.guest import Guest
from harness.guest.transcript import Transcript
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
            pool = self.pool.model_copy(update={"hosts": (limits,), "options": {"clone": method.value}})
            provider = LibvirtProvider(pool, self._state)
            provider.prepare(self.image, lambda _: None)
            self._providers[method] = provider
        return self._providers[method]

    def create(self, method: CloneMethod, deadline_s: float) -> LibvirtMachine:
        """A machine as a run makes it: returns with the first WinRM reply. The caller destroys it."""
        spec = MachineSpec(
            run_id="bench",
            cell_id=f"bench/{method}",
            image=self.image,
            windows=windows_of(self._matrix.images[IMAGE]),
            media=self.media,
            memory_mb=self.pool.memory_mb,
            cpus=self.pool.cpus,
        )
        machine = self.provider(method).create(spec, Deadline.after(deadline_s))
        assert isinstance(machine, LibvirtMachine)
        return machine

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
        with self.guest(access or machine.winrm, machine.media_root) as guest:
            if not guest.run(COMMAND, shell=True, timeout_s=COMMAND_DEADLINE_S).ok:
                raise InfrastructureError(f"`{COMMAND}` failed on {machine.machine_id}.")

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

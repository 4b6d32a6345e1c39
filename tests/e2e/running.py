"""A run of `bvt` in mid-air: what it has begun, its machines, its processes, and what it leaves behind."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import psutil

from harness.machines.intent import Intent, read_intents
from harness.machines.wine.processes import holders
from harness.state import StateDirectory
from tests.deadlines import RUN_S
from tests.stopping import stop

BVT = str(Path(sys.executable).with_name("bvt"))
WAIT_S = 300.0
Found = TypeVar("Found")


@dataclass(frozen=True)
class Done:
    """How a program ended."""

    code: int
    out: str
    err: str


def until(probe: Callable[[], Found | None], what: str, *, within_s: float = WAIT_S) -> Found:
    """Wait for something outside this process that gives no event of its own."""
    deadline = time.monotonic() + within_s
    while not (found := probe()):
        assert time.monotonic() < deadline, f"{what} did not happen within {within_s:g} s"
        time.sleep(0.02)
    return found


class Running:
    """`bvt run`, started in a process group of its own, as a shell starts a job."""

    def __init__(self, home: Path, out: Path, *arguments: object) -> None:
        self.home, self.out = home, out
        self.log = out.with_suffix(".log")
        out.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [BVT, "run", *map(str, arguments), "--out", str(out)],
                env=os.environ | {"BVT_HOME": str(home), "COLUMNS": "160"},
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )

    def ended(self, within_s: float = RUN_S) -> int:
        """Wait for the end; the exit code."""
        return self.process.wait(within_s)

    @property
    def said(self) -> str:
        """Everything that it printed."""
        return self.log.read_text()

    def interrupt(self, number: int = signal.SIGINT) -> None:
        """Ctrl-C: the signal goes to the whole process group."""
        os.killpg(self.process.pid, number)

    def stand_still(self, seconds: float) -> None:
        """Ctrl-Z, and `fg` after a while: the run and its workers stop, its machines go on."""
        os.killpg(self.process.pid, signal.SIGSTOP)
        time.sleep(seconds)
        os.killpg(self.process.pid, signal.SIGCONT)

    def machine(self) -> Intent:
        """The first machine, once its supervisor runs."""
        return until(self._machine, "a machine")

    def _machine(self) -> Intent | None:
        assert self.process.poll() is None, self.said
        intents = read_intents(StateDirectory(self.home).intents)
        return next((i for i in intents if i.cell_id and "supervisor" in i.resources), None)

    def before_install(self) -> Intent:
        """The machine, while the harness looks at the clean system."""
        machine = self.machine()
        until(lambda: any(self.out.glob("cells/*/transcript.jsonl")), "the first command")
        return machine

    def after_install(self) -> Intent:
        """The machine, with the candidate on it."""
        machine = self.machine()
        until(lambda: any(self.out.glob("cells/*/install/*")), "the installation")
        return machine


def kill_wineserver(machine: Intent) -> None:
    """Take the machine's wineserver away, as a crash of it would."""
    lines = holders(Path(machine.resources["prefix"]))
    (pid,) = (pid for pid, line in lines.items() if "wineserver" in line)
    os.kill(pid, signal.SIGKILL)


def kill_winrm_server(machine: Intent) -> None:
    """Take the machine's WinRM server away."""
    winrm_server(machine).kill()


def stop_winrm_server(machine: Intent) -> None:
    """Let it be there and answer nothing."""
    stop(winrm_server(machine).pid)


def winrm_server(machine: Intent) -> psutil.Process:
    """The machine's WinRM server: it is forked from the machine's init, below guard and supervisor."""
    supervisor = psutil.Process(machine.resources["supervisor"]["pid"])
    (guard,) = supervisor.children()
    (init,) = guard.children()
    (server,) = (child for child in init.children() if "harness.machines.wine.supervisor" in child.cmdline())
    return server


def fill_the_disk(machine: Intent) -> None:
    """Leave no room where the machine writes."""
    place = Path(machine.resources["directory"]).parent
    with (place / "filled").open("wb", buffering=0) as file:
        # Most of it at once: a busy host would write until the candidate is gone. The rest is the guest's, too.
        most = psutil.disk_usage(str(place)).free * 9 // 10
        os.posix_fallocate(file.fileno(), 0, most)
        file.seek(most)
        with suppress(OSError):
            while True:
                file.write(bytes(1 << 20))


class Lab:
    """A state directory with borrowed images."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.runs: list[Running] = []

    def borrow(self, state: StateDirectory) -> None:
        """Use the images, tools and known noise of another state directory without owning them."""
        self.home.mkdir(parents=True)
        for part in ("images", "tools", "sham"):
            (self.home / part).symlink_to(state.part(part), target_is_directory=True)

    def run(self, *arguments: object) -> Running:
        """Start a run whose machines belong to this lab."""
        running = Running(self.home, self.home.parent / f"run-{len(self.runs) + 1}", *arguments)
        self.runs.append(running)
        return running

    def leftovers(self, within_s: float = 120.0) -> list[str]:
        """Intents, machines, processes and mounts that stay. What ends after its owner has a moment for it."""
        until = time.monotonic() + within_s
        while (found := self._there()) and time.monotonic() < until:
            time.sleep(0.05)
        return found

    def _there(self) -> list[str]:
        state = StateDirectory(self.home)
        found = [f"intent {path.name}" for path in state.intents.iterdir()]
        found += [f"machine {path.name}" for path in state.machines.iterdir()]
        found += [f"process {pid}: {line}" for pid, line in self.processes().items()]
        mounts = Path("/proc/self/mountinfo").read_text().splitlines()
        return found + [f"mount {line}" for line in mounts if str(self.home) in line]

    def processes(self) -> dict[int, str]:
        """Processes that work for this lab, by environment or command line."""
        mine = os.fsencode(self.home)
        found = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            try:
                line = (entry / "cmdline").read_bytes()
                if line and (mine in line or mine in (entry / "environ").read_bytes()):
                    found[int(entry.name)] = line.replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
        return found

    def end(self) -> None:
        """End what a failed test left running."""
        for running in self.runs:
            if running.process.poll() is None:
                running.interrupt(signal.SIGKILL)
                running.process.wait(60)
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue


def report_of(run: Path) -> dict[str, object]:
    """The only cell's report, as JSON."""
    (path,) = run.glob("cells/*/report.json")
    found: dict[str, object] = json.loads(path.read_text())
    return found
